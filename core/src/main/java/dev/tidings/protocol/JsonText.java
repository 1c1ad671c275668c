package dev.tidings.protocol;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** JSON as text: checked strictly by Gson's reader, cut and quoted without changing what is inside. */
final class JsonText {

    private JsonText() {}

    /** Checks that the text is exactly one JSON value within the default limits of depth and keys. */
    static void check(String text) throws MalformedFrameException {
        boolean checked = read(text, FrameLimits.DEFAULT, walk -> {
            walk.value();
            return true;
        });
        assert checked;
    }

    /** What is read from a document. */
    @FunctionalInterface
    interface Part<T> {
        T read(JsonWalk walk) throws IOException, MalformedFrameException;
    }

    /** Reads one document to its end, strictly, and puts every way to be wrong into one exception. */
    static <T> T read(String text, FrameLimits limits, Part<T> part) throws MalformedFrameException {
        // Gson skips a byte order mark, the receivers' parsers do not.
        if (text.startsWith("\uFEFF")) {
            throw new MalformedFrameException("a byte order mark at the beginning");
        }
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        try {
            T result = part.read(new JsonWalk(reader, limits));
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new MalformedFrameException("more than one JSON value");
            }
            return result;
        } catch (MalformedJsonException | EOFException | IllegalStateException | NumberFormatException e) {
            throw new MalformedFrameException("not JSON by RFC 8259");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text with line breaks turned into spaces: in valid JSON they only stand between tokens. */
    static String oneLine(String json) {
        if (json.indexOf('\n') < 0 && json.indexOf('\r') < 0) {
            return json;
        }
        return json.replace('\n', ' ').replace('\r', ' ');
    }

    /** A JSON string. */
    static String quote(String value) {
        StringWriter out = new StringWriter(value.length() + 2);
        try (JsonWriter writer = new JsonWriter(out)) {
            writer.value(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString();
    }

    /** The text of the value of the {@code index}-th member of an object that has been checked before. */
    static String member(String object, int index) {
        int at = object.indexOf('{') + 1;
        for (int member = 0; ; member++) {
            int colon = object.indexOf(':', endOfString(object, object.indexOf('"', at)));
            int end = endOfValue(object, colon + 1);
            if (member == index) {
                return object.substring(colon + 1, end).strip();
            }
            at = end + 1;
        }
    }

    /** Where the value that begins at {@code from} ends: at the comma or the brace that closes the object around it. */
    private static int endOfValue(String json, int from) {
        int depth = 0;
        for (int i = from; ; i++) {
            switch (json.charAt(i)) {
                case '"' -> i = endOfString(json, i) - 1;
                case '{', '[' -> depth++;
                case ']' -> depth--;
                case '}' -> {
                    if (depth-- == 0) {
                        return i;
                    }
                }
                case ',' -> {
                    if (depth == 0) {
                        return i;
                    }
                }
                default -> {}
            }
        }
    }

    /** The index after the closing quote of the string that opens at {@code quote}. */
    private static int endOfString(String json, int quote) {
        int i = quote + 1;
        while (json.charAt(i) != '"') {
            i += json.charAt(i) == '\\' ? 2 : 1;
        }
        return i + 1;
    }
}
