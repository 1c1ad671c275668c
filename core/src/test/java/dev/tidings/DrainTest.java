package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Drain;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DrainTest {

    private static final int SHARE = 16;

    private final Queue<Frame> frames = new ConcurrentLinkedQueue<>();
    private final AtomicInteger releases = new AtomicInteger();
    private final Queue<Runnable> elsewhere = new ArrayDeque<>();
    private final List<String> written = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    @Test
    void wake_nothingToWrite_doesNothing() {
        Drain drain = drain(elsewhere::add, frame -> written.add(frame.text()));
        drain.wake();
        drain.written();

        assertThat(written).isEmpty();
        assertThat(releases).hasValue(0);
    }

    @Test
    void wake_writeInFlight_beginsNoOther() {
        offer(3);
        Drain drain = drain(elsewhere::add, frame -> written.add(frame.text()));
        drain.wake();
        drain.wake();
        assertThat(written).containsExactly("0");
        assertThat(releases).hasValue(0);

        drain.written();
        assertThat(written).containsExactly("0", "1");
        assertThat(releases).hasValue(1);
        drain.written();
        drain.written();
        assertThat(written).containsExactly("0", "1", "2");
        assertThat(releases).hasValue(3);
        drain.written();
        assertThat(releases).hasValue(3);
    }

    /** A container that completes each send inside of it must not make the stack grow with the queue. */
    @Test
    void written_insideOfEveryWrite_keepsTheStackFlat() throws Exception {
        int total = 1_000_000;
        AtomicInteger left = new AtomicInteger(total);
        AtomicInteger count = new AtomicInteger();
        Drain[] loop = new Drain[1];
        Attachment endless = new Polled(() -> left.getAndDecrement() > 0 ? Frame.counted("x") : null);
        int[] deepest = new int[1];
        loop[0] = new Drain(
                endless,
                host(elsewhere::add, Integer.MAX_VALUE),
                frame -> {
                    if (count.incrementAndGet() % 100_000 == 0) {
                        deepest[0] = Math.max(deepest[0], new Throwable().getStackTrace().length);
                    }
                    loop[0].written();
                },
                failures::add);
        Thread small = new Thread(null, loop[0]::wake, "small stack", 256 * 1024);
        small.start();
        small.join(60_000);

        assertThat(failures).isEmpty();
        assertThat(count).hasValue(total);
        assertThat(deepest[0]).isLessThan(20);
    }

    @Test
    void wake_manyFrames_goesOnElsewhereAfterAShare() {
        offer(SHARE * 2 + 1);
        Drain[] loop = new Drain[1];
        loop[0] = drain(elsewhere::add, frame -> {
            written.add(frame.text());
            loop[0].written();
        });
        loop[0].wake();
        assertThat(written).hasSize(SHARE);
        loop[0].wake();
        assertThat(written).hasSize(SHARE);
        assertThat(elsewhere).hasSize(1);

        elsewhere.remove().run();
        assertThat(written).hasSize(SHARE * 2);
        elsewhere.remove().run();
        assertThat(written).hasSize(SHARE * 2 + 1);
        assertThat(elsewhere).isEmpty();
    }

    @Test
    void f83_executorRefuses_isAFailureAndNotAHungLink() {
        offer(SHARE * 2);
        Drain[] loop = new Drain[1];
        loop[0] = drain(
                task -> {
                    throw new RejectedExecutionException("for the test");
                },
                frame -> loop[0].written());
        loop[0].wake();

        assertThat(failures).singleElement().isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void write_throws_isToldOnceAndNothingIsWrittenAfterwards() {
        offer(3);
        IOException broken = new IOException("for the test");
        Drain drain = drain(elsewhere::add, frame -> {
            written.add(frame.text());
            throw broken;
        });
        drain.wake();
        drain.wake();
        drain.written();
        drain.failed(new IOException("another"));

        assertThat(written).containsExactly("0");
        assertThat(failures).hasSize(1).first().isSameAs(broken);
        assertThat(releases).hasValue(0);
    }

    @Test
    void failed_later_isToldOnceAndNothingIsWrittenAfterwards() {
        offer(3);
        IOException broken = new IOException("for the test");
        Drain drain = drain(elsewhere::add, frame -> written.add(frame.text()));
        drain.wake();
        drain.failed(broken);
        drain.wake();
        drain.written();

        assertThat(written).containsExactly("0");
        assertThat(failures).containsExactly(broken);
    }

    @Test
    void failed_insideOfTheWrite_isToldAfterIt() {
        offer(2);
        Drain[] loop = new Drain[1];
        loop[0] = drain(elsewhere::add, frame -> {
            loop[0].failed(new IOException("for the test"));
            assertThat(failures).isEmpty();
            written.add(frame.text());
        });
        loop[0].wake();

        assertThat(written).containsExactly("0");
        assertThat(failures).hasSize(1);
    }

    /** Eight threads offer and wake, completions come from a ninth: one write at a time, in order, and none left behind. */
    @Test
    void wake_manyThreads_writesEachFrameOnceInOrder() throws Exception {
        int threads = 8;
        int each = 20_000;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        ExecutorService completions = Executors.newSingleThreadExecutor();
        try {
            AtomicInteger inFlight = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            AtomicInteger disorders = new AtomicInteger();
            AtomicInteger numbers = new AtomicInteger();
            CountDownLatch all = new CountDownLatch(threads * each);
            int[] last = {-1};
            Drain[] loop = new Drain[1];
            Attachment source = new Polled(() -> frames.poll());
            loop[0] = new Drain(
                    source,
                    host(pool, 64),
                    frame -> {
                        overlaps.addAndGet(inFlight.getAndIncrement());
                        int number = Integer.parseInt(frame.text());
                        disorders.addAndGet(number == last[0] + 1 ? 0 : 1);
                        last[0] = number;
                        if (number % 3 == 0) {
                            completions.execute(() -> complete(loop[0], inFlight, all));
                        } else {
                            complete(loop[0], inFlight, all);
                        }
                    },
                    failures::add);
            for (int t = 0; t < threads; t++) {
                pool.execute(() -> {
                    for (int i = 0; i < each; i++) {
                        offerNext(numbers);
                        loop[0].wake();
                    }
                });
            }

            assertThat(all.await(60, TimeUnit.SECONDS)).as("a wake-up was lost").isTrue();
            assertThat(overlaps).hasValue(0);
            assertThat(disorders).hasValue(0);
            assertThat(failures).isEmpty();
        } finally {
            pool.shutdownNow();
            completions.shutdownNow();
        }
    }

    private static void complete(Drain drain, AtomicInteger inFlight, CountDownLatch all) {
        inFlight.decrementAndGet();
        all.countDown();
        drain.written();
    }

    private void offerNext(AtomicInteger numbers) {
        synchronized (numbers) {
            frames.add(Frame.counted(Integer.toString(numbers.getAndIncrement())));
        }
    }

    private void offer(int count) {
        for (int i = 0; i < count; i++) {
            frames.add(Frame.counted(Integer.toString(i)));
        }
    }

    private Drain drain(Executor executor, Drain.Wire wire) {
        return new Drain(new Polled(frames::poll), host(executor, SHARE), wire, failures::add);
    }

    /** What a drain needs of a host. */
    static TransportHost host(Executor executor, int share) {
        TransportSettings settings =
                new TransportSettings(1_000, 10, Duration.ofSeconds(1), Duration.ofSeconds(1), share);
        return new TransportHost() {
            @Override
            public Optional<Refusal> refuse(Handshake handshake) {
                return Optional.empty();
            }

            @Override
            public Attachment attach(Handshake handshake, Link link) {
                throw new UnsupportedOperationException();
            }

            @Override
            public java.util.concurrent.CompletionStage<dev.tidings.spi.Posted> post(
                    dev.tidings.spi.Handshake handshake, long first, java.util.List<String> frames) {
                throw new UnsupportedOperationException();
            }

            @Override
            public dev.tidings.spi.Time time() {
                throw new UnsupportedOperationException();
            }

            @Override
            public TransportSettings settings() {
                return settings;
            }

            @Override
            public Executor executor() {
                return executor;
            }

            @Override
            public Executor blocking() {
                return executor;
            }
        };
    }

    /** An attachment that only gives frames. */
    private final class Polled implements Attachment {
        private final java.util.function.Supplier<Frame> source;

        Polled(java.util.function.Supplier<Frame> source) {
            this.source = source;
        }

        @Override
        public void receive(String text) {}

        @Override
        public void receive(long first, Iterable<String> received) {}

        @Override
        public Frame poll() {
            return source.get();
        }

        @Override
        public long nextNumber() {
            return 0;
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public @org.jspecify.annotations.Nullable String position() {
            return null;
        }

        @Override
        public void written() {
            releases.incrementAndGet();
        }

        @Override
        public void detached(Disconnect disconnect) {}
    }
}
