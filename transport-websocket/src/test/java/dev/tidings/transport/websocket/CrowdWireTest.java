package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that are a burden, among others that are not. In the build they are few; {@code -Dtidings.faults.full=true} makes it
 * a crowd.
 */
class CrowdWireTest {

    private static final boolean FULL = Boolean.getBoolean("tidings.faults.full");
    private static final Duration PATIENCE = Duration.ofSeconds(FULL ? 300 : 40);
    private static final String HEAD = "{\"type\":\"";

    private static void closeAll(List<? extends AutoCloseable> all) throws Exception {
        for (AutoCloseable each : all) {
            each.close();
        }
    }

    /** Clients that read, and count what they have read. */
    private static List<PlainClient> readers(WireServer server, int count, AtomicInteger[] received) {
        List<PlainClient> readers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            AtomicInteger mine = new AtomicInteger();
            received[i] = mine;
            readers.add(PlainClient.handingOver(server, "?channel=open:a", message -> {
                // In order and without a hole, or the count stays behind.
                if (message.startsWith(HEAD + "message\",\"channel\":\"open:a\",\"data\":[" + mine.get() + ",")) {
                    mine.incrementAndGet();
                }
            }));
        }
        return readers;
    }

    private static List<RawClient> stalled(WireServer server, int count) throws IOException {
        List<RawClient> stalled = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            stalled.add(RawClient.opened(RawClient.connectNarrow(server.port()), "?channel=open:a"));
        }
        return stalled;
    }

    private static void awaitAll(AtomicInteger[] received, int count) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> Arrays.stream(received).allMatch(n -> n.get() >= count));
    }

    /** A quarter of all do not read. The publisher waits for none of them, and what they cost is bounded. */
    @ParameterizedTest
    @EnumSource
    void f05_manyStalledReaders_holdUpNobody(Container container) throws Exception {
        int all = FULL ? 2_000 : 48;
        int stuck = all / 4;
        int count = 90;
        int outbox = 512 * 1024;
        String padding = "x".repeat(64 * 1024);
        AtomicInteger[] received = new AtomicInteger[all - stuck];
        long[] nanos = new long[count];
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(
                        container,
                        b -> b.limits(l -> l.sendTimeout(Duration.ofSeconds(2))
                                .outbox(outbox, 4_096)
                                .connections(0, 0, 0)
                                .unauthenticated(0)))) {
            List<RawClient> stalled = stalled(server, stuck);
            List<PlainClient> readers = readers(server, all - stuck, received);
            try {
                server.awaitSubscribers("open:a", all);
                for (int i = 0; i < count; i++) {
                    Payload payload = Payload.json("[" + i + ",\"" + padding + "\"]");
                    long begun = System.nanoTime();
                    server.tidings.channel("open:a").publish(payload);
                    nanos[i] = System.nanoTime() - begun;
                    awaitAll(received, i + 1);
                    // Each holds its outbox, and one frame on its way, at most.
                    assertThat(server.tidings.stats().queuedBytes())
                            .isLessThan((long) all * (outbox + 2L * padding.length()));
                }
                for (int i = 0; i < stuck; i++) {
                    assertThat(WireServer.take(server.disconnected).code()).isEqualTo(4108);
                }
                await().atMost(PATIENCE).until(() -> server.tidings.stats().queuedBytes() == 0);
                assertThat(server.tidings.channel("open:a").subscribers()).isEqualTo(all - stuck);
                assertThat(server.disconnected).isEmpty();
                Arrays.sort(nanos);
                // What a machine that is busy with other things adds is more than a millisecond.
                assertThat(Duration.ofNanos(nanos[count * 9 / 10])).isLessThan(Duration.ofMillis(FULL ? 1 : 20));
                assertThat(log.said).isEmpty();
            } finally {
                closeAll(stalled);
                closeAll(readers);
            }
        }
    }

    /** How long the slower ones of many publications take to be with all readers. */
    private static Duration slowest(WireServer server, AtomicInteger[] received, int from, int count, String padding) {
        long[] nanos = new long[count];
        for (int i = 0; i < count; i++) {
            long begun = System.nanoTime();
            server.tidings.channel("open:a").publish(Payload.json("[" + (from + i) + ",\"" + padding + "\"]"));
            awaitAll(received, from + i + 1);
            nanos[i] = System.nanoTime() - begun;
        }
        Arrays.sort(nanos);
        return Duration.ofNanos(nanos[count * 99 / 100]);
    }

    @ParameterizedTest
    @EnumSource
    void f04_stalledReader_leavesTheOthersLatencyAsItWas(Container container) throws Exception {
        int all = FULL ? 100 : 20;
        int count = FULL ? 1_000 : 150;
        String padding = "x".repeat(32 * 1024);
        AtomicInteger[] received = new AtomicInteger[all - 1];
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.outbox(64 << 20, 4_096).sendTimeout(Duration.ofMinutes(2))))) {
            List<PlainClient> readers = readers(server, all - 1, received);
            try {
                server.awaitSubscribers("open:a", all - 1);
                // The first round warms up.
                slowest(server, received, 0, count, padding);
                Duration without = slowest(server, received, count, count, padding);
                List<RawClient> stalled = stalled(server, 1);
                try {
                    server.awaitSubscribers("open:a", all);
                    // Fills the wire, so that the next round finds the client stuck.
                    slowest(server, received, 2 * count, count, padding);
                    Duration with = slowest(server, received, 3 * count, count, padding);
                    assertThat(server.disconnected).as("it is stuck, and there").isEmpty();
                    assertThat(server.tidings.stats().queuedBytes()).isGreaterThan(count * 32L * 1024 / 2);
                    assertThat(with)
                            .isLessThan(without.multipliedBy(FULL ? 2 : 5).plusMillis(100));
                } finally {
                    closeAll(stalled);
                }
            } finally {
                closeAll(readers);
            }
        }
    }

    /** Containers take one send at a time, and some throw at a second one. */
    @ParameterizedTest
    @EnumSource
    void f10_fourThreadsSendToOneClient_inTheOrderOfEach(Container container) throws Exception {
        int each = 500;
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (LogCapture log = LogCapture.start();
                WireServer server = WireServer.start(container);
                PlainClient client = PlainClient.open(server, "")) {
            client.next("welcome");
            Connection connection = WireServer.take(server.connected);
            for (int t = 0; t < 4; t++) {
                String thread = Integer.toString(t);
                threads.execute(() -> {
                    for (int i = 0; i < each; i++) {
                        connection.send(thread, Payload.json(Integer.toString(i)));
                    }
                });
            }
            int[] next = new int[4];
            for (int i = 0; i < 4 * each; i++) {
                JsonObject frame = client.next("direct");
                int thread = frame.get("event").getAsInt();
                assertThat(frame.get("data").getAsInt()).isEqualTo(next[thread]++);
            }
            assertThat(server.disconnected).isEmpty();
            assertThat(log.said).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    /** Code of the application that holds its thread: its clients wait until their mailbox is full, and nobody else does. */
    @ParameterizedTest
    @EnumSource
    void f22_listenerThatBlocks_holdsUpItsOwnClientsOnly(Container container) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        ConnectionListener blocking = new ConnectionListener() {
            @Override
            public void onMessage(Connection connection, String event, Payload payload) {
                try {
                    release.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        List<PlainClient> stuck = new ArrayList<>();
        try (WireServer server =
                WireServer.start(container, b -> b.listener(blocking).limits(l -> l.mailbox(4, 100_000)))) {
            try {
                for (int i = 0; i < 10; i++) {
                    stuck.add(PlainClient.open(server, ""));
                }
                for (PlainClient client : stuck) {
                    client.next("welcome");
                    client.send(HEAD + "send\",\"event\":\"block\"}");
                }
                for (int i = 0; i < 20; i++) {
                    try (PlainClient other = PlainClient.open(server, "")) {
                        other.send(HEAD + "subscribe\",\"id\":1,\"channel\":\"open:a\"}");
                        assertThat(other.next("reply").get("id").getAsInt()).isEqualTo(1);
                    }
                }
                assertThat(server.tidings.stats().connections()).isGreaterThanOrEqualTo(10);
                for (PlainClient client : stuck) {
                    for (int i = 0; i < 8; i++) {
                        client.send(HEAD + "send\",\"event\":\"block\"}");
                    }
                    assertThat(client.closing()).startsWith("4129");
                }
            } finally {
                release.countDown();
                closeAll(stuck);
            }
        }
    }

    /** Handshakes that come byte by byte are the container's; for us there is nothing, and everybody else gets in. */
    @ParameterizedTest
    @EnumSource
    void f23_handshakesByteByByte_costNothingOfOurs(Container container) throws Exception {
        byte[] head = ("GET " + WireServer.PATH + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                .getBytes(StandardCharsets.ISO_8859_1);
        List<RawClient> slow = new ArrayList<>();
        try (WireServer server =
                WireServer.start(container, b -> b.limits(l -> l.authTimeout(Duration.ofMillis(500))))) {
            try {
                for (int i = 0; i < 50; i++) {
                    slow.add(RawClient.connect(server.port()).bytes(head));
                }
                for (int round = 0; round < 20; round++) {
                    for (RawClient client : slow) {
                        client.bytes(new byte[] {'x'});
                    }
                    try (PlainClient other = PlainClient.open(server, "")) {
                        other.next("welcome");
                        assertThat(server.tidings.stats().connections()).isLessThanOrEqualTo(round + 1);
                        assertThat(server.tidings.stats().unauthenticated()).isZero();
                    }
                }
                await().atMost(PATIENCE).until(() -> server.tidings.stats().connections() == 0);
            } finally {
                closeAll(slow);
            }
        }
    }

    /** A socket that is open and says nothing is gone when the time to authenticate is over. */
    @ParameterizedTest
    @EnumSource
    void f23_socketsThatNeverSayWho_areGoneInTime(Container container) throws Exception {
        CompletableFuture<Void> never = new CompletableFuture<>();
        List<RawClient> silent = new ArrayList<>();
        try (WireServer server = WireServer.start(
                container,
                b -> b.authenticator(credentials -> never.thenApply(nothing -> {
                            throw new IllegalStateException("for the test");
                        }))
                        .limits(l -> l.authTimeout(Duration.ofMillis(500)).unauthenticated(0)))) {
            try {
                for (int i = 0; i < 30; i++) {
                    RawClient client = RawClient.open(server, "");
                    silent.add(client);
                    // One byte of a frame now and then is nothing that was said.
                    client.bytes(new byte[] {(byte) (RawClient.FIN | RawClient.TEXT)});
                }
                for (RawClient client : silent) {
                    assertThat(client.closing()).isEqualTo("4001 Auth timeout");
                }
                await().atMost(PATIENCE).until(() -> server.tidings.stats().unauthenticated() == 0);
            } finally {
                closeAll(silent);
            }
        }
    }
}
