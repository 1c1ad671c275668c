package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one after the other on an executor. A task that returns a stage is over when the stage is: until then nothing else
 * of this queue runs, and no thread waits.
 *
 * <p>One leaf lock, for the queue; tasks run without it. After a share of tasks the thread is given back, so that one busy
 * queue does not keep others from running.
 */
final class Serial {

    private static final System.Logger LOG = System.getLogger(Serial.class.getPackageName());
    private static final int SHARE = 64;

    /** What is run. */
    @FunctionalInterface
    interface Task {
        /** Returns null when it is over, else what ends it. Never completes for a failure of its own: it has been dealt with. */
        @Nullable
        CompletionStage<?> run();
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Executor executor;
    private final Runnable onRejected;

    @GuardedBy("lock")
    private final ArrayDeque<Task> tasks = new ArrayDeque<>(4);

    @GuardedBy("lock")
    private boolean running;

    /**
     * @param onRejected told when the executor takes no more; the tasks stay where they are
     */
    Serial(Executor executor, Runnable onRejected) {
        this.executor = executor;
        this.onRejected = onRejected;
    }

    void post(Task task) {
        if (add(task)) {
            start();
        }
    }

    /** Puts a task in its place, for callers who hold a lock; if it returns true, {@link #start} must follow without the lock. */
    boolean add(Task task) {
        lock.lock();
        try {
            tasks.add(task);
            boolean idle = !running;
            running = true;
            return idle;
        } finally {
            lock.unlock();
        }
    }

    void start() {
        schedule();
    }

    private void schedule() {
        try {
            executor.execute(this::turn);
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.WARNING, "The executor refused a task", e);
            lock.lock();
            try {
                running = false;
            } finally {
                lock.unlock();
            }
            onRejected.run();
        }
    }

    private void turn() {
        for (int i = 0; i < SHARE; i++) {
            Task task = next();
            if (task == null) {
                return;
            }
            CompletionStage<?> rest = run(task);
            if (rest != null && !isOver(rest)) {
                return;
            }
        }
        schedule();
    }

    /** Whether a stage is over. If not, whoever ends it puts the queue back to work, and does not become its thread. */
    private boolean isOver(CompletionStage<?> rest) {
        AtomicBoolean met = new AtomicBoolean();
        rest.whenComplete((result, failure) -> {
            if (met.getAndSet(true)) {
                schedule();
            }
        });
        return met.getAndSet(true);
    }

    private @Nullable Task next() {
        lock.lock();
        try {
            Task task = tasks.poll();
            running = task != null;
            return task;
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable CompletionStage<?> run(Task task) {
        try {
            return task.run();
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.ERROR, "A task of a connection failed", e);
            return null;
        }
    }
}
