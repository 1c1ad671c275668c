package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the vectors cannot hold well: bounds, long inputs, and payloads that must stay as they are. */
class JsonCodecTest {

    private static final JsonCodec CODEC = JsonCodec.INSTANCE;

    private static Inbound decode(String text) {
        return decode(text, FrameLimits.DEFAULT);
    }

    private static Inbound decode(String text, FrameLimits limits) {
        List<Inbound> decoded = CODEC.decode(text, limits);
        assertThat(decoded).hasSize(1);
        return decoded.get(0);
    }

    private static void assertRefused(String text, String reason) {
        assertThat(decode(text))
                .as(text.length() > 200 ? text.substring(0, 200) : text)
                .isEqualTo(new Inbound.Invalid(null, ErrorCode.BAD_REQUEST, "The frame cannot be read: " + reason));
    }

    @Test
    void name_isThatOfStatistics() {
        assertThat(CODEC.name()).isEqualTo("json");
    }

    @Nested
    class Bounds {

        private static final int DEPTH = 5;
        private static final int KEYS = 4;

        private final FrameLimits small = new FrameLimits(1_000, DEPTH, KEYS);

        @ParameterizedTest
        @ValueSource(strings = {"data", "unknown"})
        void decode_nestedAsDeepAsAllowed_isRead(String field) {
            String arrays = "[".repeat(DEPTH - 1) + "]".repeat(DEPTH - 1);
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"" + field + "\":" + arrays + "}", small))
                    .isInstanceOf(Inbound.Send.class);
        }

        @ParameterizedTest
        @ValueSource(strings = {"data", "unknown"})
        void decode_nestedOneDeeper_isRefused(String field) {
            String objects = "{\"a\":".repeat(DEPTH - 3) + "[[[]]]" + "}".repeat(DEPTH - 3);
            FrameLimits manyKeys = new FrameLimits(1_000, DEPTH, 100);
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"" + field + "\":" + objects + "}", manyKeys))
                    .isEqualTo(new Inbound.Invalid(
                            null,
                            ErrorCode.BAD_REQUEST,
                            "The frame cannot be read: nested deeper than " + DEPTH + " levels"));
        }

        @Test
        void decode_levelsSideBySide_countOnce() {
            String beside = "[" + "[[[]]],".repeat(100) + "[]]";
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"data\":" + beside + "}", small))
                    .isInstanceOf(Inbound.Send.class);
        }

        @ParameterizedTest
        @ValueSource(ints = {33, 255, 256, 10_000, 500_000})
        void decode_nestedFarTooDeep_isRefusedBeforeItCosts(int depth) {
            assertRefused(
                    "{\"type\":\"send\",\"event\":\"e\",\"data\":" + "[".repeat(depth), "nested deeper than 32 levels");
            assertRefused("{\"x\":".repeat(depth), "nested deeper than 32 levels");
        }

        @Test
        void decode_limitOfDepthBeyondTheParsersOwn_throwsNothing() {
            FrameLimits deep = new FrameLimits(1_000_000, Integer.MAX_VALUE, 10);
            assertThat(decode("{\"data\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}", deep))
                    .isInstanceOf(Inbound.Invalid.class);
        }

        @Test
        void decode_asManyKeysAsAllowed_isRead() {
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"data\":[{\"a\":1}]}", small))
                    .isInstanceOf(Inbound.Send.class);
        }

        @Test
        void decode_oneKeyMore_isRefused() {
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"data\":[{\"a\":1},{\"a\":1}]}", small))
                    .isEqualTo(new Inbound.Invalid(
                            null, ErrorCode.BAD_REQUEST, "The frame cannot be read: more than " + KEYS + " keys"));
        }

        @Test
        void f73_moreThanAThousandKeys_areRefused() {
            assertThat(decode(send(object(997)))).isInstanceOf(Inbound.Send.class);
            assertRefused(send(object(998)), "more than 1000 keys");
            assertRefused(send(object(100_000)), "more than 1000 keys");
        }

        private String object(int keys) {
            return IntStream.range(0, keys)
                    .mapToObj(i -> "\"k" + i + "\":0")
                    .collect(Collectors.joining(",", "{", "}"));
        }

        private String send(String data) {
            return "{\"type\":\"send\",\"event\":\"e\",\"data\":" + data + "}";
        }

        @ParameterizedTest
        @ValueSource(strings = {"9223372036854775807", "-999999999999999999", "0.1234567890123456e"})
        void decode_aNumberOfNineteenCharacters_isRead(String number) {
            assertThat(number).hasSize(19);
            String whole = number.endsWith("e") ? number.replace("e", "7") : number;
            assertThat(decode("{\"type\":\"ping\",\"x\":" + whole + "}")).isEqualTo(new Inbound.Ping());
        }

        @ParameterizedTest
        @ValueSource(strings = {"10000000000000000000", "-9223372036854775808", "0.123456789012345678"})
        void decode_aNumberOfTwentyCharacters_isRefused(String number) {
            assertThat(number).hasSize(20);
            assertRefused("{\"type\":\"ping\",\"x\":" + number + "}", "a number of more than 19 characters");
            assertRefused("{\"type\":\"ack\",\"received\":" + number + "}", "a number of more than 19 characters");
        }

        @Test
        void decode_aNumberInThePayload_mayBeLonger() {
            String number = "1".repeat(1_023);
            assertThat(decode(send(number))).isEqualTo(new Inbound.Send(null, "e", Payload.json(number)));
        }

        @ParameterizedTest
        @ValueSource(ints = {1_024, 60_000, 1_000_000})
        void decode_aNumberWithoutEndInThePayload_isRefused(int digits) {
            assertRefused(send("1".repeat(digits)), "not JSON by RFC 8259");
        }

        @Test
        void decode_unknownFieldOfAnyLength_isIgnored() {
            assertThat(decode("{\"type\":\"ping\",\"" + "n".repeat(5_000) + "\":\"" + "v".repeat(50_000) + "\"}"))
                    .isEqualTo(new Inbound.Ping());
        }

        @Test
        void decode_aFieldTwiceAmongManyLongOnes_isRefused() {
            String fields =
                    IntStream.range(0, 500).mapToObj(i -> "\"f" + i + "\":" + i).collect(Collectors.joining(","));
            assertRefused("{\"type\":\"ping\"," + fields + ",\"f499\":1}", "the same field twice");
        }
    }

    @Nested
    class Strictness {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "{a:1}",
                    "{'a':1}",
                    "{\"a\":'b'}",
                    "{\"a\"=1}",
                    "{\"a\"=>1}",
                    "{\"a\":1;\"b\":2}",
                    "[1;2]",
                    "{\"a\":1,}",
                    "{,\"a\":1}",
                    "[1,]",
                    "[,1]",
                    "[,]",
                    "[1,,2]",
                    "/*c*/1",
                    "1//c",
                    "#c\n1",
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "True",
                    "TRUE",
                    "False",
                    "FALSE",
                    "Null",
                    "NULL",
                    "nul",
                    "tru",
                    "+1",
                    "01",
                    "-01",
                    ".5",
                    "5.",
                    "1e",
                    "1e+",
                    "0x1F",
                    "1_000",
                    "--1",
                    "-",
                    "\"",
                    "\"\\\"",
                    "\"\\x\"",
                    "\"\\'\"",
                    "\"\\u12\"",
                    "\"\\uZZZZ\"",
                    "\"\\\n\"",
                    "\"a\nb\"",
                    "\"a\rb\"",
                    "\"a\tb\"",
                    "\"\u0000\"",
                    "\"\u001F\"",
                    "\u00a01",
                    "\u000b1",
                    "\f1",
                    "\u20281",
                    "\uFEFF1",
                    "1 2",
                    "{} {}",
                    "[] []",
                    "]",
                    "}",
                    ":",
                    ",",
                    "",
                    "undefined",
                    "{\"a\"}",
                    "{\"a\":}",
                    "{1:2}",
                    "{null:1}",
                    "[\"a\":1]",
                    "\u0000"
                })
        void data_thatIsNoJson_isRefused(String data) {
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"data\":" + data + "}"))
                    .isInstanceOf(Inbound.Invalid.class);
            assertThat(decode("{\"type\":\"ping\",\"unknown\":" + data + "}")).isInstanceOf(Inbound.Invalid.class);
        }

        @ParameterizedTest
        @ValueSource(strings = {"\uFEFF", "\uFEFF\uFEFF", " \uFEFF", "\u00a0", "\u0000", "x", "/**/", "//\n"})
        void frame_withSomethingInFront_isRefused(String front) {
            assertThat(decode(front + "{\"type\":\"ping\"}")).isInstanceOf(Inbound.Invalid.class);
        }

        @ParameterizedTest
        @ValueSource(strings = {"\uFEFF", "\u0000", "x", "{}", "[]", ",", ";", "}", "\"", "/**/", "//", "#"})
        void frame_withSomethingBehind_isRefused(String behind) {
            assertThat(decode("{\"type\":\"ping\"}" + behind)).isInstanceOf(Inbound.Invalid.class);
        }

        @Test
        void frame_withWhiteSpaceAround_isRead() {
            assertThat(decode(" \n\r\t{\"type\":\"ping\"}\n ")).isEqualTo(new Inbound.Ping());
        }

        @ParameterizedTest
        @ValueSource(strings = {"1", "-1.5e3", "true", "false", "null", "\"{}\"", "[]", "[{}]"})
        void frame_thatIsNoObject_saysSo(String text) {
            assertRefused(text, "not a JSON object");
        }

        @Test
        void everyPrefixOfAFrame_isRefused() {
            String frame = "{\"type\":\"send\",\"event\":\"e\",\"data\":{\"a\":[1,\"\\u00e9\",null,true]}}";
            for (int end = 0; end < frame.length(); end++) {
                assertThat(decode(frame.substring(0, end)))
                        .as(frame.substring(0, end))
                        .isInstanceOf(Inbound.Invalid.class);
            }
            assertThat(decode(frame)).isInstanceOf(Inbound.Send.class);
        }

        @Test
        void fieldTwice_inAnySpelling_isRefused() {
            for (String spelling : List.of("data", "d\\u0061ta", "\\u0064ata", "dat\\u0061", "d\\u0061t\\u0061")) {
                assertRefused(
                        "{\"type\":\"send\",\"event\":\"e\",\"data\":1,\"" + spelling + "\":1}",
                        "the same field twice");
                assertRefused(
                        "{\"type\":\"send\",\"event\":\"e\",\"" + spelling + "\":1,\"data\":1}",
                        "the same field twice");
            }
        }

        @Test
        void fieldsThatDifferInCase_areOthers() {
            assertThat(decode("{\"type\":\"ping\",\"Type\":\"close\"}")).isEqualTo(new Inbound.Ping());
        }

        @Test
        void reasons_doNotSayWhatWasSent() {
            String secret = "hunter2";
            for (String text : List.of(
                    secret,
                    "{" + secret,
                    "{\"type\":\"" + secret + "\"}",
                    "{\"type\":\"auth\",\"token\":[\"" + secret + "\"]}",
                    "{\"" + secret + "\":1,\"" + secret + "\":2}",
                    "{\"type\":\"subscribe\",\"channel\":\"" + secret + "!\"}",
                    "{\"type\":\"ack\",\"received\":\"" + secret + "\"}",
                    "{\"type\":\"publish\",\"channel\":\"c\",\"bytes\":\"" + secret + "?\"}")) {
                assertThat(decode(text)).isInstanceOf(Inbound.Invalid.class);
                assertThat(decode(text).toString()).doesNotContain(secret);
            }
        }

        @Test
        void secrets_areNotInToString() {
            assertThat(decode("{\"type\":\"auth\",\"token\":\"hunter2\"}").toString())
                    .doesNotContain("hunter2");
            assertThat(decode("{\"type\":\"resume\",\"token\":\"hunter2\",\"received\":1}")
                            .toString())
                    .doesNotContain("hunter2");
        }
    }

    @Nested
    class Identity {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "null",
                    "true",
                    "0",
                    "-0",
                    "-0.0",
                    "1E400",
                    "1e-400",
                    "0.10",
                    "1.0",
                    "1e+2",
                    "9007199254740993",
                    "123456789012345678901234567890.123456789",
                    "\"\"",
                    "\"\\\"\"",
                    "\"\\\\\"",
                    "\"\\\\\\\"\"",
                    "\"}\"",
                    "\"{\"",
                    "\"],[\"",
                    "\"a,b:c\"",
                    "\"\\u0000\"",
                    "\"\\ud83d\\ude00\"",
                    "\"\\ud800\"",
                    "\"\\/\"",
                    "\"/\"",
                    "\"\\u002F\"",
                    "\"\u2028\u2029\u0085\u007f\"",
                    "\"\uFEFF\"",
                    "\"\uFFFF\"",
                    "\"\uD83D\uDE00\"",
                    "\"</script><!--\"",
                    "[]",
                    "{}",
                    "[ ]",
                    "{ }",
                    "[[[]],{}]",
                    "{\"\":0}",
                    "{\"a\":1,\"a\":2}",
                    "{\"type\":\"close\",\"data\":\"x\"}",
                    "{\"}\":{\"{\":[\"]\"]}}",
                    "[ 1 ,\t2 , {\t\"a\" : \"b\" } ]",
                    "{\"__proto__\":{}}",
                    "\"\\u00e9\u00e9e\u0301\"",
                    "{\"\\u0061\":\"\\n\\r\\t\\b\\f\"}"
                })
        void data_comesOutAsItWentIn(String data) {
            for (String frame : List.of(
                    "{\"type\":\"send\",\"event\":\"e\",\"data\":" + data + "}",
                    "{\"data\":" + data + ",\"type\":\"send\",\"event\":\"e\"}",
                    "{\"type\":\"send\",\"data\":" + data + ",\"event\":\"e\"}",
                    "{\"a\":{\"data\":\"}\"},\"type\":\"send\",\"d\\u0061ta\" : " + data
                            + " ,\"b\":[\",\\\"\"],\"event\":\"e\"}",
                    "\t{ \"data\"\t:\t" + data + "\t,\t\"type\":\"send\",\"event\":\"e\",\"z\":\"data\"\t}\t")) {
                Inbound.Send send = (Inbound.Send) decode(frame);
                assertThat(send.payload().json()).as(frame).isEqualTo(data);
                String written =
                        CODEC.encode(new Outbound.Direct("e", send.payload())).text();
                assertThat(written).isEqualTo("{\"type\":\"direct\",\"event\":\"e\",\"data\":" + data + "}");
            }
        }

        @Test
        void data_thatIsLong_comesOutAsItWentIn() {
            String data = IntStream.range(0, 3_000)
                    .mapToObj(i -> "[\"\\\\" + "x".repeat(i % 7) + "\\\"]}\",-0.0" + i + "e1]")
                    .collect(Collectors.joining(",", "[", "]"));
            Inbound.Send send = (Inbound.Send) decode("{\"data\":" + data + ",\"type\":\"send\",\"event\":\"e\"}");
            assertThat(send.payload().json()).isEqualTo(data);
        }

        @Test
        void lineBreaksBetweenTokens_becomeSpaces() {
            Inbound.Send send = (Inbound.Send)
                    decode("{\n\"type\":\"send\",\r\n\"event\":\"e\",\n\"data\":\n{\n  \"a\\n\":\r\n[1,\n2]\r}\n}\n");
            assertThat(send.payload().json()).isEqualTo("{   \"a\\n\":  [1, 2] }");
            assertThat(CODEC.encode(new Outbound.Direct("e", send.payload())).text())
                    .doesNotContain("\n", "\r");
        }

        @Test
        void bytes_comeOutAsTheyWentIn() {
            byte[] all = new byte[256];
            for (int i = 0; i < all.length; i++) {
                all[i] = (byte) i;
            }
            String base64 = Payload.bytes(all).base64();
            Inbound.Send send =
                    (Inbound.Send) decode("{\"type\":\"send\",\"event\":\"e\",\"bytes\":\"" + base64 + "\"}");
            assertThat(send.payload().bytes()).isEqualTo(all);
            assertThat(CODEC.encode(new Outbound.Direct("e", send.payload())).text())
                    .isEqualTo("{\"type\":\"direct\",\"event\":\"e\",\"bytes\":\"" + base64 + "\"}");
        }

        @ParameterizedTest
        @ValueSource(strings = {"=", "A", "A=", "AA=", "AA===", "AAA==", "A A=", "AA\u00e9=", "-_-_", "\u0100AAA"})
        void bytes_inAnotherForm_areRefused(String bytes) {
            assertThat(decode("{\"type\":\"send\",\"event\":\"e\",\"bytes\":\"" + bytes + "\"}"))
                    .isEqualTo(new Inbound.Invalid(null, ErrorCode.BAD_REQUEST, "\"bytes\" is base64"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"0", "7", "-7", "9223372036854775807", "\"x\"", "\"7\"", "\" \"", "\"\\\"\\\\\""})
        void id_comesBackInTheSameForm(String id) {
            Inbound.Leave leave = (Inbound.Leave) decode("{\"type\":\"leave\",\"channel\":\"c\",\"id\":" + id + "}");
            assertThat(CODEC.encode(new Outbound.Done(String.valueOf(leave.id())))
                            .text())
                    .isEqualTo("{\"type\":\"reply\",\"id\":" + id + "}");
        }

        @Test
        void id_ofAnyCharacters_comesBackAsTheSameValue() {
            String id = "\"\\u00e9\\n\\u0000\\u2028\\ud83d\\ude00</\"";
            Inbound.Leave leave = (Inbound.Leave) decode("{\"type\":\"leave\",\"channel\":\"c\",\"id\":" + id + "}");
            Frame reply = CODEC.encode(new Outbound.Done(String.valueOf(leave.id())));
            assertThat(JsonParser.parseString(reply.text()).getAsJsonObject().get("id"))
                    .isEqualTo(JsonParser.parseString(id));
            assertThat(reply.text()).doesNotContain("\n");
        }
    }

    @Nested
    class Encoding {

        @Test
        void framesOfAChannel_sayWhichAndWhere() {
            Position position = new Position(42, "k0aB");
            Publication publication =
                    new Publication("news", "flash", Payload.json("1"), "ada", "origin", true, position);
            Frame message = CODEC.encode(new Outbound.Message(publication));
            assertThat(message.channel()).isEqualTo("news");
            assertThat(message.event()).isEqualTo("flash");
            assertThat(message.position()).isEqualTo(position);
            assertThat(message.text()).doesNotContain("origin");
        }

        @Test
        void whatASubscriptionBrings_belongsToItsChannel() {
            PresenceChange change = new PresenceChange("c", 1, List.of(), List.of(), List.of());
            for (Outbound message : List.of(
                    new Outbound.PresenceSnapshot("c", 1, List.of()),
                    new Outbound.Presence(change),
                    new Outbound.Gap("c", GapReason.OVERFLOW))) {
                Frame frame = CODEC.encode(message);
                assertThat(frame.channel()).as("%s", message).isEqualTo("c");
                assertThat(frame.isCounted()).as("%s", message).isTrue();
            }
        }

        @Test
        void whatOneConnectionIsTold_belongsToNoChannel() {
            for (Outbound message : List.of(
                    new Outbound.Unsubscribed("c", ErrorCode.FORBIDDEN, "r"),
                    new Outbound.Subscribed("1", "c", null, null),
                    new Outbound.Failure("1", ErrorCode.FORBIDDEN, "r", "c"),
                    new Outbound.Gap(null, GapReason.OVERFLOW))) {
                assertThat(CODEC.encode(message).channel()).as("%s", message).isNull();
            }
        }

        @Test
        void textOfTheServers_isQuoted() {
            String nasty = "\"\\\n\r\u0000\u2028\uD800</script>";
            Frame frame = CODEC.encode(new Outbound.Failure(null, ErrorCode.INTERNAL, nasty, null));
            assertThat(frame.text()).doesNotContain("\n", "\r", "\u0000", "\u2028", "\uD800");
            assertThat(JsonParser.parseString(frame.text())
                            .getAsJsonObject()
                            .get("reason")
                            .getAsString())
                    .isEqualTo(nasty.replace('\uD800', '\uFFFD'));
        }

        @Test
        void secrets_areNotInToString() {
            assertThat(new Outbound.Welcome("id", "ada", "hunter2", 1, 1, null, 1, 1, 1).toString())
                    .doesNotContain("hunter2");
        }
    }
}
