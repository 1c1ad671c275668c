package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelPatternTest {

    @Test
    void match_literal_onlyItself() {
        assertThat(ChannelPattern.parse("news").match("news")).contains(Map.of());
        assertThat(ChannelPattern.parse("news").match("news:x")).isEmpty();
        assertThat(ChannelPattern.parse("news").match("xnews")).isEmpty();
        assertThat(ChannelPattern.parse("news").match("NEWS")).isEmpty();
    }

    @Test
    void match_variable_isOneSegment() {
        ChannelPattern pattern = ChannelPattern.parse("chat:{room}");

        assertThat(pattern.match("chat:lobby")).contains(Map.of("room", "lobby"));
        assertThat(pattern.match("chat:a/b.c")).contains(Map.of("room", "a/b.c"));
        assertThat(pattern.match("chat:")).isEmpty();
        assertThat(pattern.match("chat:a:b")).isEmpty();
    }

    @Test
    void match_star_isAnything() {
        ChannelPattern pattern = ChannelPattern.parse("doc:{path*}");

        assertThat(pattern.match("doc:a:b:c")).contains(Map.of("path", "a:b:c"));
        assertThat(pattern.match("doc:")).isEmpty();
        assertThat(ChannelPattern.parse("{all*}").match("a:b")).contains(Map.of("all", "a:b"));
    }

    @Test
    void match_severalVariables_areAllThere() {
        ChannelPattern pattern = ChannelPattern.parse("org:{org}:user:{user}/inbox");

        assertThat(pattern.match("org:1:user:ann/inbox")).contains(Map.of("org", "1", "user", "ann"));
        assertThat(pattern.match("org:1:user:ann/outbox")).isEmpty();
    }

    /** What looks like a regular expression in a pattern is text. */
    @ParameterizedTest
    @CsvSource({"a.b, a.b, true", "a.b, axb, false", "a-z, b, false", "a/b, a/b, true"})
    void match_charactersOfRegularExpressions_areLiteral(String pattern, String channel, boolean matches) {
        assertThat(ChannelPattern.parse(pattern).match(channel).isPresent()).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "chat *",
                "a+",
                "chat:{room",
                "chat:room}",
                "chat:{}",
                "chat:{1}",
                "chat:{a b}",
                "{a}{b}",
                "{a}x{b}{c}",
                "{a}:{a}",
                "{a}:{a*}",
                "$system",
                "a\nb",
                "caf\u00e9",
                "{a**}"
            })
    void parse_notAPattern_isRefused(String pattern) {
        assertThatThrownBy(() -> ChannelPattern.parse(pattern)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void toString_any_isTheSource() {
        assertThat(ChannelPattern.parse("chat:{room}")).hasToString("chat:{room}");
    }
}
