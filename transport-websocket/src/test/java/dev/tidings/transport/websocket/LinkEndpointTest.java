package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import jakarta.websocket.CloseReason;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.logging.LogRecord;
import org.eclipse.jetty.websocket.core.exception.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkEndpointTest {

    private final FakeHost host = new FakeHost();
    private final FakeSocket socket = new FakeSocket();

    static CloseReason reason(int code, @Nullable String phrase) {
        return new CloseReason(
                new CloseReason.CloseCode() {
                    @Override
                    public int getCode() {
                        return code;
                    }
                },
                phrase);
    }

    // ---- Closing ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "1000, bye, 1000, Normal closure",
        "1005, , 1000, Normal closure",
        "1001, , 1001, Closed with 1001",
        "1001, going, 1001, going",
        "1006, x, 1006, Link lost",
        "1007, , 1007, Closed with 1007",
        "4321, own, 4321, own",
        "999, x, 1006, Link lost",
        "5000, x, 1006, Link lost",
    })
    void onClose_anyCode_isADisconnect(int code, @Nullable String phrase, int told, String reason) {
        socket.open(host, false).onClose(socket.session, reason(code, phrase));
        host.runAll();

        assertThat(host.attachment.detached).containsExactly(new Disconnect(told, reason));
        assertThat(socket.closes()).isEmpty();
    }

    @Test
    void onClose_reasonThatWouldBreakALog_isMadePrintable() {
        socket.open(host, false).onClose(socket.session, reason(4000, "a\r\nb\u001b[31m\u202e"));

        assertThat(host.attachment.detached).containsExactly(new Disconnect(4000, "a  b [31m "));
    }

    @Test
    void onError_reset_endsOnceAndIsNoWarning() {
        LinkEndpoint endpoint = socket.open(host, false);

        List<LogRecord> warnings = LogCapture.during(() -> {
            endpoint.onError(socket.session, new EOFException("gone"));
            endpoint.onClose(socket.session, reason(1006, null));
        });

        assertThat(host.attachment.detached).containsExactly(Disconnect.LINK_LOST);
        assertThat(warnings).isEmpty();
    }

    @Test
    void onError_protocolBroken_waitsForTheCode() {
        LinkEndpoint endpoint = socket.open(host, false);

        List<LogRecord> warnings =
                LogCapture.during(() -> endpoint.onError(socket.session, new ProtocolException("rsv")));
        assertThat(host.attachment.detached).isEmpty();
        endpoint.onClose(socket.session, reason(1002, "rsv"));

        assertThat(host.attachment.detached).containsExactly(new Disconnect(1002, "rsv"));
        assertThat(warnings).isEmpty();
    }

    /** As of Tomcat, when it closes while a send is under way. */
    @Test
    void onError_containerCannotSayWhyItCloses_isNoWarning() {
        LinkEndpoint endpoint = socket.open(host, false);
        IllegalStateException busy = new IllegalStateException("TEXT_FULL_WRITING");
        busy.setStackTrace(new StackTraceElement[] {
            new StackTraceElement("org.apache.tomcat.websocket.WsSession", "sendCloseMessage", "WsSession.java", 1)
        });

        List<LogRecord> warnings = LogCapture.during(() -> {
            endpoint.onError(socket.session, busy);
            endpoint.onClose(socket.session, reason(1002, null));
        });

        assertThat(host.attachment.detached).containsExactly(Disconnect.LINK_LOST);
        assertThat(warnings).isEmpty();
    }

    @Test
    void onError_somethingElse_isWarnedOfWithoutItsMessage() {
        LinkEndpoint endpoint = socket.open(host, false);

        List<LogRecord> warnings = LogCapture.during(
                () -> endpoint.onError(socket.session, new IllegalStateException("the payload was hunter2")));
        host.runAll();

        assertThat(host.attachment.detached).containsExactly(Disconnect.LINK_LOST);
        assertThat(socket.closes()).containsExactly("close 4100 Internal error");
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0).getMessage())
                .contains("IllegalStateException")
                .doesNotContain("hunter2");
        assertThat(warnings.get(0).getThrown()).isNull();
    }

    // ---- Receiving --------------------------------------------------------------------------------------------------

    @Test
    void text_inParts_isPutTogetherInOrder() {
        socket.open(host, false);
        socket.text.onMessage("a", false);
        socket.text.onMessage("", false);
        socket.text.onMessage("b\ud83d", false);
        socket.text.onMessage("\ude00", true);
        socket.text.onMessage("next", true);

        assertThat(host.attachment.received).containsExactly("ab\ud83d\ude00", "next");
    }

    @Test
    void text_atTheLimit_isTaken() {
        socket.open(host, false);
        String euros = "\u20ac".repeat(33) + "x";
        assertThat(euros.getBytes(StandardCharsets.UTF_8)).hasSize(100);

        socket.text.onMessage(euros, true);
        socket.text.onMessage(euros.substring(0, 10), false);
        socket.text.onMessage(euros.substring(10), true);

        assertThat(host.attachment.received).containsExactly(euros, euros);
    }

    @Test
    void text_aByteOverTheLimit_ends4013() {
        for (String tooLong : List.of("\u20ac".repeat(33) + "xy", "x".repeat(101), "x".repeat(1_000_000))) {
            FakeHost strict = new FakeHost();
            FakeSocket hostile = new FakeSocket();
            hostile.open(strict, false);
            hostile.text.onMessage(tooLong, true);
            strict.runAll();

            assertThat(strict.attachment.received).isEmpty();
            assertThat(strict.attachment.detached).containsExactly(Disconnect.TOO_LARGE);
            assertThat(hostile.closes()).containsExactly("close 4013 Frame too large");
        }
    }

    @Test
    void f19_textOverTheLimitInParts_endsBeforeTheRestIsCollected() {
        socket.open(host, false);
        socket.text.onMessage("x".repeat(60), false);
        socket.text.onMessage("x".repeat(60), false);

        assertThat(host.attachment.detached).containsExactly(Disconnect.TOO_LARGE);
        socket.text.onMessage("x", true);
        socket.text.onMessage("good again", true);
        assertThat(host.attachment.received).isEmpty();
    }

    @Test
    void text_tooManyParts_ends4013() {
        socket.open(host, false);
        for (int i = 0; i < 8; i++) {
            socket.text.onMessage("", false);
        }
        assertThat(host.attachment.detached).isEmpty();
        socket.text.onMessage("", true);

        assertThat(host.attachment.detached).containsExactly(Disconnect.TOO_LARGE);
    }

    @Test
    void text_lines_areFramesEach() {
        socket.open(host, true);
        socket.text.onMessage("one\ntwo\n", false);
        socket.text.onMessage("\nth", false);
        socket.text.onMessage("ree", true);

        assertThat(host.attachment.received).containsExactly("one", "two", "three");
    }

    @Test
    void text_noLines_keepsLineFeeds() {
        socket.open(host, false);
        socket.text.onMessage("{\n}", true);

        assertThat(host.attachment.received).containsExactly("{\n}");
    }

    @Test
    void text_coreThatThrows_endsTheLinkOnly() {
        socket.open(host, false);
        host.attachment.receiveFails = new IllegalStateException("for the test");

        LogCapture.during(() -> socket.text.onMessage("one", true));
        host.runAll();

        assertThat(host.attachment.detached).containsExactly(Disconnect.INTERNAL_ERROR);
        assertThat(socket.closes()).containsExactly("close 4100 Internal error");
    }

    @Test
    void bytes_always_end1003() {
        socket.open(host, false);
        socket.bytes.onMessage(ByteBuffer.allocate(3), false);
        socket.bytes.onMessage(ByteBuffer.allocate(3), true);
        host.runAll();

        assertThat(socket.closes()).containsExactly("close 1003 Binary messages are not supported");
        assertThat(host.attachment.detached).extracting(Disconnect::code).containsExactly(1003);
    }
}
