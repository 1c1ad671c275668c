package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Position;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BookmarkTest {

    @Test
    void text_hasAPositionForEachChannelInTheOrderOfTheUrl() {
        Bookmark bookmark = new Bookmark(List.of("b", "a", "c"));
        assertThat(bookmark.text()).isEqualTo("0-unknown,0-unknown,0-unknown");

        bookmark.passed(Frame.ofChannel("x", "a", null, new Position(7, "xy_Z")));
        bookmark.reached("c", new Position(3, "q"));
        bookmark.passed(Frame.ofChannel("x", "a", null, new Position(8, "z")));
        bookmark.passed(Frame.ofChannel("x", "b", null, null));
        bookmark.passed(Frame.counted("x"));

        assertThat(bookmark.text()).isEqualTo("0-unknown,8-z,3-q");
        assertThat(Bookmark.read(bookmark.text(), 3))
                .containsExactly(Position.UNKNOWN, new Position(8, "z"), new Position(3, "q"));
    }

    @Test
    void text_ofTheLongestPositions_isShortEnoughForAHeader() {
        List<String> channels =
                java.util.stream.IntStream.range(0, 16).mapToObj(i -> "c" + i).toList();
        Bookmark bookmark = new Bookmark(channels);
        channels.forEach(channel -> bookmark.reached(channel, new Position(Long.MAX_VALUE, "x".repeat(32))));

        assertThat(bookmark.text()).hasSizeLessThanOrEqualTo(1_024);
        assertThat(Bookmark.read(bookmark.text(), 16)).hasSize(16);
    }

    @Test
    void text_ofMoreThan16Channels_isNone() {
        assertThat(new Bookmark(Collections.nCopies(17, "a")).text()).isNull();
        assertThat(Bookmark.read(String.join(",", Collections.nCopies(17, "1-a")), 17))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "1-a",
                "1-a,",
                ",1-a",
                "1-a,2-b,3-c",
                "1-a,2-b,",
                "1-a 2-b",
                "1-a, 2-b",
                "-1-a,2-b",
                "1-,2-b",
                "01-a,2-b",
                "1-a,99999999999999999999-b",
                "1-a,2-b\r\nevil: 1",
                "1-a,2-\u0000",
                "garbage,garbage",
                ",,,,,,,,,,,,,,,,,,,"
            })
    void read_whatItDidNotWriteForTwoChannels_isNothing(String text) {
        assertThat(Bookmark.read(text, 2)).isNull();
    }

    @Test
    void read_anyLength_isBounded() {
        assertThat(Bookmark.read(",".repeat(1_000_000), 16)).isNull();
        assertThat(Bookmark.read("9".repeat(1_000_000), 1)).isNull();
    }

    @Test
    void decided_last_isToldOnce() {
        Bookmark bookmark = new Bookmark(List.of("a", "b", "c"));

        assertThat(bookmark.decided(false)).isFalse();
        assertThat(bookmark.stands()).isFalse();
        assertThat(bookmark.decided(true)).isFalse();
        assertThat(bookmark.decided(false)).isTrue();
        assertThat(bookmark.stands()).isTrue();
    }
}
