package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
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

    /** What wires that name events say: the application's name, or that of the type. */
    @Test
    void event_ofTheCodec_isTheApplicationsNameOrTheTypes() {
        Disconnect end = Disconnect.NORMAL;
        Outbound.Welcome welcome = new Outbound.Welcome("c", null, null, 1, 1, null, 1, 1, 1);
        assertThat(event(welcome, Frame.Kind.CARRIER)).isEqualTo("welcome");
        assertThat(event(new Outbound.Close(end, null), Frame.Kind.CARRIER)).isEqualTo("close");
        assertThat(event(new Outbound.Ping(), Frame.Kind.CARRIER)).isEqualTo("protocol");
        assertThat(event(new Outbound.Resumed("c", 1, 1), Frame.Kind.CARRIER)).isEqualTo("protocol");
        assertThat(event(new Outbound.Failure(null, ErrorCode.GONE, "", null), Frame.Kind.NOTICE))
                .isEqualTo("failure");
        assertThat(event(new Outbound.Subscribed(null, "a", null, null), Frame.Kind.NOTICE))
                .isEqualTo("subscribed");
        assertThat(event(new Outbound.Subscribed("1", "a", null, null), Frame.Kind.NOTICE))
                .isEqualTo("protocol");
        assertThat(event(new Outbound.Unsubscribed("a", ErrorCode.FORBIDDEN, ""), Frame.Kind.NOTICE))
                .isEqualTo("unsubscribed");
        assertThat(event(new Outbound.PresenceSnapshot("a", 1, List.of()), Frame.Kind.NOTICE))
                .isEqualTo("presence");
        assertThat(event(
                        new Outbound.Presence(new PresenceChange("a", 1, List.of(), List.of(), List.of())),
                        Frame.Kind.NOTICE))
                .isEqualTo("presence");
        assertThat(event(new Outbound.Gap("a", GapReason.LIMIT), Frame.Kind.GAP))
                .isEqualTo("gap");
        assertThat(event(new Outbound.Gap(null, GapReason.LIMIT), Frame.Kind.GAP))
                .isEqualTo("gap");
        assertThat(event(new Outbound.Done("1"), Frame.Kind.NOTICE)).isEqualTo("protocol");
        assertThat(event(new Outbound.Request("s1", "ask", Payload.NULL), Frame.Kind.NOTICE))
                .isEqualTo("protocol");
        assertThat(event(new Outbound.Direct("notice", Payload.NULL), Frame.Kind.MESSAGE))
                .isEqualTo("notice");
        Publication published = new Publication("a", "flash", Payload.NULL, null, null, true, null);
        assertThat(event(new Outbound.Message(published), Frame.Kind.MESSAGE)).isEqualTo("flash");
        Publication unnamed = new Publication("a", null, Payload.NULL, null, null, true, null);
        assertThat(event(new Outbound.Message(unnamed), Frame.Kind.MESSAGE)).isNull();
    }

    private static String event(Outbound message, Frame.Kind kind) {
        Frame frame = JsonCodec.INSTANCE.encode(message);
        assertThat(frame.kind()).as(frame.text()).isEqualTo(kind);
        assertThat(frame.isCounted()).isEqualTo(kind != Frame.Kind.CARRIER);
        return frame.event();
    }

    @Test
    void toString_keepsTheTextToItself() {
        assertThat(Frame.counted("hunter2")).hasToString("Frame(7)");
        assertThat(Frame.ofChannel("hunter2", "news", null, null)).hasToString("Frame(7, news)");
    }
}
