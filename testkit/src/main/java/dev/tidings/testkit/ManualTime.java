package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A clock and timer that stand still until a test moves them.
 *
 * <p>Tasks run in the thread that calls {@link #advance}, in the order of the time they are due (of scheduling, where that is the
 * same), and each reads its own due time from the clock. Any thread may use it; time never goes backwards.
 *
 * <p>The wall clock starts at {@link #START}. {@link #nanoTime} starts half a minute below the largest number there is, because a
 * reading may pass it: code that compares two readings and does not subtract them fails here, not after months of running.
 *
 * <pre>{@code
 * ManualTime time = new ManualTime();
 * time.schedule(Duration.ofSeconds(5), () -> closed.set(true));
 * time.advance(Duration.ofSeconds(5));
 * assertThat(closed).isTrue();
 * }</pre>
 */
public final class ManualTime implements Time {

    /** Where the wall clock starts. */
    public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static final long ORIGIN = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();

    /** A task and when it is due, in nanoseconds from the start. */
    private record Task(long due, long number, Runnable run) {}

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::number));

    @GuardedBy("lock")
    private long elapsed;

    @GuardedBy("lock")
    private long scheduled;

    /** A clock at the start, without tasks. */
    public ManualTime() {}

    @Override
    public long nanoTime() {
        return ORIGIN + elapsedNanos();
    }

    @Override
    public Instant now() {
        return START.plusNanos(elapsedNanos());
    }

    /**
     * How far the clock was moved.
     *
     * @return the time since the start
     */
    public Duration elapsed() {
        return Duration.ofNanos(elapsedNanos());
    }

    private long elapsedNanos() {
        lock.lock();
        try {
            return elapsed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Cancellable schedule(Duration delay, Runnable task) {
        lock.lock();
        try {
            Task entry = new Task(elapsed + Math.max(0, delay.toNanos()), scheduled++, task);
            tasks.add(entry);
            return () -> cancel(entry);
        } finally {
            lock.unlock();
        }
    }

    private void cancel(Task task) {
        lock.lock();
        try {
            tasks.remove(task);
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many tasks wait.
     *
     * @return their number, without those that were cancelled
     */
    public int pending() {
        lock.lock();
        try {
            return tasks.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Moves the clock and runs what is due by then, also what such tasks schedule.
     *
     * @param by how far; zero runs what is due now
     * @throws IllegalArgumentException if it is negative
     * @throws AssertionError if tasks failed, after all others have run; it has their exceptions
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("Time does not go backwards: " + by);
        }
        AssertionError failed = null;
        long target = elapsedNanos() + by.toNanos();
        Task task = next(target);
        while (task != null) {
            try {
                task.run().run();
            } catch (RuntimeException | Error e) {
                if (failed == null) {
                    failed = new AssertionError("A timer's task failed", e);
                } else {
                    failed.addSuppressed(e);
                }
            }
            task = next(target);
        }
        if (failed != null) {
            throw failed;
        }
    }

    /** The next task that is due by a time, with the clock moved to it; null, with the clock moved to that time, if there is none. */
    private @Nullable Task next(long target) {
        lock.lock();
        try {
            Task first = tasks.peek();
            boolean due = first != null && first.due() <= target;
            elapsed = Math.max(elapsed, due && first != null ? first.due() : target);
            return due ? tasks.poll() : null;
        } finally {
            lock.unlock();
        }
    }
}
