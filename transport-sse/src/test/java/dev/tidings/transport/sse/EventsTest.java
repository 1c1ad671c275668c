package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Frame;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EventsTest {

    private final Events events = new Events();

    private String text() {
        return new String(events.bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void bytes_ofNothing_areNone() {
        assertThat(events.isEmpty()).isTrue();
        assertThat(events.bytes()).isEmpty();
    }

    @Test
    void bytes_ofEverything_areLines() {
        events.comment();
        events.retry(1_234);
        events.frame(Frame.counted("{}"));
        events.frame(Frame.ofChannel("\"\u20AC\"", "a", "flash", null), "1-x,2-y");
        assertThat(text()).isEqualTo(":\n\nretry: 1234\n\ndata: {}\n\nid: 1-x,2-y\nevent: flash\ndata: \"\u20AC\"\n\n");
        assertThat(events.size()).isEqualTo(events.bytes().length);
    }

    @Test
    void frame_anySort_hasTheNameOfTheProtocol() {
        Frame message = Frame.ofChannel("1", "a", null, null);
        events.frame(message, null);
        events.frame(message.as(Frame.Kind.MESSAGE, "open"), null);
        events.frame(message.as(Frame.Kind.MESSAGE, "error"), null);
        events.frame(message.as(Frame.Kind.MESSAGE, "Open"), null);
        events.frame(message.as(Frame.Kind.GAP, "gap"), null);
        events.frame(message.as(Frame.Kind.NOTICE, null), null);
        events.frame(message.as(Frame.Kind.CARRIER, "welcome"), null);
        assertThat(text())
                .isEqualTo(String.join(
                        "data: 1\n\n",
                        "",
                        "",
                        "",
                        "event: Open\n",
                        "event: gap\n",
                        "event: protocol\n",
                        "event: welcome\n",
                        ""));
    }

    /** Names have a form without line breaks; a codec of a stranger's that does not keep to it breaks nothing. */
    @Test
    void frame_nameWithLineBreaks_breaksNoLine() {
        events.frame(Frame.ofChannel("1", "a", "x\ndata: 2\r\u20AC\u0000", null), "3\n");
        assertThat(text()).isEqualTo("id: 3?\nevent: x?data: 2???\ndata: 1\n\n");
    }

    @Test
    void frame_bytesOfTheFrame_areNotChanged() {
        Frame frame = Frame.counted("{\"a\":1}");
        byte[] shared = frame.utf8();
        events.frame(frame);
        events.bytes()[0] = 0;
        assertThat(frame.utf8()).isSameAs(shared).isEqualTo("{\"a\":1}".getBytes(StandardCharsets.UTF_8));
    }
}
