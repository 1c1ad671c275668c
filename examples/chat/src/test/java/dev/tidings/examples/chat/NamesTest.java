package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

    @ParameterizedTest
    @ValueSource(strings = {"Ada", "ada.lovelace", "Ada Lovelace", "Zoë", "李雷", "R2-D2", "abcdefghijklmnopqrstuvwx"})
    void aName_isTaken(String name) {
        assertThat(Names.isUser(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                " Ada",
                "Ada ",
                "Ada  Lovelace",
                "<b>",
                "a/b",
                "a\nb",
                "Ada\n",
                "abcdefghijklmnopqrstuvwxy",
                "a\u202eb",
                "Zoe\u0308"
            })
    void whatIsNoName_isNot(String name) {
        assertThat(Names.isUser(name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lobby", "a", "room-101"})
    void aRoom_isTaken(String name) {
        assertThat(Names.isRoom(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Lobby", "-a", "a-", "a--b", "a b", "a.b", "lobby\n", "a23456789012345678901234567890123"})
    void whatIsNoRoom_isNot(String name) {
        assertThat(Names.isRoom(name)).isFalse();
    }

    @Test
    void token_isTheNamePercentEncoded() {
        assertThat(Names.userOf("Ada")).contains("Ada");
        assertThat(Names.userOf("Zo%C3%AB%20B")).contains("Zoë B");
        assertThat(Names.userOf("Ada+B")).isEmpty();
        assertThat(Names.userOf("%")).isEmpty();
        assertThat(Names.userOf("%00")).isEmpty();
        assertThat(Names.userOf("a".repeat(1000))).isEmpty();
    }
}
