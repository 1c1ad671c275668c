package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "\u00e9", "\u6f22\u5b57", "\uD83D\uDE00", "a\uD83Db", "\uDE00\uD83D", "\uD83D"})
    void size_isTheLengthInUtf8(String text) {
        Frame frame = Frame.counted(text);
        assertThat(frame.size()).isEqualTo(frame.utf8().length);
        assertThat(new String(frame.utf8(), StandardCharsets.UTF_8)).isEqualTo(frame.text());
    }

    @Test
    void text_withUnpairedSurrogates_isMended() {
        assertThat(Frame.counted("a\uD83Db").text()).isEqualTo("a\uFFFDb");
        assertThat(Frame.uncounted("\uDE00").text()).isEqualTo("\uFFFD");
        assertThat(Frame.ofChannel("\uD83D", "c", null, null).text()).isEqualTo("\uFFFD");
    }

    @Test
    void text_thatIsWellFormed_isShared() {
        String text = "\uD83D\uDE00";
        assertThat(Frame.counted(text).text()).isSameAs(text);
    }

    @Test
    void utf8_isMadeOnce() {
        Frame frame = Frame.counted("\u00e9");
        assertThat(frame.utf8()).isSameAs(frame.utf8());
    }

    @Test
    void kinds_differInWhatIsCounted() {
        Position position = new Position(1, "a");
        assertThat(Frame.counted("x").isCounted()).isTrue();
        assertThat(Frame.uncounted("x").isCounted()).isFalse();
        Frame ofChannel = Frame.ofChannel("x", "c", "e", position);
        assertThat(ofChannel.isCounted()).isTrue();
        assertThat(ofChannel.channel()).isEqualTo("c");
        assertThat(ofChannel.event()).isEqualTo("e");
        assertThat(ofChannel.position()).isEqualTo(position);
    }

    @Test
    void toString_keepsTheTextToItself() {
        assertThat(Frame.counted("hunter2")).hasToString("Frame(7)");
        assertThat(Frame.ofChannel("hunter2", "news", null, null)).hasToString("Frame(7, news)");
    }
}
