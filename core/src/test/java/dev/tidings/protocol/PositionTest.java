package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0-a",
                "1-a",
                "10-Z_9",
                "999999999999999999-a",
                "1000000000000000000-a",
                "9223372036854775806-a",
                "9223372036854775807-a",
                "5-abcdefghijklmnopqrstuvwxyz012345"
            })
    void parse_whatToStringWrote_isTheSame(String text) {
        assertThat(Position.parse(text)).hasToString(text);
    }

    @Test
    void parse_readsBothParts() {
        assertThat(Position.parse("9223372036854775807-x_Y")).isEqualTo(new Position(Long.MAX_VALUE, "x_Y"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "a",
                "1",
                "1-",
                "-a",
                "-1-a",
                "+1-a",
                " 1-a",
                "1 -a",
                "1-a ",
                "1- a",
                "1-a-b",
                "1--a",
                "01-a",
                "00-a",
                "0000000000000000000-a",
                "1.0-a",
                "1e3-a",
                "0x1-a",
                "9223372036854775808-a",
                "9223372036854775809-a",
                "9223372036854775810-a",
                "9999999999999999999-a",
                "10000000000000000000-a",
                "18446744073709551616-a",
                "18446744073709551617-a",
                "\u0661-a",
                "\uff11-a",
                "1\u2010a",
                "1-\u00e9",
                "1-a\n",
                "1-a\u0000",
                "1-a.b",
                "1-a:b",
                "5-abcdefghijklmnopqrstuvwxyz0123456"
            })
    void parse_anythingElse_isRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Position.parse(text));
    }

    @Test
    void parse_longText_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Position.parse("1".repeat(1_000_000)));
        assertThatIllegalArgumentException().isThrownBy(() -> Position.parse("1-" + "a".repeat(1_000_000)));
    }

    @Test
    void newPosition_outsideOfItsForm_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Position(-1, "a"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Position(Long.MIN_VALUE, "a"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Position(1, ""));
        assertThatIllegalArgumentException().isThrownBy(() -> new Position(1, "a".repeat(33)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Position(1, "a-b"));
    }
}
