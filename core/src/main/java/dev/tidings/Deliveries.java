package dev.tidings;

import dev.tidings.protocol.Outbound;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What is on its way from publishers to outboxes on this node: how much, and how often it arrived. */
final class Deliveries {

    private final long maxBacklog;
    private final AtomicLong backlog = new AtomicLong();
    private final LongAdder delivered = new LongAdder();

    Deliveries(long maxBacklog) {
        this.maxBacklog = maxBacklog;
    }

    /** Whether there is room for another publication. Concurrent publishers may each see the last room. */
    boolean hasRoom() {
        return backlog.get() < maxBacklog;
    }

    void queued(Outbound message) {
        backlog.addAndGet(size(message));
    }

    void done(Outbound message) {
        backlog.addAndGet(-size(message));
    }

    void delivered() {
        delivered.increment();
    }

    long count() {
        return delivered.sum();
    }

    private static long size(Outbound message) {
        return message instanceof Outbound.Message published
                ? published.publication().payload().size()
                : 0;
    }
}
