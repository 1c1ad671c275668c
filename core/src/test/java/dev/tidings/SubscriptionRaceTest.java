package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** Subscriptions that come and go while connections end and publications come. */
class SubscriptionRaceTest {

    private static Tidings tidings() {
        return Tidings.builder()
                .channel(
                        "{name}",
                        rule -> rule.subscribe(Allow.anyone())
                                .publish(Allow.anyone())
                                .presence(Allow.anyone()))
                // A thread that is put aside for a second is no slow client.
                .limits(limits -> limits.connections(0, 0, 0)
                        .outbox(1 << 28, 1 << 20)
                        .subscribeRate(1_000_000, 1_000_000)
                        .messageRate(1_000_000, 1_000_000)
                        .byteRate(1 << 30, 1 << 30))
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .build();
    }

    /** In each round a hundred connections subscribe and enter while they are ended; afterwards nothing of them is there. */
    @Test
    void f76_subscribeAndEnd_leaveNoOrphanInAHundredThousandRounds() throws Exception {
        int rounds = 1_000;
        int together = 100;
        ExecutorService ender = Executors.newSingleThreadExecutor();
        CyclicBarrier barrier = new CyclicBarrier(2);
        try (Tidings tidings = tidings()) {
            Handshake handshake = Handshake.builder("test").acknowledging(true).build();
            for (int round = 0; round < rounds; round++) {
                List<Recording> links = new ArrayList<>();
                for (int i = 0; i < together; i++) {
                    links.add(new Recording().on(tidings, handshake));
                }
                List<Connection> connections = List.copyOf(tidings.connections());
                assertThat(connections).hasSize(together);
                boolean byServer = round % 2 == 0;
                CompletableFuture<Void> ending = CompletableFuture.runAsync(
                        () -> {
                            meet(barrier);
                            for (int i = 0; i < together; i++) {
                                if (byServer) {
                                    connections.get(i).disconnect(Disconnect.FORBIDDEN);
                                } else {
                                    links.get(i).attachment.detached(Disconnect.NORMAL);
                                }
                            }
                        },
                        ender);
                meet(barrier);
                for (int i = 0; i < together; i++) {
                    links.get(i).attachment.receive("{\"type\":\"subscribe\",\"channel\":\"a\",\"presence\":true}");
                    links.get(i).attachment.receive("{\"type\":\"enter\",\"channel\":\"a\"}");
                    connections.get(i).subscribe("b");
                }
                ending.get(60, TimeUnit.SECONDS);
                Stats stats = tidings.stats();
                assertThat(List.of(stats.connections(), stats.subscriptions(), stats.channels()))
                        .as("round %d", round)
                        .allMatch(left -> ((Number) left).longValue() == 0);
                assertThat(tidings.channel("a")
                                .presence()
                                .members()
                                .toCompletableFuture()
                                .get(10, TimeUnit.SECONDS)
                                .members())
                        .as("round %d", round)
                        .isEmpty();
            }
        } finally {
            ender.shutdownNow();
        }
    }

    /** Whatever is published meanwhile: behind the answer to an unsubscribe nothing of the channel comes. */
    @Test
    void f77_unsubscribeWhileOthersPublish_nothingComesAfterTheAnswer() throws Exception {
        ExecutorService publisher = Executors.newSingleThreadExecutor();
        AtomicBoolean over = new AtomicBoolean();
        try (Tidings tidings = tidings()) {
            Recording link =
                    new Recording().on(tidings, Handshake.builder("test").build());
            Connection connection = tidings.connections().iterator().next();
            CompletableFuture<Void> publishing = CompletableFuture.runAsync(
                    () -> {
                        while (!over.get()) {
                            for (int i = 0; i < 64; i++) {
                                tidings.channel("a").publish(Payload.NULL);
                            }
                            LockSupport.parkNanos(50_000);
                        }
                    },
                    publisher);
            int heard = 0;
            for (int round = 0; round < 10_000; round++) {
                link.attachment.receive("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"a\"}");
                link.await("\"id\":1");
                boolean byServer = round % 2 == 0;
                if (byServer) {
                    assertThat(connection.unsubscribe("a"))
                            .as("round %d", round)
                            .isTrue();
                } else {
                    link.attachment.receive("{\"type\":\"unsubscribe\",\"id\":2,\"channel\":\"a\"}");
                }
                heard += link.check(byServer ? "\"type\":\"unsubscribed\"" : "\"id\":2");
            }
            over.set(true);
            publishing.get(10, TimeUnit.SECONDS);
            assertThat(heard).as("the two have met").isPositive();
        } finally {
            over.set(true);
            publisher.shutdownNow();
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A link that may be woken by several threads, and keeps what it polls. */
    private static final class Recording implements Link {
        private final ReentrantLock polling = new ReentrantLock();
        private final List<String> sent = new ArrayList<>();
        private volatile Attachment attachment;

        Recording on(Tidings tidings, Handshake handshake) {
            attachment = tidings.attach(handshake, this);
            wake();
            return this;
        }

        @Override
        public String transport() {
            return "test";
        }

        @Override
        public void wake() {
            Attachment from = attachment;
            if (from == null) {
                return;
            }
            polling.lock();
            try {
                for (var frame = from.poll(); frame != null; frame = from.poll()) {
                    sent.add(frame.text());
                    from.written();
                }
            } finally {
                polling.unlock();
            }
        }

        @Override
        public void close(Disconnect disconnect) {
            attachment.detached(disconnect);
        }

        /** Reads until the frame that has this has come: it may be another thread that brings it. Where it is. */
        int await(String text) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (true) {
                wake();
                polling.lock();
                try {
                    for (int i = sent.size() - 1; i >= 0; i--) {
                        if (sent.get(i).contains(text)) {
                            return i;
                        }
                    }
                    assertThat(System.nanoTime())
                            .as("%s, the last is %s", text, sent)
                            .isLessThan(end);
                } finally {
                    polling.unlock();
                }
                Thread.onSpinWait();
            }
        }

        /** The frame that has this is the last of the channel; how much came before it. */
        int check(String last) {
            int at = await(last);
            wake();
            polling.lock();
            try {
                assertThat(sent.subList(at + 1, sent.size())).noneMatch(text -> text.contains("\"message\""));
                sent.clear();
                return at - 1;
            } finally {
                polling.unlock();
            }
        }
    }
}
