package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Stats;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryWire;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class ShutdownAndStatsTest {

    @Test
    void stats_sayWhatIsThere() {
        try (Bench bench = new Bench(builder -> builder.channel("{any}", rule -> rule.subscribe(Allow.anyone())))) {
            assertThat(bench.tidings.stats()).isEqualTo(new Stats(0, 0, 0, 0, 0, 0, 0, 0, 0));
            MemoryClient ann = bench.subscribed(bench.acknowledging(), "a", "b");
            MemoryClient bob = bench.subscribed(bench.plain(), "a");
            bob.stall();
            bench.publish("a", 1);
            bench.publish("nobody", 2);
            Stats stats = bench.tidings.stats();
            assertThat(stats.connections()).isEqualTo(2);
            assertThat(stats.attached()).isEqualTo(2);
            assertThat(stats.channels()).isEqualTo(2);
            assertThat(stats.subscriptions()).isEqualTo(3);
            assertThat(stats.publications()).isEqualTo(2);
            assertThat(stats.deliveries()).isEqualTo(2);
            assertThat(stats.queuedBytes()).isPositive();
            ann.cut();
            bench.settle();
            assertThat(bench.tidings.stats().attached()).isEqualTo(1);
            bob.unstall();
            bench.settle();
            assertThat(bench.tidings.stats().queuedBytes()).isZero();
            bob.close(1000);
            bench.seconds(125);
            Stats end = bench.tidings.stats();
            assertThat(end).isEqualTo(new Stats(0, 0, 0, 0, 0, 2, 2, 0, 0));
        }
    }

    /** With the threads that an application has: closing waits for them. */
    @Test
    void close_tellsEverybodyRefusesTheRestAndEndsOnce() {
        List<String> events = new CopyOnWriteArrayList<>();
        Tidings tidings = Tidings.builder()
                .name("closing")
                .listener(new ConnectionListener() {
                    @Override
                    public void onDisconnect(Connection connection, Disconnect disconnect) {
                        events.add("disconnect " + disconnect.code());
                    }
                })
                .build();
        MemoryClient ann = MemoryClient.acknowledging(tidings).connect();
        MemoryClient bob = MemoryClient.plain(tidings).connect();
        Awaitility.await().until(() -> ann.isOpen() && bob.isOpen());
        tidings.broadcast("last", Payload.json("1"));
        tidings.close();
        tidings.close();
        for (MemoryClient client : List.of(ann, bob)) {
            assertThat(client.closed()).hasValue(Disconnect.SHUTTING_DOWN);
            assertThat(Bench.direct(client)).containsExactly("1");
            assertThat(client.wire("close").get(0).number("code")).isEqualTo(4203);
            assertThat(client.wire("close").get(0).string("reconnect")).isEqualTo("now");
            assertThat(client.wire("close").get(0).number("retryAfter")).isBetween(0L, 5_000L);
        }
        assertThat(events).containsExactly("disconnect 4203", "disconnect 4203");
        MemoryClient late = MemoryClient.plain(tidings).connect();
        assertThat(late.refused().orElseThrow().disconnect().httpStatus()).isEqualTo(503);
        assertThat(late.refused().orElseThrow().retryAfter()).isNotNull();
        assertThat(tidings.channel("news")
                        .publish(Payload.NULL)
                        .toCompletableFuture()
                        .join()
                        .outcome())
                .isEqualTo(Outcome.FAILED);
        Awaitility.await()
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("closing-")));
    }

    /** A client between two polls is waited for, and hears with the next one what waits and why it ends. */
    @Test
    void close_clientBetweenPolls_isToldByItsNextPoll() {
        Tidings tidings = Tidings.builder().name("closing-polls").build();
        MemoryClient client =
                MemoryClient.acknowledging(tidings).wire(MemoryWire.POLLS).connect();
        Awaitility.await().until(() -> client.isOpen() && !client.isPolling());
        tidings.broadcast("last", Payload.json("1"));
        CompletableFuture<Void> closing = CompletableFuture.runAsync(tidings::close);
        MemoryClient late = MemoryClient.plain(tidings).connect();
        Awaitility.await()
                .pollInterval(Duration.ofMillis(20))
                .until(() -> tidings.stats().connections() == 0);
        assertThat(closing).isNotDone();
        client.poll();
        Awaitility.await().until(() -> !client.isPolling());
        if (client.closures().isEmpty()) {
            client.poll();
        }
        closing.orTimeout(2, TimeUnit.SECONDS).join();
        assertThat(Bench.direct(client)).containsExactly("1");
        assertThat(client.wire("close").get(0).number("code")).isEqualTo(4203);
        assertThat(client.closures()).containsExactly(Disconnect.SHUTTING_DOWN);
        assertThat(client.refused()).isEmpty();
        assertThat(late.isOpen()).isFalse();
        assertThat(tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void close_clientBetweenPollsDoesNotCome_isBounded() {
        Tidings tidings = Tidings.builder()
                .limits(limits -> limits.closeGrace(Duration.ofMillis(500)))
                .build();
        MemoryClient client =
                MemoryClient.acknowledging(tidings).wire(MemoryWire.POLLS).connect();
        Awaitility.await().until(() -> client.isOpen() && !client.isPolling());
        tidings.broadcast("last", Payload.json("1"));
        CompletableFuture<Void> closing = CompletableFuture.runAsync(tidings::close);
        closing.orTimeout(5, TimeUnit.SECONDS).join();
        assertThat(tidings.stats().queuedBytes()).isZero();
        client.poll();
        assertThat(client.refused().orElseThrow().disconnect()).isEqualTo(Disconnect.SHUTTING_DOWN);
    }

    /** A listener that blocks holds up its own connection only. */
    @Test
    void f22_listenerThatBlocks_holdsUpItsOwnConnectionOnly() throws InterruptedException {
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch others = new CountDownLatch(20);
        CompletableFuture<Void> release = new CompletableFuture<>();
        Tidings tidings = Tidings.builder()
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection connection, String event, Payload payload) {
                        if (event.equals("block")) {
                            blocked.countDown();
                            release.join();
                        } else {
                            others.countDown();
                        }
                    }
                })
                .build();
        try {
            MemoryClient stuck = MemoryClient.plain(tidings).connect();
            stuck.message("block", "1");
            assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 20; i++) {
                MemoryClient.plain(tidings).connect().message("go", "1");
            }
            assertThat(others.await(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            release.complete(null);
            tidings.close();
        }
    }
}
