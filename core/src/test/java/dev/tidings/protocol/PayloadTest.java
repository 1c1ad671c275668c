package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {

    @ParameterizedTest
    @ValueSource(strings = {"null", "1E400", "-0", "\"\\u00e9\"", "{ \"a\" : [ ] }", " 1\t", "{\"a\":1,\"a\":2}"})
    void json_passesThroughUntouched(String json) {
        Payload payload = Payload.json(json);
        assertThat(payload.json()).isSameAs(json);
        assertThat(payload.isBytes()).isFalse();
        assertThat(payload.size()).isEqualTo(payload.bytes().length);
    }

    @Test
    void json_lineBreaksBetweenTokens_becomeSpaces() {
        assertThat(Payload.json("{\n  \"a\": 1,\r\n  \"b\\n\": 2\r}\n").json())
                .isEqualTo("{   \"a\": 1,    \"b\\n\": 2 } ");
    }

    @Test
    void json_unpairedSurrogates_becomeReplacementCharacters() {
        assertThat(Payload.json("\"a\uD83Db\"").json()).isEqualTo("\"a\uFFFDb\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a",
                "{",
                "1 2",
                "{a:1}",
                "'a'",
                "[1,]",
                "NaN",
                "TRUE",
                "01",
                "\"a\nb\"",
                "\"\u0000\"",
                "\uFEFF1",
                "1//",
                "undefined",
                "\u00a01"
            })
    void json_thatIsNone_isRefusedWithAReason(String json) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Payload.json(json))
                .withMessageStartingWith("Not a JSON value: ");
    }

    @Test
    void json_isBoundedInDepthAndKeys() {
        assertThat(Payload.json("[".repeat(32) + "]".repeat(32)).size()).isEqualTo(64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Payload.json("[".repeat(33) + "]".repeat(33)))
                .withMessage("Not a JSON value: nested deeper than 32 levels");
        assertThatIllegalArgumentException().isThrownBy(() -> Payload.json("[".repeat(1_000_000)));
        String thousand = "[" + "{\"a\":1},".repeat(999) + "{\"a\":1}]";
        assertThat(Payload.json(thousand).json()).isSameAs(thousand);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Payload.json("[" + thousand + ",{\"a\":1}]"))
                .withMessage("Not a JSON value: more than 1000 keys");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "\"", "\\", "\n\r\t\u0000\u001f", "</script>", "\u2028", "\u00e9\uD83D\uDE00"})
    void string_isOneJsonString(String value) {
        Payload payload = Payload.string(value);
        assertThat(JsonParser.parseString(payload.json()).getAsString()).isEqualTo(value);
        assertThat(Payload.json(payload.json())).isEqualTo(payload);
        assertThat(payload.json()).doesNotContain("\n", "\r");
    }

    @Test
    void string_unpairedSurrogates_becomeReplacementCharacters() {
        assertThat(Payload.string("\uDE00").json()).isEqualTo("\"\uFFFD\"");
    }

    @Test
    void bytes_areCopiedInAndOut() {
        byte[] bytes = {0, 1, -1};
        Payload payload = Payload.bytes(bytes);
        bytes[0] = 9;
        payload.bytes()[1] = 9;
        assertThat(payload.bytes()).containsExactly(0, 1, -1);
        assertThat(payload.base64()).isEqualTo("AAH/");
        assertThat(payload.size()).isEqualTo(3);
        assertThat(payload.isBytes()).isTrue();
    }

    @Test
    void json_asBytes_isItsUtf8() {
        assertThat(Payload.string("\u00e9").bytes()).isEqualTo("\"\u00e9\"".getBytes(StandardCharsets.UTF_8));
        assertThat(Payload.string("\u00e9").size()).isEqualTo(4);
    }

    @Test
    void theOtherForm_isRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Payload.bytes(new byte[1]).json());
        assertThatIllegalStateException().isThrownBy(Payload.NULL::base64);
    }

    @Test
    void equality_isThatOfKindAndContent() {
        assertThat(Payload.json("null")).isEqualTo(Payload.NULL).hasSameHashCodeAs(Payload.NULL);
        assertThat(Payload.bytes(new byte[] {1}))
                .isEqualTo(Payload.bytes(new byte[] {1}))
                .hasSameHashCodeAs(Payload.bytes(new byte[] {1}))
                .isNotEqualTo(Payload.bytes(new byte[] {2}));
        assertThat(Payload.json("1")).isNotEqualTo(Payload.json("1 "));
        assertThat(Payload.string("x")).isNotEqualTo(Payload.bytes("\"x\"".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void toString_keepsTheContentToItself() {
        assertThat(Payload.string("hunter2")).hasToString("json(9)");
        assertThat(Payload.bytes(new byte[3])).hasToString("bytes(3)");
    }
}
