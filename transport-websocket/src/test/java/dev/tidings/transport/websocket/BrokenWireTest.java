package dev.tidings.transport.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Wires that break, stop or crawl: the connection waits, and goes on where it was. */
class BrokenWireTest {

    private static final String ACKNOWLEDGING = "Sec-WebSocket-Protocol: tidings.v1";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What happens to the client's wire. */
    @FunctionalInterface
    private interface Fault {
        void on(RawClient client) throws IOException;
    }

    private static void assertResumesAfter(Container container, Fault fault) throws Exception {
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container);
                PlainClient witness = PlainClient.open(server, "?channel=open:a");
                RawClient client = RawClient.open(server, "?channel=open:a", ACKNOWLEDGING)) {
            String token = client.next("welcome").get("resume").getAsString();
            server.awaitSubscribers("open:a", 2);
            server.publish("open:a", 1);
            assertThat(client.next("message").get("data").getAsInt()).isEqualTo(1);

            long begun = System.nanoTime();
            fault.on(client);
            WireServer.take(server.detached);
            // By the wire's end and not by the heartbeat, which takes half a minute.
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
            server.publish("open:a", 2);

            try (RawClient again = RawClient.open(server, "?resume=true", ACKNOWLEDGING)) {
                again.text("{\"type\":\"resume\",\"token\":\"" + token + "\",\"received\":1}");
                assertThat(again.next("resumed").get("next").getAsInt()).isEqualTo(2);
                assertThat(again.next("message").get("data").getAsInt()).isEqualTo(2);
            }
            for (int i = 1; i <= 2; i++) {
                assertThat(witness.next("message").get("data").getAsInt()).isEqualTo(i);
            }
            assertThat(server.disconnected).isEmpty();
            assertThat(log.said).isEmpty();
        }
    }

    /** The head of a message of 1,000 bytes, and a tenth of it. */
    private static byte[] begunMessage() {
        byte[] begun = new byte[8 + 100];
        begun[0] = (byte) (RawClient.FIN | RawClient.TEXT);
        begun[1] = (byte) (0x80 | 126);
        begun[2] = 1_000 >> 8;
        begun[3] = (byte) 1_000;
        return begun;
    }

    @ParameterizedTest
    @EnumSource
    void f01_resetInMidMessage_detachesAndResumes(Container container) throws Exception {
        assertResumesAfter(container, client -> client.bytes(begunMessage()).reset());
        assertResumesAfter(
                container,
                client -> client.frame(RawClient.TEXT, "{\"ty".getBytes(UTF_8), true)
                        .reset());
    }

    @ParameterizedTest
    @EnumSource
    void f02_endWithoutACloseFrame_detachesAndResumes(Container container) throws Exception {
        assertResumesAfter(container, RawClient::finish);
        assertResumesAfter(container, client -> client.bytes(begunMessage()).finish());
    }

    @ParameterizedTest
    @EnumSource
    void f17_textThatIsNotUtf8_closes1007AndResumes(Container container) throws Exception {
        assertResumesAfter(container, client -> {
            client.frame(RawClient.FIN | RawClient.TEXT, new byte[] {(byte) 0xc3, 0x28}, true);
            assertThat(client.closing()).startsWith("1007");
        });
    }

    /** The client says goodbye while more is on its way to it than the wire takes. */
    @ParameterizedTest
    @EnumSource
    void f08_closeDuringOurSend_discardsWhatWaits(Container container) throws Exception {
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(
                        container, b -> b.limits(l -> l.outbox(64 << 20, 4_096).sendTimeout(Duration.ofMinutes(1))));
                RawClient client = RawClient.opened(RawClient.connectNarrow(server.port()), "")) {
            client.next("welcome");
            Payload large = Payload.string("x".repeat(64 * 1024));
            var connection = WireServer.take(server.connected);
            for (int i = 0; i < 200; i++) {
                connection.send("large", large);
            }
            // The wire is full when nothing has left for a while.
            long[] last = {0, System.nanoTime()};
            await().atMost(PATIENCE).until(() -> {
                long queued = server.tidings.stats().queuedBytes();
                if (queued != last[0]) {
                    last[0] = queued;
                    last[1] = System.nanoTime();
                }
                return queued > 1 << 20 && System.nanoTime() - last[1] > 300_000_000;
            });

            client.frame(RawClient.FIN | RawClient.CLOSE, new byte[] {1_000 >> 8, (byte) 1_000}, true);

            // Where a container fails the send before it reports the close, the link counts as lost.
            assertThat(WireServer.take(server.disconnected)).isIn(Disconnect.NORMAL, Disconnect.LINK_LOST);
            await().atMost(PATIENCE).until(() -> server.tidings.stats().queuedBytes() == 0);
            assertThat(log.said).isEmpty();
        }
    }

    // ---- Through a proxy --------------------------------------------------------------------------------------------

    private static void fast(Tidings.Builder builder) {
        builder.limits(l -> l.messageRate(1_000_000, 1_000_000).byteRate(1 << 30, 1 << 30));
    }

    private static WireServer behindAProxy(Container container, Consumer<Tidings.Builder> settings) {
        return WireServer.start(container, b -> {
            fast(b);
            settings.accept(b);
        });
    }

    private static String through(FaultProxy proxy) {
        return "ws://127.0.0.1:" + proxy.port() + WireServer.PATH;
    }

    private static List<Integer> data(List<JsonObject> frames) {
        return frames.stream().map(frame -> frame.get("data").getAsInt()).toList();
    }

    /** A proxy that ends connections on which nothing has passed for a while. */
    private static boolean isCutWhenIdle(FaultProxy proxy, Duration idle, Duration watched) throws Exception {
        long end = System.nanoTime() + watched.toNanos();
        long bytes = -1;
        long since = System.nanoTime();
        while (System.nanoTime() < end) {
            long now = proxy.bytesToClient() + proxy.bytesToServer();
            if (now != bytes) {
                bytes = now;
                since = System.nanoTime();
            } else if (System.nanoTime() - since > idle.toNanos()) {
                proxy.cut();
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return false;
    }

    /** The minute of real proxies is a second here, and the heartbeat as much shorter. */
    @ParameterizedTest
    @EnumSource
    void f28_proxyThatCutsWhatIsIdle_isKeptBusyByHeartbeats(Container container) throws Exception {
        Duration idle = Duration.ofSeconds(1);
        for (boolean beats : List.of(true, false)) {
            Duration heartbeat = Duration.ofMillis(beats ? 200 : 25_000);
            try (WireServer server = behindAProxy(
                            container, b -> b.limits(l -> l.heartbeat(heartbeat, Duration.ofSeconds(10))));
                    FaultProxy proxy = FaultProxy.to(server.port());
                    CountingClient client = new CountingClient(through(proxy))) {
                client.connect();
                await().atMost(PATIENCE).until(client::isOpen);

                assertThat(isCutWhenIdle(proxy, idle, idle.multipliedBy(2))).isNotEqualTo(beats);
                if (beats) {
                    assertThat(server.detached).isEmpty();
                    assertThat(proxy.connections()).isEqualTo(1);
                } else {
                    WireServer.take(server.detached);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f28_proxyThatRestarts_losesNothingAndIsComeBackTo(Container container) throws Exception {
        try (WireServer server = behindAProxy(container, b -> {});
                FaultProxy proxy = FaultProxy.to(server.port());
                CountingClient client = new CountingClient(through(proxy))) {
            client.connect();
            await().atMost(PATIENCE).until(client::isOpen);
            client.send("{\"type\":\"subscribe\",\"channel\":\"open:a\"}");
            server.awaitSubscribers("open:a", 1);
            List<Integer> expected = new ArrayList<>();
            for (int restart = 0; restart < 3; restart++) {
                publish(server, expected, 100);
                proxy.refuse();
                proxy.reset();
                client.cut();
                WireServer.take(server.detached);
                publish(server, expected, 100);
                proxy.admit();
                client.connect();
                await().atMost(PATIENCE).until(client::isOpen);
            }
            await().atMost(PATIENCE).until(() -> client.received("message").size() >= expected.size());
            assertThat(data(client.received("message"))).isEqualTo(expected);
            assertThat(client.received("gap")).isEmpty();
            assertThat(server.disconnected).isEmpty();
        }
    }

    private static void publish(WireServer server, List<Integer> expected, int count) {
        for (int i = 0; i < count; i++) {
            server.publish("open:a", expected.size());
            expected.add(expected.size());
        }
    }

    /** Bytes one by one or in small pieces, 300 ms late each way, and no more of them than an old modem takes. */
    @ParameterizedTest
    @EnumSource
    void f29_wireThatCrawls_isSlowAndNothingElse(Container container) throws Exception {
        int count = 20;
        Random random = new Random(29);
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container);
                FaultProxy proxy = FaultProxy.to(server.port());
                CountingClient client = new CountingClient(through(proxy))) {
            proxy.both().delay(Duration.ofMillis(300)).splitEvery(1).throttle(8_000);
            client.connect();
            await().atMost(PATIENCE).until(client::isOpen);
            client.send("{\"type\":\"subscribe\",\"channel\":\"open:a\"}");
            server.awaitSubscribers("open:a", 1);
            for (int i = 0; i < count; i++) {
                server.publish("open:a", i);
                client.send("{\"type\":\"publish\",\"channel\":\"open:b\",\"data\":\"" + "\u20ac".repeat(20) + "\"}");
                proxy.both().splitEvery(1 + random.nextInt(7));
            }
            await().atMost(PATIENCE).until(() -> client.received("message").size() == count);
            await().atMost(PATIENCE).until(() -> server.tidings.stats().publications() == 2 * count);
            assertThat(data(client.received("message")))
                    .isEqualTo(IntStream.range(0, count).boxed().toList());
            assertThat(client.received("error")).isEmpty();
            assertThat(client.received("gap")).isEmpty();
            assertThat(server.detached).isEmpty();
            assertThat(log.said).isEmpty();
        }
    }
}
