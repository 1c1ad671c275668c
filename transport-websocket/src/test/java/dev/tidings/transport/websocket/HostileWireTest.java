package dev.tidings.transport.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that break the protocol or the wire: each ends its own connection, and nobody hears of it. */
class HostileWireTest {

    private static final byte[] HI = "hi".getBytes(UTF_8);

    /** What a client does once it is welcome, and how its connection ends. */
    @FunctionalInterface
    private interface Attack {
        void on(RawClient client) throws IOException;
    }

    /**
     * Tomcat gives the word why it closes a fifth of a second, and closes without it where the send before is not reported as done by then:
     * on a busy machine that may happen, but not again and again.
     */
    private static void assertClosed(WireServer server, int code, Attack attack) throws IOException {
        for (int attempt = 1; !isClosed(server, code, attack); attempt++) {
            assertThat(attempt).as("closed without a word").isLessThan(4);
        }
    }

    /** False if the connection has ended without a close frame. */
    private static boolean isClosed(WireServer server, int code, Attack attack) throws IOException {
        boolean told = true;
        try (RawClient client = RawClient.open(server, "")) {
            client.next("welcome");
            attack.on(client);
            assertThat(client.closing()).startsWith(Integer.toString(code));
        } catch (EOFException e) {
            told = false;
        }
        // Where the client has gone before the close frame was out, the link is lost.
        assertThat(WireServer.take(server.disconnected).code()).isIn(code, 1006);
        return told;
    }

    @ParameterizedTest
    @EnumSource
    void f20_framesThatBreakWebSocket_endTheirConnectionOnly(Container container) throws Exception {
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container);
                PlainClient witness = PlainClient.open(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 1);

            assertClosed(server, 1002, client -> client.frame(RawClient.FIN | RawClient.TEXT, HI, false));
            assertClosed(server, 1002, client -> client.frame(RawClient.FIN | 0x40 | RawClient.TEXT, HI, true));
            assertClosed(server, 1002, client -> client.frame(RawClient.FIN | 0x03, HI, true));
            assertClosed(server, 1002, client -> client.frame(RawClient.FIN | RawClient.CONTINUATION, HI, true));
            assertClosed(server, 1003, client -> client.frame(RawClient.FIN | RawClient.BINARY, HI, true));
            assertClosed(
                    server,
                    1007,
                    client -> client.frame(RawClient.FIN | RawClient.TEXT, new byte[] {(byte) 0xc3, 0x28}, true));
            // The UTF-8 of half a surrogate pair.
            assertClosed(
                    server,
                    1007,
                    client -> client.frame(
                            RawClient.FIN | RawClient.TEXT,
                            new byte[] {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
                            true));

            server.publish("open:a", 1);
            assertThat(witness.next("message").get("data").getAsInt()).isEqualTo(1);
            assertThat(log.warnings).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f19_messageInFragmentsOverTheLimit_ends4013(Container container) throws Exception {
        byte[] part = "x".repeat(60_000).getBytes(UTF_8);
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container)) {
            assertClosed(
                    server,
                    4013,
                    client -> client.frame(RawClient.TEXT, part, true).frame(RawClient.CONTINUATION, part, true));
            assertThat(log.warnings).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void wire_thatBreaks_endsAtOnceAndQuietly(Container container) throws Exception {
        byte[] part = "x".repeat(1_000).getBytes(UTF_8);
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container)) {
            try (RawClient client = RawClient.open(server, "")) {
                client.next("welcome");
                client.frame(RawClient.TEXT, part, true).reset();
                assertThat(WireServer.take(server.disconnected).code()).isEqualTo(1006);
            }
            try (RawClient client = RawClient.open(server, "")) {
                client.next("welcome");
                client.finish();
                assertThat(WireServer.take(server.disconnected).code()).isEqualTo(1006);
            }
            try (RawClient client = RawClient.open(server, "", "Sec-WebSocket-Protocol: tidings.v1")) {
                client.next("welcome");
                client.reset();
                WireServer.take(server.detached);
            }
            assertThat(server.disconnected).isEmpty();
            assertThat(log.warnings).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f07_peerThatNeverAnswersClose_isGoneForUsAtOnce(Container container) throws Exception {
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container);
                RawClient client = RawClient.open(server, "")) {
            client.next("welcome");
            WireServer.take(server.connected).disconnect(Disconnect.FORBIDDEN);

            assertThat(client.closing()).isEqualTo("4003 Forbidden");
            assertThat(WireServer.take(server.disconnected)).isEqualTo(Disconnect.FORBIDDEN);
            assertThat(server.tidings.stats().connections()).isZero();
            client.awaitEnd();
            assertThat(log.warnings).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f04_readerThatStalls_endsSlowWhileOthersGetEverything(Container container) throws Exception {
        int count = 200;
        try (LogCapture log = LogCapture.start();
                WireServer server =
                        WireServer.start(container, b -> b.limits(l -> l.sendTimeout(Duration.ofSeconds(1))));
                RawClient stalled = RawClient.opened(RawClient.connectNarrow(server.port()), "?channel=open:a");
                PlainClient reader = PlainClient.open(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 2);
            String padding = "x".repeat(64 * 1024);
            for (int i = 0; i < count; i++) {
                server.publish("open:a", "{\"n\":" + i + ",\"padding\":\"" + padding + "\"}");
                assertThat(reader.next("message")
                                .getAsJsonObject("data")
                                .get("n")
                                .getAsInt())
                        .isEqualTo(i);
            }

            assertThat(WireServer.take(server.disconnected)).isEqualTo(Disconnect.SLOW_CONSUMER);
            assertThat(server.tidings.channel("open:a").subscribers()).isEqualTo(1);
            // Nothing keeps the socket either.
            stalled.awaitEnd();
            assertThat(log.warnings).isEmpty();
        }
    }
}
