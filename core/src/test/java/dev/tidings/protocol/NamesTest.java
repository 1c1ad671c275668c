package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of channels and events. */
class NamesTest {

    private static final String CHANNEL_ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-";

    @ParameterizedTest
    @ValueSource(strings = {"a", "news", "chat:lobby", "a/b/c", "...", "-", "_", "0", ":", "/"})
    void valid_isANameOfBoth(String name) {
        assertThat(ChannelName.require(name)).isSameAs(name);
        assertThat(EventName.require(name)).isSameAs(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "$a",
                "a$",
                "*",
                "news*",
                "a,b",
                "a;b",
                "a\nb",
                "a\r",
                "a\u0000",
                "a\u001b[0m",
                "\u00e9",
                "n\u0435ws",
                "\u202eabc",
                "\u0661",
                "\uff41",
                "\uD83D\uDE00",
                "\uD83D",
                "{a}",
                "a+b",
                "a#b",
                "a%41",
                "a?b",
                "a\\b",
                "a@b",
                "a[0]",
                "a`b",
                "a|b"
            })
    void invalid_isANameOfNeither(String name) {
        assertThat(ChannelName.isValid(name)).isFalse();
        assertThat(EventName.isValid(name)).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.require(name));
        assertThatIllegalArgumentException().isThrownBy(() -> EventName.require(name));
    }

    @Test
    void everyCharacter_isAllowedOrNot() {
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            String name = String.valueOf((char) c);
            boolean expected = CHANNEL_ALPHABET.contains(name);
            assertThat(ChannelName.isValid(name)).as("U+%04X", c).isEqualTo(expected);
            assertThat(EventName.isValid(name)).as("U+%04X", c).isEqualTo(expected || c == '~');
        }
    }

    @Test
    void length_isBounded() {
        assertThat(ChannelName.isValid("c".repeat(255))).isTrue();
        assertThat(ChannelName.isValid("c".repeat(256))).isFalse();
        assertThat(EventName.isValid("~".repeat(64))).isTrue();
        assertThat(EventName.isValid("e".repeat(65))).isFalse();
    }

    @Test
    void refusal_doesNotSayWhatWasSent() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ChannelName.require("hunter2!"))
                .withMessageNotContaining("hunter2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventName.require("hunter2!"))
                .withMessageNotContaining("hunter2");
    }
}
