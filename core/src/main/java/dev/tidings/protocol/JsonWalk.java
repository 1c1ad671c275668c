package dev.tidings.protocol;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Walks through one JSON document within limits. Strings are read and not skipped: Gson checks them only then. */
final class JsonWalk {

    private static final int MAX_ENVELOPE_NUMBER = 19;

    /** A value that no field of an envelope may have. */
    private enum Unusable {
        /** A number that is not whole, or larger than a long. */
        NUMBER
    }

    private final JsonReader reader;
    private final FrameLimits limits;
    private int depth;
    private int keys;

    JsonWalk(JsonReader reader, FrameLimits limits) {
        this.reader = reader;
        this.limits = limits;
    }

    /** Checks the next value whole. */
    void value() throws IOException, MalformedFrameException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                reader.beginObject();
                deeper();
                while (reader.hasNext()) {
                    name();
                    value();
                }
                reader.endObject();
                depth--;
            }
            case BEGIN_ARRAY -> {
                reader.beginArray();
                deeper();
                while (reader.hasNext()) {
                    value();
                }
                reader.endArray();
                depth--;
            }
            case BOOLEAN -> checked(reader.nextBoolean());
            case NULL -> reader.nextNull();
            default -> checked(reader.nextString());
        }
    }

    /**
     * The members of the object that the whole document is: strings, booleans and whole numbers as values, other numbers as
     * {@link Unusable}, the index of the member as {@link Structured} for objects, arrays and whatever is called {@code data}; nulls are
     * left out.
     */
    Map<String, Object> envelope() throws IOException, MalformedFrameException {
        if (reader.peek() != JsonToken.BEGIN_OBJECT) {
            throw new MalformedFrameException("not a JSON object");
        }
        reader.beginObject();
        deeper();
        Map<String, Object> members = new HashMap<>();
        Map<String, Boolean> seen = new HashMap<>();
        for (int index = 0; reader.hasNext(); index++) {
            String name = name();
            if (seen.put(name, true) != null) {
                throw new MalformedFrameException("the same field twice");
            }
            Object value = name.equals("data") ? structured(index) : scalar(index);
            if (value != null) {
                members.put(name, value);
            }
        }
        reader.endObject();
        return members;
    }

    /** A member whose text is of interest, not its value. */
    record Structured(int index) {}

    private Structured structured(int index) throws IOException, MalformedFrameException {
        value();
        return new Structured(index);
    }

    private @Nullable Object scalar(int index) throws IOException, MalformedFrameException {
        return switch (reader.peek()) {
            case STRING -> reader.nextString();
            case BOOLEAN -> reader.nextBoolean();
            case NUMBER -> number(reader.nextString());
            case NULL -> {
                reader.nextNull();
                yield null;
            }
            default -> structured(index);
        };
    }

    private static Object number(String text) throws MalformedFrameException {
        if (text.length() > MAX_ENVELOPE_NUMBER) {
            throw new MalformedFrameException("a number of more than " + MAX_ENVELOPE_NUMBER + " characters");
        }
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return Unusable.NUMBER;
        }
    }

    /** Reading was the check; the value is of no interest. */
    private static void checked(Object value) {
        Objects.requireNonNull(value);
    }

    private String name() throws IOException, MalformedFrameException {
        if (++keys > limits.maxKeys()) {
            throw new MalformedFrameException("more than " + limits.maxKeys() + " keys");
        }
        return reader.nextName();
    }

    private void deeper() throws MalformedFrameException {
        if (++depth > limits.maxDepth()) {
            throw new MalformedFrameException("nested deeper than " + limits.maxDepth() + " levels");
        }
    }
}
