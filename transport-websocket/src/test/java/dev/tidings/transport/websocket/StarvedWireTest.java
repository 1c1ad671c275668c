package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that is stopped in the middle of everything, and one that gets too little of the processor. */
class StarvedWireTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Clients come, speak, break and come back, others publish; and then it is over, at any moment. */
    @ParameterizedTest
    @EnumSource
    void f82_stopWhileClientsConnectPublishAndReconnect_isQuickAndQuiet(Container container) throws Exception {
        Random random = new Random(82);
        for (int round = 0; round < 4; round++) {
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger connected = new AtomicInteger();
            ExecutorService busy = Executors.newFixedThreadPool(6);
            try (LogCapture log = LogCapture.start();
                    WireServer server = WireServer.start(container)) {
                for (int i = 0; i < 5; i++) {
                    busy.execute(() -> reconnect(server, over, connected));
                }
                busy.execute(() -> {
                    while (!over.get()) {
                        server.tidings.channel("open:a").publish(Payload.NULL);
                        server.tidings.broadcast("all", Payload.NULL);
                        LockSupport.parkNanos(200_000);
                    }
                });
                await().atMost(PATIENCE).until(() -> connected.get() > 5);
                TimeUnit.MILLISECONDS.sleep(random.nextInt(100));

                long begun = System.nanoTime();
                server.tidings.close();
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
                assertThat(server.tidings.stats().connections()).isZero();
                assertThat(server.tidings.stats().queuedBytes()).isZero();
                over.set(true);
                busy.shutdown();
                assertThat(busy.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
                assertThat(log.said).isEmpty();
            } finally {
                over.set(true);
                busy.shutdownNow();
            }
        }
    }

    private static void reconnect(WireServer server, AtomicBoolean over, AtomicInteger connected) {
        try (CountingClient client = new CountingClient(server.uri("").toString())) {
            while (!over.get()) {
                try {
                    client.connect();
                    client.send("{\"type\":\"subscribe\",\"channel\":\"open:a\"}");
                    client.send("{\"type\":\"publish\",\"channel\":\"open:a\",\"data\":1}");
                    connected.incrementAndGet();
                    TimeUnit.MILLISECONDS.sleep(5);
                    client.cut();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                } catch (Exception e) {
                    // The server has stopped; whoever comes now is refused.
                    LockSupport.parkNanos(200_000);
                }
            }
        }
    }

    /** Eight threads for each processor compute and do nothing else, for longer than a client may be silent. */
    @ParameterizedTest
    @EnumSource
    void f86_processorsThatAreBusy_doNotMakeHealthyClientsLookDead(Container container) throws Exception {
        int burners = 8 * Runtime.getRuntime().availableProcessors();
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService burning = Executors.newFixedThreadPool(burners);
        List<CountingClient> clients = new ArrayList<>();
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.heartbeat(Duration.ofSeconds(1), Duration.ofSeconds(3))))) {
            try {
                for (int i = 0; i < 10; i++) {
                    CountingClient client = new CountingClient(server.uri("").toString());
                    clients.add(client);
                    client.connect();
                    await().atMost(PATIENCE).until(client::isOpen);
                    client.send("{\"type\":\"subscribe\",\"channel\":\"open:a\"}");
                }
                server.awaitSubscribers("open:a", 10);
                long end = System.nanoTime() + Duration.ofSeconds(6).toNanos();
                List<CompletableFuture<Double>> burns = new ArrayList<>();
                for (int i = 0; i < burners; i++) {
                    burns.add(CompletableFuture.supplyAsync(() -> burn(over, end), burning));
                }
                int published = 0;
                while (System.nanoTime() < end) {
                    server.publish("open:a", published++);
                    int all = published;
                    for (CountingClient client : clients) {
                        await().atMost(PATIENCE)
                                .pollInterval(Duration.ofMillis(10))
                                .until(() -> client.received("message").size() == all);
                    }
                }
                assertThat(server.detached).isEmpty();
                assertThat(server.disconnected).isEmpty();
                assertThat(published).isPositive();
                over.set(true);
                CompletableFuture.allOf(burns.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
            } finally {
                over.set(true);
                clients.forEach(CountingClient::close);
            }
        } finally {
            burning.shutdownNow();
        }
    }

    private static double burn(AtomicBoolean over, long end) {
        double sum = 0;
        while (!over.get() && System.nanoTime() < end) {
            for (int i = 1; i < 10_000; i++) {
                sum += Math.sqrt(i);
            }
        }
        return sum;
    }
}
