package dev.tidings.protocol;

import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The fields of one frame, each read with a clear word where it is not what it should be. */
final class JsonFields {

    private static final int MAX_ID = 64;
    private static final int MAX_EVENT = 64;

    private final String text;
    private final Map<String, Object> members;

    private JsonFields(String text, Map<String, Object> members) {
        this.text = text;
        this.members = members;
    }

    static JsonFields read(String text, FrameLimits limits) throws MalformedFrameException {
        return new JsonFields(text, JsonText.read(text, limits, JsonWalk::envelope));
    }

    String string(String name) throws MalformedFrameException {
        return optional(name).orElseThrow(() -> new MalformedFrameException("The frame needs \"" + name + "\""));
    }

    Optional<String> optional(String name) throws MalformedFrameException {
        Object value = members.get(name);
        if (value == null || value instanceof String) {
            return Optional.ofNullable((String) value);
        }
        throw new MalformedFrameException("\"" + name + "\" is a string");
    }

    boolean flag(String name, boolean absent) throws MalformedFrameException {
        Object value = members.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new MalformedFrameException("\"" + name + "\" is true or false");
    }

    /** A required count: a whole number from 0. */
    long count(String name) throws MalformedFrameException {
        if (members.get(name) instanceof Long number && number >= 0) {
            return number;
        }
        throw new MalformedFrameException("\"" + name + "\" is a whole number from 0");
    }

    int limit() throws MalformedFrameException {
        return members.containsKey("limit") ? (int) Math.min(count("limit"), Integer.MAX_VALUE) : 0;
    }

    String channel() throws MalformedFrameException {
        String channel = string("channel");
        if (!ChannelName.isValid(channel)) {
            throw new MalformedFrameException("\"channel\" has 1 to 255 characters of A-Z a-z 0-9 _ . : / -");
        }
        return channel;
    }

    Optional<String> event() throws MalformedFrameException {
        Optional<String> event = optional("event");
        if (event.isPresent() && !EventName.isValid(event.get())) {
            throw new MalformedFrameException(
                    "\"event\" has 1 to " + MAX_EVENT + " characters of A-Z a-z 0-9 _ . : / ~ -");
        }
        return event;
    }

    String requiredEvent() throws MalformedFrameException {
        return event().orElseThrow(() -> new MalformedFrameException("The frame needs \"event\""));
    }

    @Nullable
    Position position(String name) throws MalformedFrameException {
        Optional<String> position = optional(name);
        try {
            return position.map(Position::parse).orElse(null);
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException("\"" + name + "\" is a position that the server gave");
        }
    }

    /** The payload: {@code data} as it was written, or {@code bytes} from base64; JSON null where there is neither. */
    Payload payload() throws MalformedFrameException {
        Optional<String> bytes = optional("bytes");
        if (members.get("data") instanceof JsonWalk.Structured data) {
            if (bytes.isPresent()) {
                throw new MalformedFrameException("A frame has \"data\" or \"bytes\", not both");
            }
            return Payload.checked(JsonText.member(text, data.index()));
        }
        if (bytes.isEmpty()) {
            return Payload.NULL;
        }
        try {
            return Payload.bytes(Base64.getDecoder().decode(bytes.get()));
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException("\"bytes\" is base64");
        }
    }

    /** The id as JSON text, so that it goes back as it came. */
    @Nullable
    String id() throws MalformedFrameException {
        Object id = members.get("id");
        if (id == null) {
            return null;
        }
        if (id instanceof Long number) {
            return number.toString();
        }
        if (id instanceof String text && isId(text)) {
            return JsonText.quote(text);
        }
        throw new MalformedFrameException("\"id\" is a string of 1 to " + MAX_ID + " characters or a whole number");
    }

    /** Half of a surrogate pair could not go back as it came. */
    private static boolean isId(String text) {
        return !text.isEmpty() && text.length() <= MAX_ID && Text.isWellFormed(text);
    }

    String requiredId() throws MalformedFrameException {
        String id = id();
        if (id == null) {
            throw new MalformedFrameException("The frame needs \"id\"");
        }
        return id;
    }

    @Nullable
    String idOrNull() {
        try {
            return id();
        } catch (MalformedFrameException e) {
            return null;
        }
    }
}
