package dev.tidings;

import dev.tidings.protocol.Outbound;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What is on its way from publishers to outboxes on this node: how much, and how often it arrived. */
final class Deliveries {

    /** What a small one costs beside its payload: records, text, queue. An estimate, so that a million of them is not for free. */
    private static final int OVERHEAD = 256;

    private static final int BATCH = 16;

    private static final int BATCH_BYTES = 16 * 1024;

    private final long maxBacklog;
    private final int maxBatch;
    private final int maxBatchBytes;
    private final AtomicLong backlog = new AtomicLong();
    private volatile @Nullable CompletableFuture<Void> idle;
    private final LongAdder delivered = new LongAdder();

    Deliveries(Limits limits) {
        this.maxBacklog = limits.backlogBytes;
        // A batch must not fill the outbox of a client that reads well.
        this.maxBatch = Math.max(1, Math.min(BATCH, limits.outboxFrames / 4));
        this.maxBatchBytes = Math.min(BATCH_BYTES, limits.outboxBytes / 4);
    }

    /** How many messages a delivery brings to a receiver at once. */
    int maxBatch() {
        return maxBatch;
    }

    /** With how many bytes of payload a batch is closed. */
    int maxBatchBytes() {
        return maxBatchBytes;
    }

    /** Whether there is room for another publication. Concurrent publishers may each see the last room. */
    boolean hasRoom() {
        return backlog.get() < maxBacklog;
    }

    void queued(Outbound message) {
        backlog.addAndGet(size(message));
    }

    void done(Outbound message) {
        CompletableFuture<Void> waiting = idle;
        if (backlog.addAndGet(-size(message)) == 0 && waiting != null) {
            waiting.complete(null);
        }
    }

    /** Waits until nothing is on its way, for a bounded time. */
    void awaitIdle(long millis) throws InterruptedException {
        CompletableFuture<Void> waiting = new CompletableFuture<>();
        idle = waiting;
        if (backlog.get() > 0) {
            try {
                waiting.get(millis, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // Then the rest does not arrive, and the end of each connection says that something may be missing.
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    void delivered() {
        delivered.increment();
    }

    long count() {
        return delivered.sum();
    }

    private static long size(Outbound message) {
        int payload = message instanceof Outbound.Message published
                ? published.publication().payload().size()
                : 0;
        return (long) OVERHEAD + payload;
    }
}
