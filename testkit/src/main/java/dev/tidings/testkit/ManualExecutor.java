package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An executor that keeps its tasks until a test runs them, in the test's thread.
 *
 * <p>{@link #runAll} runs them in order. {@link #runOne} takes any of them, as a pool of many threads might: with a seeded source of
 * numbers a test tries thousands of orders, and each one again. What a task throws is thrown to the test. Any thread may use it.
 *
 * <pre>{@code
 * ManualExecutor tasks = new ManualExecutor();
 * tasks.execute(() -> order.add("a"));
 * tasks.execute(() -> order.add("b"));
 * tasks.runAll();
 * assertThat(order).containsExactly("a", "b");
 * }</pre>
 */
public final class ManualExecutor implements Executor {

    /** More tasks than this in one {@link #runAll} are taken for a loop without end. */
    public static final int MAX_TASKS = 1_000_000;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final List<Runnable> tasks = new ArrayList<>();

    /** An executor without tasks. */
    public ManualExecutor() {}

    @Override
    public void execute(Runnable task) {
        lock.lock();
        try {
            tasks.add(task);
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many tasks wait.
     *
     * @return their number
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
     * Runs the task that has waited longest.
     *
     * @return false if there was none
     */
    public boolean runNext() {
        return run(take(null));
    }

    /**
     * Runs a task, whichever the numbers say.
     *
     * @param random where the choice comes from
     * @return false if there was none
     */
    public boolean runOne(Random random) {
        return run(take(random));
    }

    /**
     * Runs all tasks, also those that come meanwhile, in order.
     *
     * @return how many there were
     * @throws AssertionError if there are more than {@link #MAX_TASKS}
     */
    public int runAll() {
        int count = 0;
        while (runNext()) {
            if (++count > MAX_TASKS) {
                throw new AssertionError("Still " + pending() + " tasks after " + MAX_TASKS
                        + ": they never end. The next is " + take(null));
            }
        }
        return count;
    }

    private @Nullable Runnable take(@Nullable Random random) {
        lock.lock();
        try {
            if (tasks.isEmpty()) {
                return null;
            }
            return tasks.remove(random == null ? 0 : random.nextInt(tasks.size()));
        } finally {
            lock.unlock();
        }
    }

    private static boolean run(@Nullable Runnable task) {
        if (task == null) {
            return false;
        }
        task.run();
        return true;
    }
}
