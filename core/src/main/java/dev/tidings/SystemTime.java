package dev.tidings;

import dev.tidings.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The machine's clock, and a timer with one thread. The only place that asks the machine for the time. */
final class SystemTime implements Time, AutoCloseable {

    private static final System.Logger LOG = System.getLogger(SystemTime.class.getPackageName());

    private final ScheduledThreadPoolExecutor timer;

    SystemTime(ThreadFactory threads) {
        timer = new ScheduledThreadPoolExecutor(1, threads, new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public Cancellable schedule(Duration delay, Runnable task) {
        ScheduledFuture<?> future = timer.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.ERROR, "A timer's task failed", e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
