package dev.tidings.transport.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.RecordingHost;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a response is written and ended, in a container whose every mood the test decides. */
class AsyncResponseTest {

    private static final TransportSettings SETTINGS =
            new TransportSettings(100, 8, Duration.ofSeconds(10), Duration.ofSeconds(105), 16);

    private final ManualTime time = new ManualTime();
    private final RecordingHost host = new RecordingHost(SETTINGS, time);
    private final FakeContainer container = new FakeContainer();
    private final Pieces pieces = new Pieces();

    /** What a test wants to be written. */
    private static final class Pieces implements AsyncResponse.Source {
        final Queue<String> queue = new ConcurrentLinkedQueue<>();
        final AtomicInteger taken = new AtomicInteger();
        final List<@Nullable Throwable> ends = Collections.synchronizedList(new ArrayList<>());
        volatile Runnable onNext = () -> {};

        @Override
        public byte @Nullable [] next() {
            onNext.run();
            String piece = queue.poll();
            return piece == null ? null : piece.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void taken() {
            taken.incrementAndGet();
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            ends.add(failure);
        }

        Pieces add(String piece) {
            queue.add(piece);
            return this;
        }
    }

    private AsyncResponse start() throws IOException {
        AsyncResponse response = AsyncResponse.start(container.request(), container.response(), host, pieces);
        assertThat(container.timeout).isZero();
        return response;
    }

    private AsyncResponse started() throws IOException {
        AsyncResponse response = start();
        container.possible();
        return response;
    }

    @AfterEach
    void nothingWasBroken() {
        host.close();
        assertThat(container.violations).isEmpty();
    }

    private void endedOnce(@Nullable Throwable failure) {
        assertThat(pieces.ends).containsExactly(failure);
        assertThat(container.completions).hasValue(1);
    }

    @Test
    void wake_beforeTheContainerTakesBytes_writesNothing() throws Exception {
        pieces.add("a");
        AsyncResponse response = start();
        response.wake();
        assertThat(container.written()).isEmpty();

        container.possible();

        assertThat(container.written()).isEqualTo("a");
        assertThat(pieces.taken).hasValue(1);
    }

    @Test
    void write_notReadyAfterwards_waitsForTheContainer() throws Exception {
        AsyncResponse response = started();
        container.readyTimes.set(1);
        pieces.add("a").add("b");
        response.wake();
        assertThat(container.written()).isEqualTo("a");
        assertThat(pieces.taken).hasValue(0);
        response.wake();
        assertThat(container.written()).isEqualTo("a");

        container.possible();

        assertThat(container.written()).isEqualTo("ab");
        assertThat(pieces.taken).hasValue(2);
    }

    @Test
    void ready_saidWhileAsked_isNotLost() throws Exception {
        AsyncResponse response = started();
        container.onWrite = () -> {
            // Refuses the next question, and takes it back before the answer has arrived.
            container.readyTimes.set(0);
            CompletableFuture.runAsync(() -> {
                        try {
                            container.possible();
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    })
                    .join();
            container.onWrite = () -> {};
        };
        pieces.add("a").add("b");
        response.wake();
        assertThat(container.written()).isEqualTo("ab");
    }

    @Test
    void finish_whenAllIsTaken_completesOnce() throws Exception {
        AsyncResponse response = started();
        pieces.add("a");
        response.finish();
        response.finish();
        response.abort(new IOException("late"));
        response.wake();

        assertThat(container.written()).isEqualTo("a");
        assertThat(response.isOver()).isTrue();
        endedOnce(null);
    }

    @Test
    void finish_insideOfNext_endsAfterThatPiece() throws Exception {
        AsyncResponse response = start();
        pieces.add("a");
        pieces.onNext = response::finish;
        container.possible();
        assertThat(container.written()).isEqualTo("a");
        endedOnce(null);
    }

    @Test
    void finish_clientDoesNotTakeTheEnd_isCutOffByTheClock() throws Exception {
        AsyncResponse response = started();
        container.readyTimes.set(1);
        pieces.add("a");
        response.finish();
        assertThat(container.completions).hasValue(0);

        time.advance(SETTINGS.sendTimeout());

        Awaitility.await().until(() -> !pieces.ends.isEmpty());
        endedOnce(pieces.ends.get(0));
        assertThat(pieces.ends.get(0)).isInstanceOf(IOException.class);
    }

    @Test
    void abort_inTheMiddleOfAPiece_completesAtOnce() throws Exception {
        AsyncResponse response = started();
        container.readyTimes.set(1);
        pieces.add("a").add("b");
        response.wake();
        IOException cause = new IOException("for the test");
        response.abort(cause);
        endedOnce(cause);
        container.possible();
        assertThat(container.written()).isEqualTo("a");
    }

    @Test
    void head_setsStatusAndHeaders() throws Exception {
        AsyncResponse response = start();
        pieces.add("{}");
        pieces.onNext = () -> response.head(head -> {
            head.setStatus(429);
            head.setHeader("X", "y");
        });
        container.possible();
        assertThat(container.status).isEqualTo(429);
        assertThat(container.headers).containsEntry("X", "y");
    }

    @Test
    void goOnElsewhere_givesTheThreadBack() throws Exception {
        AsyncResponse response = started();
        CompletableFuture<Thread> writer = new CompletableFuture<>();
        AtomicInteger asked = new AtomicInteger();
        container.onWrite = () -> writer.complete(Thread.currentThread());
        response.abort(new IOException("over"));
        FakeContainer other = new FakeContainer();
        AsyncResponse.Source source = new AsyncResponse.Source() {
            @Override
            public byte @Nullable [] next() {
                switch (asked.incrementAndGet()) {
                    case 1 -> second.goOnElsewhere();
                    case 2 -> {
                        return new byte[] {'a'};
                    }
                    default -> {
                        return null;
                    }
                }
                return null;
            }

            @Override
            public void taken() {}

            @Override
            public void ended(@Nullable Throwable failure) {}
        };
        other.onWrite = () -> writer.complete(Thread.currentThread());
        second = AsyncResponse.start(other.request(), other.response(), host, source);
        other.possible();
        assertThat(writer.get(10, TimeUnit.SECONDS)).isNotEqualTo(Thread.currentThread());
    }

    private volatile AsyncResponse second;

    @Test
    void next_throws_endsTheResponse() throws Exception {
        Logger log = Logger.getLogger("dev.tidings");
        log.setLevel(Level.OFF);
        try {
            AsyncResponse response = start();
            IllegalStateException failure = new IllegalStateException("for the test");
            pieces.onNext = () -> {
                throw failure;
            };
            container.possible();
            response.wake();
            endedOnce(failure);
        } finally {
            log.setLevel(null);
        }
    }

    @Test
    void write_throws_endsTheResponse() throws Exception {
        AsyncResponse response = started();
        for (Throwable failure : List.of(new IOException("reset"), new NullPointerException(), new LinkageError())) {
            FakeContainer broken = new FakeContainer();
            Pieces some = new Pieces();
            AsyncResponse one = AsyncResponse.start(broken.request(), broken.response(), host, some);
            broken.onWrite = () -> {
                if (failure instanceof IOException e) {
                    throw e;
                } else if (failure instanceof RuntimeException e) {
                    throw e;
                }
                throw (Error) failure;
            };
            broken.possible();
            some.add("a").add("b");
            one.wake();
            assertThat(some.ends).containsExactly(failure);
            assertThat(broken.completions).hasValue(1);
            assertThat(broken.violations).isEmpty();
        }
        response.finish();
    }

    // ---- Errors that the container reports --------------------------------------------------------------------------

    @Test
    void f34_errorOnTheWritersThread_endsOnceWithoutWaiting() throws Exception {
        AsyncResponse response = started();
        IOException failure = new IOException("reset");
        container.onWrite = () -> {
            container.asyncError(failure);
            container.writeError(failure);
            throw failure;
        };
        pieces.add("a").add("b");
        long begun = System.nanoTime();
        response.wake();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(400));
        endedOnce(failure);
    }

    @Test
    void f34_completionOnTheWritersThread_endsOnce() throws Exception {
        AsyncResponse response = started();
        container.onWrite = () -> {
            container.asyncListener.onComplete(null);
            throw new IOException("gone");
        };
        pieces.add("a").add("b");
        response.wake();
        assertThat(pieces.ends).hasSize(1);
        assertThat(container.completions).hasValue(0);
    }

    @Test
    void f35_errorOnAnotherThread_waitsForTheWriter() throws Exception {
        AsyncResponse response = started();
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        container.onWrite = () -> {
            inside.countDown();
            await(letGo);
        };
        pieces.add("a").add("b");
        CompletableFuture<Void> writer = CompletableFuture.runAsync(response::wake, host.blocking());
        await(inside);
        IOException failure = new IOException("reset");
        CompletableFuture<Void> told = CompletableFuture.runAsync(
                () -> {
                    container.writeError(failure);
                    // From here on the container may give the response to another client.
                    container.answers.put("returned", true);
                },
                host.blocking());
        Thread.sleep(50);
        assertThat(told).isNotDone();
        letGo.countDown();
        told.get(5, TimeUnit.SECONDS);
        writer.get(5, TimeUnit.SECONDS);
        assertThat(container.written()).isEqualTo("a");
        endedOnce(failure);
    }

    /** When it returns, the container may give the request to the next client. */
    @Test
    void f35_errorWhileItIsCompleted_waitsForTheCompletion() throws Exception {
        AsyncResponse response = started();
        CountDownLatch completing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        container.onComplete = () -> {
            completing.countDown();
            await(goOn);
        };
        CompletableFuture<Void> owner = CompletableFuture.runAsync(response::finish);
        await(completing);
        CompletableFuture<Void> error = CompletableFuture.runAsync(() -> {
            try {
                container.asyncError(new IOException("for the test"));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        Thread.sleep(100);
        boolean returned = error.isDone();
        goOn.countDown();
        owner.join();
        error.join();

        assertThat(returned).isFalse();
        assertThat(container.completions).hasValue(1);
    }

    @Test
    void f35_errorOnAnotherThread_waitsNoLongerThanHalfASecond() throws Exception {
        AsyncResponse response = started();
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        container.onWrite = () -> {
            inside.countDown();
            await(letGo);
        };
        pieces.add("a").add("b");
        CompletableFuture<Void> writer = CompletableFuture.runAsync(response::wake, host.blocking());
        await(inside);
        IOException failure = new IOException("reset");
        CompletableFuture.runAsync(() -> container.writeError(failure), host.blocking())
                .get(5, TimeUnit.SECONDS);
        assertThat(writer).isNotDone();
        letGo.countDown();
        writer.get(5, TimeUnit.SECONDS);
        assertThat(container.written()).isEqualTo("a");
        endedOnce(failure);
    }

    @Test
    void timeout_ofTheContainer_endsTheResponse() throws Exception {
        started();
        container.asyncListener.onTimeout(null);
        assertThat(pieces.ends).hasSize(1);
        endedOnce(pieces.ends.get(0));
    }

    @Test
    void completion_byTheContainer_isTheEnd() throws Exception {
        AsyncResponse response = started();
        container.completeByItself();
        pieces.add("a");
        response.wake();
        response.finish();
        assertThat(pieces.ends).hasSize(1);
        assertThat(pieces.ends.get(0)).isInstanceOf(IOException.class);
        assertThat(container.completions).hasValue(0);
    }

    /** Everything at once, again and again: nothing touches a response whose end has come, and the end comes once. */
    @Test
    void f31_endsAndErrorsAndWakesTogether_neverTouchARecycledResponse() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            FakeContainer one = new FakeContainer();
            Pieces some = new Pieces();
            AsyncResponse response = AsyncResponse.start(one.request(), one.response(), host, some);
            one.possible();
            CountDownLatch go = new CountDownLatch(1);
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                all.add(run(go, () -> {
                    for (int n = 0; n < 20; n++) {
                        some.add("x");
                        response.wake();
                    }
                }));
            }
            int how = round % 3;
            all.add(run(go, () -> {
                if (how == 0) {
                    response.finish();
                } else if (how == 1) {
                    response.abort(new IOException("for the test"));
                } else {
                    one.writeError(new IOException("reset"));
                    one.recycled = true;
                }
            }));
            go.countDown();
            for (CompletableFuture<Void> each : all) {
                each.get(10, TimeUnit.SECONDS);
            }
            assertThat(some.ends).as("round %d", round).hasSize(1);
            if (how != 2) {
                assertThat(one.violations).as("round %d", round).isEmpty();
                assertThat(one.completions).hasValue(1);
            } else {
                // The container does not mind to be asked for a completion that it has done itself.
                assertThat(one.violations).as("round %d", round).allMatch(v -> v.startsWith("complete"));
            }
        }
    }

    private CompletableFuture<Void> run(CountDownLatch go, Runnable action) {
        return CompletableFuture.runAsync(
                () -> {
                    await(go);
                    action.run();
                },
                host.blocking());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
