package dev.tidings;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads: for the application's code, for deliveries, and for container calls that may block. All are daemons with a name,
 * know the library's class loader, and end with {@link #close}.
 */
final class Threads implements AutoCloseable {

    private static final int CALLBACKS = 64;
    private static final int BLOCKING = 16;
    private static final int IDLE_SECONDS = 30;

    private final Executor callbacks;
    private final Executor delivery;
    private final Executor blocking;
    private final List<ExecutorService> ours = new ArrayList<>();

    Threads(String name, @Nullable Executor callbacks, @Nullable Executor delivery) {
        this.callbacks = callbacks != null ? callbacks : pool(name + "-callback", CALLBACKS);
        int processors = Math.max(2, Runtime.getRuntime().availableProcessors());
        this.delivery = delivery != null ? delivery : pool(name + "-delivery", processors);
        this.blocking = pool(name + "-blocking", BLOCKING);
    }

    /** Where the application's code runs. */
    Executor callbacks() {
        return callbacks;
    }

    /** Where publications are delivered and wires are written. */
    Executor delivery() {
        return delivery;
    }

    /** Where container calls belong that may block. */
    Executor blocking() {
        return blocking;
    }

    static ThreadFactory factory(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(null, task, name + "-" + number.incrementAndGet(), 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(Threads.class.getClassLoader());
            return thread;
        };
    }

    /** After the end a late task is dropped: there is nobody left whom it could serve. */
    private ExecutorService pool(String name, int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                factory(name),
                new ThreadPoolExecutor.DiscardPolicy());
        pool.allowCoreThreadTimeOut(true);
        ours.add(pool);
        return pool;
    }

    /** Lets what runs come to its end for a bounded time, then interrupts it. */
    @Override
    public void close() {
        ours.forEach(ExecutorService::shutdown);
        boolean interrupted = false;
        for (ExecutorService pool : ours) {
            try {
                if (!interrupted && pool.awaitTermination(1, TimeUnit.SECONDS)) {
                    continue;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
            pool.shutdownNow();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
