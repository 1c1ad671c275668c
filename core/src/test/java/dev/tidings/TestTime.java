package dev.tidings;

import dev.tidings.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A clock that stands still until a test moves it; due tasks run in the thread that does. */
final class TestTime implements Time {

    private record Task(long at, long order, Runnable action) {}

    private final List<Task> tasks = new ArrayList<>();
    private long now;
    private long scheduled;

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized Instant now() {
        return Instant.EPOCH.plusNanos(now);
    }

    @Override
    public synchronized Cancellable schedule(Duration delay, Runnable action) {
        Task task = new Task(now + delay.toNanos(), scheduled++, action);
        tasks.add(task);
        return () -> cancel(task);
    }

    private synchronized void cancel(Task task) {
        tasks.remove(task);
    }

    synchronized int pending() {
        return tasks.size();
    }

    /** Lets time pass, and runs on the way what is due, in order. */
    void advance(Duration by) {
        long end = nanoTime() + by.toNanos();
        for (Task task = due(end); task != null; task = due(end)) {
            task.action().run();
        }
    }

    private synchronized Task due(long end) {
        Task next = tasks.stream()
                .filter(task -> task.at() <= end)
                .min(Comparator.comparingLong(Task::at).thenComparingLong(Task::order))
                .orElse(null);
        now = next == null ? end : Math.max(now, next.at());
        tasks.remove(next);
        return next;
    }
}
