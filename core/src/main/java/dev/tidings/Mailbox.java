package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a client has sent and is not handled yet: bounded, in order, one at a time. It also counts an acknowledging client's
 * frames, takes each number once, and tells up to which number all are handled.
 *
 * <p>One lock, for counters and bounds, above the lock of the queue; both are released before anything runs.
 */
final class Mailbox {

    /** What became of a frame. */
    enum Receipt {
        /** It will be handled. */
        ACCEPTED,
        /** It was accepted before. */
        DUPLICATE,
        /** A frame before it is missing. */
        HOLE,
        /** There is no room for it. */
        FULL,
        /** It came on a link that carries the connection no more. */
        STALE
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Serial serial;
    private final int maxFrames;
    private final int maxBytes;
    private final LongConsumer onHandled;

    @GuardedBy("lock")
    private int frames;

    @GuardedBy("lock")
    private int bytes;

    @GuardedBy("lock")
    private long accepted;

    @GuardedBy("lock")
    private @Nullable Object link;

    @GuardedBy("lock")
    private boolean closed;

    // Written by the one task that runs, read by anybody.
    private volatile long handled;

    /**
     * @param onHandled told the number up to which all frames are handled, when it is time to acknowledge
     * @param onRejected told when the executor takes no more
     */
    Mailbox(Executor executor, int maxFrames, int maxBytes, LongConsumer onHandled, Runnable onRejected) {
        this.serial = new Serial(executor, onRejected);
        this.maxFrames = maxFrames;
        this.maxBytes = maxBytes;
        this.onHandled = onHandled;
    }

    /** A task of our own, beyond the bounds. */
    void post(Serial.Task task) {
        serial.post(task);
    }

    /** The same for callers who hold a lock; if it returns true, {@link #start} must follow without the lock. */
    boolean add(Serial.Task task) {
        return serial.add(task);
    }

    void start() {
        serial.start();
    }

    /** From now on frames of this link count; returns the number of the next. */
    long attach(Object by) {
        lock.lock();
        try {
            link = by;
            return accepted + 1;
        } finally {
            lock.unlock();
        }
    }

    /** No frame is accepted any more. */
    void close() {
        lock.lock();
        try {
            link = null;
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    /** The number of the next frame. */
    long expects() {
        lock.lock();
        try {
            return accepted + 1;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A client's frame.
     *
     * @param by the link that it came on, or null if it came beside the link
     * @param number its number, or 0 where the client does not count
     */
    Receipt accept(@Nullable Object by, long number, int size, Serial.Task task) {
        boolean start;
        lock.lock();
        try {
            if (closed || (by != null && link != by)) {
                return Receipt.STALE;
            }
            if (number > 0 && number != accepted + 1) {
                return number <= accepted ? Receipt.DUPLICATE : Receipt.HOLE;
            }
            if (frames == maxFrames || bytes + size > maxBytes) {
                return Receipt.FULL;
            }
            frames++;
            bytes += size;
            accepted = Math.max(accepted, number);
            // Inside of the lock, so that the order of numbers is the order of handling.
            start = serial.add(() -> handle(number, size, task));
        } finally {
            lock.unlock();
        }
        if (start) {
            serial.start();
        }
        return Receipt.ACCEPTED;
    }

    private @Nullable CompletionStage<?> handle(long number, int size, Serial.Task task) {
        CompletionStage<?> rest;
        try {
            rest = task.run();
        } catch (Throwable e) {
            handled(number, size);
            throw e;
        }
        if (rest == null) {
            handled(number, size);
            return null;
        }
        CompletableFuture<Void> over = new CompletableFuture<>();
        rest.whenComplete((result, failure) -> {
            handled(number, size);
            over.complete(null);
        });
        return over;
    }

    private void handled(long number, int size) {
        lock.lock();
        try {
            frames--;
            bytes -= size;
        } finally {
            lock.unlock();
        }
        if (number > 0) {
            handled = number;
            onHandled.accept(number);
        }
    }

    long handledNumber() {
        return handled;
    }
}
