package dev.tidings.testkit;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A frame that a client has received: one JSON object, with its fields by name. Immutable.
 *
 * <pre>{@code
 * ReceivedFrame message = client.received("message").get(0);
 * assertThat(message.string("channel")).isEqualTo("news");
 * assertThat(message.json("data")).isEqualTo("{\"title\":\"It works\"}");
 * }</pre>
 */
public final class ReceivedFrame {

    private static final Set<String> UNCOUNTED =
            Set.of("welcome", "resumed", "auth", "auth_success", "resume", "ack", "ping", "pong", "close");

    private final String text;
    private final JsonObject fields;

    private ReceivedFrame(String text, JsonObject fields) {
        this.text = text;
        this.fields = fields;
    }

    /**
     * Reads a frame.
     *
     * @param text the frame
     * @return its fields
     * @throws AssertionError if it is not one JSON object
     */
    public static ReceivedFrame parse(String text) {
        try {
            JsonElement element = JsonParser.parseString(text);
            if (element.isJsonObject()) {
                return new ReceivedFrame(text, element.getAsJsonObject());
            }
        } catch (JsonParseException e) {
            throw new AssertionError("Not a frame: " + text, e);
        }
        throw new AssertionError("Not a frame: " + text);
    }

    /** Whether either side counts a frame; what cannot be read counts too, because it gets an answer. */
    static boolean isCounted(String text) {
        try {
            return parse(text).isCounted();
        } catch (AssertionError e) {
            return true;
        }
    }

    /**
     * The type.
     *
     * @return the field {@code type}
     */
    public String type() {
        return string("type");
    }

    /**
     * Whether acknowledging clients count it.
     *
     * @return false for the carrier's own frames
     */
    public boolean isCounted() {
        return !UNCOUNTED.contains(type());
    }

    /**
     * Whether there is a field.
     *
     * @param name its name
     * @return true if there is
     */
    public boolean has(String name) {
        return fields.has(name);
    }

    /**
     * A field's text.
     *
     * @param name its name
     * @return the value of a string, the JSON of anything else
     * @throws AssertionError if there is none
     */
    public String string(String name) {
        return optional(name).orElseThrow(() -> new AssertionError("No \"" + name + "\" in " + text));
    }

    /**
     * A field's text, where there is one.
     *
     * @param name its name
     * @return the value of a string, the JSON of anything else
     */
    public Optional<String> optional(String name) {
        return Optional.ofNullable(fields.get(name))
                .map(value -> value.isJsonPrimitive() ? value.getAsString() : value.toString());
    }

    /**
     * A field's number.
     *
     * @param name its name
     * @return the whole number
     * @throws AssertionError if there is none
     */
    public long number(String name) {
        String value = string(name);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new AssertionError("\"" + name + "\" is no whole number in " + text, e);
        }
    }

    /**
     * A field's JSON.
     *
     * @param name its name
     * @return one JSON value without spaces between tokens
     * @throws AssertionError if there is no such field
     */
    public String json(String name) {
        JsonElement value = fields.get(name);
        if (value == null) {
            throw new AssertionError("No \"" + name + "\" in " + text);
        }
        return value.toString();
    }

    /**
     * A field's list of objects, such as members.
     *
     * @param name its name
     * @return the objects, each to be read like a frame
     * @throws AssertionError if there is none
     */
    public List<ReceivedFrame> list(String name) {
        JsonElement value = fields.get(name);
        if (value == null || !value.isJsonArray()) {
            throw new AssertionError("No list \"" + name + "\" in " + text);
        }
        return value.getAsJsonArray().asList().stream()
                .map(object -> parse(object.toString()))
                .toList();
    }

    /** The frame as it came. */
    @Override
    public String toString() {
        return text;
    }
}
