package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.*;
import dev.tidings.spi.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.junit.jupiter.api.Test;

/** Two things at the same moment, many times over. */
@SuppressWarnings("all")
class RaceTest {
    /** How long each race lasts: longer ones find more. */
    private static final long DURATION =
            Duration.ofSeconds(Integer.getInteger("tidings.race.seconds", 8)).toNanos();

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
    void f76_enterAndEnd_leaveNoGhost() throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        ExecutorService delivery = Executors.newSingleThreadExecutor();
        MemoryPresence store = new MemoryPresence();
        int rounds = 300_000;
        int ghosts = 0;
        CyclicBarrier barrier = new CyclicBarrier(2);
        long until = System.nanoTime() + DURATION;
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
        long until = System.nanoTime() + DURATION;
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
        long until = System.nanoTime() + DURATION;
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
        long until = System.nanoTime() + DURATION;
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

    /** The same by polls that overtake each other, posts, other links in between, ends and absences at any moment. */
    @Test
    void churnOfPolls_leavesNothing() throws Exception {
        Tidings tidings = Tidings.builder()
                .channel(
                        "{x}",
                        r -> r.subscribe(Allow.anyone()).publish(Allow.anyone()).presence(Allow.anyone()))
                .limits(l -> l.outbox(4096, 20)
                        .messageRate(100000, 100000)
                        .subscribeRate(100000, 100000)
                        .poll(Duration.ofMillis(200), Duration.ofMillis(40))
                        .resumeWindow(Duration.ofMillis(100))
                        .presenceGrace(Duration.ofMillis(20)))
                .listener(new ConnectionListener() {})
                .build();
        ExecutorService pool = Executors.newFixedThreadPool(6);
        long until = System.nanoTime() + DURATION;
        AtomicReferenceArray<String> tokens = new AtomicReferenceArray<>(3);
        AtomicLong polls = new AtomicLong();
        AtomicLong ends = new AtomicLong();
        List<Future<?>> all = new ArrayList<>();
        for (int t = 0; t < 6; t++) {
            int seed = t;
            all.add(pool.submit(() -> {
                Random r = new Random(seed);
                while (System.nanoTime() < until) {
                    int i = r.nextInt(tokens.length());
                    String token = tokens.get(i);
                    Handshake.Builder h =
                            Handshake.builder("t").remoteAddress("203.0.113.9").acknowledging(true);
                    if (token == null || r.nextInt(12) > 0) {
                        long number = r.nextInt(20) == 0 ? polls.get() - 1 : polls.incrementAndGet();
                        h.allowsAuthFrame(false).polling(true);
                        if (token != null) {
                            h.resume(new Handshake.Resume(token, 0, number));
                        }
                        PollLink poll = new PollLink(tokens, i);
                        poll.open(tidings, h.build());
                        if (r.nextInt(3) == 0) {
                            poll.cut();
                        } else if (r.nextInt(2) == 0) {
                            poll.timeOut();
                        }
                    } else {
                        SafeLink link = new SafeLink();
                        link.attachment = tidings.attach(h.resuming(true).build(), link);
                        link.attachment.receive("{\"type\":\"resume\",\"token\":\"" + token + "\",\"received\":0}");
                        link.wake();
                        if (r.nextBoolean()) {
                            link.attachment.detached(Disconnect.LINK_LOST);
                        } else {
                            link.attachment.receive("{\"type\":\"close\"}");
                            link.attachment.detached(Disconnect.NORMAL);
                        }
                    }
                    if (token != null && r.nextInt(2) == 0) {
                        Handshake said = Handshake.builder("t")
                                .acknowledging(true)
                                .resume(new Handshake.Resume(token, 0, 0))
                                .build();
                        List<String> frames = new ArrayList<>();
                        for (int n = r.nextInt(4); n >= 0; n--) {
                            frames.add(
                                    switch (r.nextInt(6)) {
                                        case 0 -> "{\"type\":\"subscribe\",\"channel\":\"a\",\"presence\":true}";
                                        case 1 -> "{\"type\":\"enter\",\"channel\":\"a\"}";
                                        case 2 -> "{\"type\":\"publish\",\"channel\":\"a\",\"data\":1}";
                                        case 3 -> "{\"type\":\"ack\",\"received\":" + r.nextInt(3) + "}";
                                        case 4 -> r.nextInt(20) == 0 ? "{\"type\":\"close\"}" : "{\"type\":\"ping\"}";
                                        default -> "nonsense";
                                    });
                        }
                        tidings.post(said, 1 + r.nextInt(3), frames);
                    }
                    if (r.nextInt(10) == 0) {
                        tidings.broadcast("x", Payload.string("y".repeat(100)));
                    }
                    if (r.nextInt(30) == 0) {
                        tidings.connections().forEach(c -> {
                            if (r.nextBoolean()) {
                                ends.incrementAndGet();
                                c.disconnect(Disconnect.FORBIDDEN);
                            }
                        });
                    }
                    if (r.nextInt(2_000) == 0) {
                        Thread.sleep(r.nextInt(60));
                    }
                }
                return null;
            }));
        }
        for (Future<?> f : all) {
            f.get();
        }
        Thread.sleep(1000);
        tidings.connections().forEach(c -> c.disconnect(Disconnect.NORMAL));
        Thread.sleep(7000);
        Stats s = tidings.stats();
        int members = tidings.channel("a")
                .presence()
                .members()
                .toCompletableFuture()
                .join()
                .members()
                .size();
        pool.shutdownNow();
        assertThat(polls.get()).isGreaterThan(1_000);
        assertThat(ends.get()).isGreaterThan(100);
        assertThat(s.connections()).isZero();
        assertThat(s.unauthenticated()).isZero();
        assertThat(s.subscriptions()).isZero();
        assertThat(s.channels()).isZero();
        assertThat(members).as("ghosts").isZero();
        assertThat(s.queuedBytes()).isZero();
        long before = System.nanoTime();
        tidings.close();
        assertThat(System.nanoTime() - before)
                .as("nobody to wait for")
                .isLessThan(Duration.ofSeconds(2).toNanos());
    }

    /** A poll in memory: answered with what there is, and over. */
    static final class PollLink implements Link {
        private static final java.util.regex.Pattern SECRET =
                java.util.regex.Pattern.compile("\"resume\":\"([^\"]+)\"");

        private final AtomicReferenceArray<String> tokens;
        private final int index;
        private volatile Attachment attachment;
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile boolean over;

        PollLink(AtomicReferenceArray<String> tokens, int index) {
            this.tokens = tokens;
            this.index = index;
        }

        void open(Tidings tidings, Handshake handshake) {
            attachment = tidings.attach(handshake, this);
            if (ended.get()) {
                attachment.detached(Disconnect.LINK_LOST);
            }
            wake();
        }

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
                look(a);
                seen = requests.addAndGet(-seen);
            }
        }

        private void look(Attachment a) {
            if (ended.get() || !a.isSettled()) {
                return;
            }
            boolean said = false;
            for (Frame frame = a.poll(); frame != null; frame = a.poll()) {
                said = true;
                java.util.regex.Matcher secret = SECRET.matcher(frame.text());
                if ("welcome".equals(frame.event()) && secret.find()) {
                    tokens.set(index, secret.group(1));
                }
            }
            if (said || over) {
                a.written();
                end(Disconnect.LINK_LOST);
            }
        }

        void timeOut() {
            over = true;
            wake();
        }

        void cut() {
            end(Disconnect.LINK_LOST);
        }

        private void end(Disconnect cause) {
            if (ended.compareAndSet(false, true)) {
                Attachment a = attachment;
                if (a != null) {
                    a.detached(cause);
                }
            }
        }

        @Override
        public void close(Disconnect d) {
            end(d);
        }
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
