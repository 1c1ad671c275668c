package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random documents, as they are and damaged: a stranger can send anything. A failure names the seed; {@code -Dtidings.seed=}
 * repeats it.
 */
class JsonCodecRandomTest {

    private static final int DOCUMENTS = 5_000;
    private static final int MUTATIONS = 6;
    private static final String DAMAGE = "{}[]:,\"\\'/*#;= \t\n\r\u0000\u001f\uFEFF\u00a0\u2028\uD800\uDC00\u00e9"
            + "0123456789+-.eEnultrfasNIy_dxu";

    private final long seed = Long.getLong("tidings.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void decode_validDocuments_keepThePayload() {
        for (int i = 0; i < DOCUMENTS; i++) {
            String data = value(0);
            String frame = frame(data);
            Inbound inbound = decode(frame);
            assertThat(inbound).as(failure(frame)).isInstanceOf(Inbound.Send.class);
            assertThat(((Inbound.Send) inbound).payload().json())
                    .as(failure(frame))
                    .isEqualTo(data.strip().replace('\n', ' ').replace('\r', ' '));
            assertReadsTheSame(data, ((Inbound.Send) inbound).payload(), frame);
        }
    }

    @Test
    void decode_damagedDocuments_throwNothing() {
        int read = 0;
        for (int i = 0; i < DOCUMENTS; i++) {
            StringBuilder damaged = new StringBuilder(frame(value(0)));
            for (int n = 1 + random.nextInt(MUTATIONS); n > 0; n--) {
                damage(damaged);
            }
            String frame = damaged.toString();
            Inbound inbound = decode(frame);
            boolean valid = isStrictObject(frame);
            if (!(inbound instanceof Inbound.Invalid invalid)) {
                read++;
                assertThat(valid).as(failure(frame)).isTrue();
                if (inbound instanceof Inbound.Send send) {
                    JsonElement data =
                            JsonParser.parseString(frame).getAsJsonObject().get("data");
                    assertReadsTheSame(data == null ? "null" : data.toString(), send.payload(), frame);
                }
            } else if (!valid) {
                assertThat(invalid.code()).as(failure(frame)).isEqualTo(ErrorCode.BAD_REQUEST);
                assertThat(invalid.id()).as(failure(frame)).isNull();
            }
        }
        assertThat(read).as("some survive the damage, or this tests nothing").isPositive();
    }

    @Test
    void payloadJson_damagedDocuments_throwIllegalArgumentAtMost() {
        for (int i = 0; i < DOCUMENTS; i++) {
            StringBuilder damaged = new StringBuilder(value(0));
            damage(damaged);
            String text = damaged.toString();
            Payload payload;
            try {
                payload = Payload.json(text);
            } catch (IllegalArgumentException e) {
                assertThat(e).as(failure(text)).hasMessageStartingWith("Not a JSON value: ");
                continue;
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(failure(text), e);
            }
            assertThat(payload.json()).as(failure(text)).doesNotContain("\n", "\r");
            assertReadsTheSame(Text.wellFormed(text), payload, text);
        }
    }

    private Inbound decode(String frame) {
        try {
            List<Inbound> decoded = JsonCodec.INSTANCE.decode(frame, FrameLimits.DEFAULT);
            assertThat(decoded).as(failure(frame)).hasSize(1);
            return decoded.get(0);
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError(failure(frame), e);
        }
    }

    private void assertReadsTheSame(String expected, Payload payload, String frame) {
        assertThat(JsonParser.parseString(payload.json()))
                .as(failure(frame))
                .isEqualTo(JsonParser.parseString(expected));
    }

    private String failure(String text) {
        return "-Dtidings.seed=" + seed + ", text: " + text;
    }

    /** Whether Gson by itself takes it for one JSON object and nothing else. */
    private static boolean isStrictObject(String text) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        try {
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                return false;
            }
            walk(reader);
            return reader.peek() == JsonToken.END_DOCUMENT;
        } catch (IOException | JsonParseException | IllegalStateException | NumberFormatException e) {
            return false;
        }
    }

    private static void walk(JsonReader reader) throws IOException {
        int depth = 0;
        do {
            switch (reader.peek()) {
                case BEGIN_OBJECT -> {
                    reader.beginObject();
                    depth++;
                }
                case END_OBJECT -> {
                    reader.endObject();
                    depth--;
                }
                case BEGIN_ARRAY -> {
                    reader.beginArray();
                    depth++;
                }
                case END_ARRAY -> {
                    reader.endArray();
                    depth--;
                }
                case NAME -> assertThat(reader.nextName()).isNotNull();
                case BOOLEAN -> assertThat(reader.nextBoolean()).isIn(true, false);
                case NULL -> reader.nextNull();
                default -> assertThat(reader.nextString()).isNotNull();
            }
        } while (depth > 0);
    }

    // ---- Documents --------------------------------------------------------------------------------------------------

    /** A frame with the payload at any place among its fields, and some that nobody knows. */
    private String frame(String data) {
        String[] fields = {
            "\"type\":\"send\"",
            "\"event\":\"e\"",
            (random.nextInt(5) == 0 ? "\"d\\u0061ta\"" : "\"data\"") + space() + ":" + data,
            // In an array, because a number may be longer there than in a field.
            "\"unknown\":[" + value(0) + "]"
        };
        for (int i = fields.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            String swapped = fields[i];
            fields[i] = fields[j];
            fields[j] = swapped;
        }
        return space() + "{" + space() + String.join(space() + "," + space(), fields) + space() + "}" + space();
    }

    private String value(int depth) {
        int kind = random.nextInt(depth > 6 ? 5 : 8);
        String value = switch (kind) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> number();
            case 3, 4 -> string();
            case 5, 6 -> array(depth);
            default -> object(depth);
        };
        return space() + value + space();
    }

    private String array(int depth) {
        StringBuilder text = new StringBuilder("[").append(space());
        int size = random.nextInt(5);
        for (int i = 0; i < size; i++) {
            text.append(i == 0 ? "" : ",").append(value(depth + 1));
        }
        return text.append("]").toString();
    }

    private String object(int depth) {
        StringBuilder text = new StringBuilder("{").append(space());
        int size = random.nextInt(5);
        for (int i = 0; i < size; i++) {
            text.append(i == 0 ? "" : ",")
                    .append(string())
                    .append(space())
                    .append(":")
                    .append(value(depth + 1));
        }
        return text.append("}").toString();
    }

    private String number() {
        return switch (random.nextInt(6)) {
            case 0 -> String.valueOf(random.nextInt());
            case 1 -> String.valueOf(random.nextLong());
            case 2 -> random.nextInt(100) + "." + random.nextInt(1_000);
            case 3 -> "-0";
            case 4 -> random.nextInt(10) + "E" + (random.nextBoolean() ? "-" : "+") + random.nextInt(30);
            default -> "1" + String.valueOf(Math.abs((long) random.nextInt())).repeat(3);
        };
    }

    private String string() {
        StringBuilder text = new StringBuilder("\"");
        int length = random.nextInt(12);
        for (int i = 0; i < length; i++) {
            text.append(
                    switch (random.nextInt(8)) {
                        case 0 -> "\\" + "\"\\/bfnrt".charAt(random.nextInt(8));
                        case 1 -> String.format("\\u%04x", random.nextInt(0x10000));
                        case 2 -> "{}[],:'/#;".substring(random.nextInt(10)).substring(0, 1);
                        case 3 -> Character.toString(0x80 + random.nextInt(0x700));
                        case 4 -> Character.toString(0x10000 + random.nextInt(0x1000));
                        default -> Character.toString('a' + random.nextInt(26));
                    });
        }
        return text.append("\"").toString();
    }

    private String space() {
        return random.nextInt(4) == 0 ? " \t\n\r".substring(random.nextInt(4)) : "";
    }

    // ---- Damage -----------------------------------------------------------------------------------------------------

    private void damage(StringBuilder text) {
        int at = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), at + 1 + random.nextInt(4));
        String piece = String.valueOf(DAMAGE.charAt(random.nextInt(DAMAGE.length())));
        switch (random.nextInt(6)) {
            case 0 -> text.insert(at, piece);
            case 1 -> text.delete(at, end);
            case 2 -> text.replace(at, end, piece);
            case 3 -> text.insert(at, text.substring(at, end));
            case 4 -> text.setLength(at);
            default -> text.insert(at, text.substring(random.nextInt(at + 1), at));
        }
        if (text.isEmpty()) {
            text.append(piece);
        }
    }
}
