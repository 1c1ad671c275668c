package dev.tidings;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SerialTest {

    private final Queue<Runnable> executor = new ArrayDeque<>();
    private final List<Integer> done = new ArrayList<>();
    private final Serial serial = new Serial(executor::add, () -> {});

    @Test
    void post_idle_asksForAThreadOnce() {
        post(1);
        post(2);
        assertThat(executor).hasSize(1);
        run();
        assertThat(done).containsExactly(1, 2);

        post(3);
        assertThat(executor).hasSize(1);
    }

    @Test
    void post_manyTasks_givesTheThreadBackAfterAShare() {
        for (int i = 0; i < 100; i++) {
            post(i);
        }
        executor.remove().run();

        assertThat(done).hasSize(64);
        assertThat(executor).hasSize(1);
        run();
        assertThat(done).hasSize(100).isSorted();
    }

    @Test
    void post_fromInsideATask_runsAfterIt() {
        serial.post(() -> {
            post(2);
            done.add(1);
            return null;
        });
        run();

        assertThat(done).containsExactly(1, 2);
    }

    /** Whoever ends a stage is not to become the thread that runs what follows. */
    @Test
    void stage_completedByAStranger_goesOnWithTheExecutor() {
        CompletableFuture<Void> stage = new CompletableFuture<>();
        serial.post(() -> stage);
        post(2);
        run();
        stage.complete(null);
        assertThat(done).isEmpty();
        assertThat(executor).hasSize(1);

        run();
        assertThat(done).containsExactly(2);
    }

    @Test
    void task_throwsAnError_theNextRuns() {
        serial.post(() -> {
            throw new StackOverflowError("for the test");
        });
        post(2);
        run();

        assertThat(done).containsExactly(2);
    }

    @Test
    void f83_executorRejectsAfterAStage_tellsAndCanStartAgain() {
        AtomicInteger rejections = new AtomicInteger();
        boolean[] rejecting = new boolean[1];
        Serial careful = new Serial(
                task -> {
                    if (rejecting[0]) {
                        throw new RejectedExecutionException("for the test");
                    }
                    executor.add(task);
                },
                rejections::incrementAndGet);
        CompletableFuture<Void> stage = new CompletableFuture<>();
        careful.post(() -> stage);
        run();
        rejecting[0] = true;
        stage.complete(null);
        assertThat(rejections).hasValue(1);

        rejecting[0] = false;
        careful.post(() -> {
            done.add(1);
            return null;
        });
        run();
        assertThat(done).containsExactly(1);
    }

    @Test
    void post_manyThreads_runsEachOnceAndOneAtATime() throws Exception {
        int threads = 4;
        int each = 20_000;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Serial busy = new Serial(pool, () -> {});
            AtomicInteger running = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            int[] unguarded = new int[1];
            CountDownLatch all = new CountDownLatch(threads * each);
            for (int t = 0; t < threads; t++) {
                pool.execute(() -> {
                    for (int i = 0; i < each; i++) {
                        busy.post(() -> {
                            overlaps.addAndGet(running.getAndIncrement());
                            unguarded[0]++;
                            running.decrementAndGet();
                            all.countDown();
                            return null;
                        });
                    }
                });
            }

            assertThat(all.await(60, SECONDS)).isTrue();
            assertThat(overlaps).hasValue(0);
            assertThat(unguarded[0]).isEqualTo(threads * each);
        } finally {
            pool.shutdownNow();
        }
    }

    private void post(int number) {
        serial.post(() -> {
            done.add(number);
            return null;
        });
    }

    private void run() {
        for (Runnable task = executor.poll(); task != null; task = executor.poll()) {
            task.run();
        }
    }
}
