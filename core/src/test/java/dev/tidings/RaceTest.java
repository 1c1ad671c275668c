package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.*;
import dev.tidings.spi.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.junit.jupiter.api.Test;

/** Two things at the same moment, many times over. */
@SuppressWarnings("all")
class RaceTest {

    static void both(CyclicBarrier barrier, Runnable r) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        r.run();
    }

    static void settle(ExecutorService delivery) throws Exception {
        for (int i = 0; i < 8; i++) {
            delivery.submit(() -> {}).get();
        }
    }

    /** enter on the callback executor while the connection ends elsewhere. */
    @Test
    void enterAndEnd_leaveNoGhost() throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        ExecutorService delivery = Executors.newSingleThreadExecutor();
        MemoryPresence store = new MemoryPresence();
        int rounds = 300_000;
        int ghosts = 0;
        CyclicBarrier barrier = new CyclicBarrier(2);
        long until = System.nanoTime() + 20_000_000_000L;
        int i = 0;
        for (; i < rounds && System.nanoTime() < until && ghosts == 0; i++) {
            String id = "c" + i;
            Memberships m = new Memberships(id, "u", store, delivery, 128);
            Future<?> a = two.submit(() -> both(barrier, () -> m.enter("room", Payload.NULL)));
            Future<?> b = two.submit(() -> both(barrier, () -> {
                // as LiveConnection.leavePresence does
                m.end();
                if (!m.isEmpty()) {
                    m.hideAll();
                }
            }));
            a.get();
            b.get();
            settle(delivery);
            PresenceStore.Snapshot s =
                    store.members("room").toCompletableFuture().join();
            if (!s.members().isEmpty()) {
                ghosts++;
            }
        }
        two.shutdownNow();
        delivery.shutdownNow();
        assertThat(ghosts).isZero();
    }

    /** the sweep hides while a resume shows. */
    @Test
    void hideAndShow_loseNoMember() throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        ExecutorService delivery = Executors.newSingleThreadExecutor();
        MemoryPresence store = new MemoryPresence();
        int lost = 0;
        CyclicBarrier barrier = new CyclicBarrier(2);
        long until = System.nanoTime() + 20_000_000_000L;
        int i = 0;
        Memberships m = new Memberships("c", "u", store, delivery, 128);
        m.enter("room", Payload.NULL);
        for (; System.nanoTime() < until && lost == 0; i++) {
            Future<?> a = two.submit(() -> both(barrier, m::hideAll));
            Future<?> b = two.submit(() -> both(barrier, m::showAll));
            a.get();
            b.get();
            settle(delivery);
            boolean hiddenInStore =
                    store.members("room").toCompletableFuture().join().members().isEmpty();
            // What Memberships thinks: if it thinks shown, showAll does nothing.
            m.showAll();
            settle(delivery);
            boolean stillHidden =
                    store.members("room").toCompletableFuture().join().members().isEmpty();
            if (hiddenInStore && stillHidden) {
                lost++;
            }
        }
        two.shutdownNow();
        delivery.shutdownNow();
        assertThat(lost).isZero();
    }

    /** subscribe and unsubscribe of one channel of one connection by several threads. */
    @Test
    void subscribeAndUnsubscribe_leaveNoDeafSubscription() throws Exception {
        Tidings tidings = Tidings.builder()
                .channel("{x}", r -> r.subscribe(Allow.anyone()))
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .build();
        TestLink link = TestLink.attach(
                tidings, Handshake.builder("t").acknowledging(true).build());
        Connection c = tidings.connections().iterator().next();
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        long until = System.nanoTime() + 20_000_000_000L;
        int rounds = 0;
        String bad = null;
        // Another connection's threads contend for the bin of the channel's name.
        while (System.nanoTime() < until && bad == null) {
            List<Future<?>> all = new ArrayList<>();
            CyclicBarrier barrier = new CyclicBarrier(threads);
            for (int t = 0; t < threads; t++) {
                all.add(pool.submit(() -> both(barrier, () -> {
                    for (int i = 0; i < 200; i++) {
                        c.subscribe("room");
                        c.unsubscribe("room");
                    }
                })));
            }
            for (Future<?> f : all) {
                f.get();
            }
            c.unsubscribe("room");
            rounds++;
            Stats s = tidings.stats();
            if (s.subscriptions() != 0 || s.channels() != 0) {
                bad = s.toString();
            }
            c.subscribe("room");
            if (tidings.channel("room").subscribers() != 1) {
                bad += " deaf";
            }
            c.unsubscribe("room");
        }
        pool.shutdownNow();
        tidings.close();
        assertThat(bad).isNull();
    }

    /** Churn: whatever happens at once, at the end nothing is left. */
    @Test
    void churn_leavesNothing() throws Exception {
        Tidings tidings = Tidings.builder()
                .channel(
                        "{x}",
                        r -> r.subscribe(Allow.anyone()).publish(Allow.anyone()).presence(Allow.anyone()))
                .limits(l -> l.outbox(4096, 20).messageRate(100000, 100000).subscribeRate(100000, 100000))
                .listener(new ConnectionListener() {})
                .build();
        ExecutorService pool = Executors.newFixedThreadPool(6);
        long until = System.nanoTime() + 20_000_000_000L;
        List<Future<?>> all = new ArrayList<>();
        AtomicInteger made = new AtomicInteger();
        for (int t = 0; t < 6; t++) {
            int seed = t;
            all.add(pool.submit(() -> {
                Random r = new Random(seed);
                while (System.nanoTime() < until) {
                    Handshake h = Handshake.builder("t")
                            .remoteAddress("203.0.113.9")
                            .acknowledging(r.nextBoolean())
                            .build();
                    SafeLink link = new SafeLink();
                    link.attachment = tidings.attach(h, link);
                    link.wake();
                    made.incrementAndGet();
                    int n = r.nextInt(6);
                    for (int i = 0; i < n; i++) {
                        switch (r.nextInt(7)) {
                            case 0 ->
                                link.attachment.receive("{\"type\":\"subscribe\",\"channel\":\"a\",\"presence\":true}");
                            case 1 -> link.attachment.receive("{\"type\":\"enter\",\"channel\":\"a\"}");
                            case 2 -> link.attachment.receive("{\"type\":\"publish\",\"channel\":\"a\",\"data\":1}");
                            case 3 -> tidings.broadcast("x", Payload.string("y".repeat(100)));
                            case 4 ->
                                tidings.connections().forEach(c -> {
                                    if (r.nextInt(4) == 0) c.disconnect(Disconnect.NORMAL);
                                });
                            case 5 ->
                                tidings.connections().forEach(c -> {
                                    if (r.nextBoolean()) c.unsubscribe("a");
                                    else c.subscribe("a");
                                });
                            default -> Thread.yield();
                        }
                    }
                    if (r.nextBoolean()) {
                        link.attachment.detached(r.nextBoolean() ? Disconnect.NORMAL : Disconnect.LINK_LOST);
                    } else {
                        link.attachment.receive("{\"type\":\"close\"}");
                        link.attachment.detached(Disconnect.NORMAL);
                    }
                }
            }));
        }
        for (Future<?> f : all) {
            f.get();
        }
        Thread.sleep(1000);
        tidings.connections().forEach(c -> c.disconnect(Disconnect.NORMAL));
        Thread.sleep(8000);
        Stats s = tidings.stats();
        int members = tidings.channel("a")
                .presence()
                .members()
                .toCompletableFuture()
                .join()
                .members()
                .size();
        pool.shutdownNow();
        assertThat(s.connections()).isZero();
        assertThat(s.unauthenticated()).isZero();
        assertThat(s.subscriptions()).isZero();
        assertThat(s.channels()).isZero();
        assertThat(members).as("ghosts").isZero();
        assertThat(s.queuedBytes()).isZero();
        tidings.close();
    }

    static final class SafeLink implements Link {
        volatile Attachment attachment;
        final AtomicInteger requests = new AtomicInteger();

        @Override
        public String transport() {
            return "t";
        }

        @Override
        public void wake() {
            Attachment a = attachment;
            if (a == null || requests.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            while (seen != 0) {
                while (a.poll() != null) {
                    a.written();
                }
                seen = requests.addAndGet(-seen);
            }
        }

        @Override
        public void close(Disconnect d) {
            Attachment a = attachment;
            if (a != null) {
                a.detached(d);
            }
        }
    }
}
