package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A channel that has subscribers on this node: who they are, and what is on its way to them.
 *
 * <p>Whoever publishes only appends to {@code pending}. One delivery task at a time takes from it, so that all subscribers see one
 * order; it encodes once per codec, offers to each outbox and wakes the
 * link. What has come up meanwhile goes to a receiver in one batch: to visit a connection costs more than to leave a frame there. After a share of receivers it goes to the end of the
 * executor's queue, so that a large channel does not hold up small ones.
 */
final class LiveChannel {

    private static final System.Logger LOG = System.getLogger(LiveChannel.class.getPackageName());
    private static final int SHARE = 1_024;

    private final String name;
    private final Executor executor;
    private final Deliveries deliveries;
    private final ConcurrentHashMap<LiveConnection, Subscription> subscribers = new ConcurrentHashMap<>();
    /** Completes when the broker brings what is published from now on. */
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<Outbound> pending = new ArrayDeque<>(2);

    @GuardedBy("lock")
    private boolean running;

    // The delivery task's own: there is one at a time, and the executor carries its writes from one turn to the next.
    private final List<Delivery> batch = new ArrayList<>(2);
    private @Nullable Iterator<Subscription> receivers;

    LiveChannel(String name, Executor executor, Deliveries deliveries) {
        this.name = name;
        this.executor = executor;
        this.deliveries = deliveries;
    }

    String name() {
        return name;
    }

    ConcurrentHashMap<LiveConnection, Subscription> subscribers() {
        return subscribers;
    }

    CompletableFuture<Void> ready() {
        return ready;
    }

    /** Puts something on its way to all subscribers. */
    void enqueue(Outbound message) {
        deliveries.queued(message);
        boolean start;
        lock.lock();
        try {
            pending.add(message);
            start = !running;
            running = true;
        } finally {
            lock.unlock();
        }
        if (start) {
            schedule();
        }
    }

    private void schedule() {
        try {
            executor.execute(this::turn);
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.WARNING, "The delivery executor refused a task", e);
            lock.lock();
            try {
                running = false;
            } finally {
                lock.unlock();
            }
        }
    }

    private void turn() {
        try {
            int share = SHARE;
            while (share > 0) {
                if (batch.isEmpty() && !take()) {
                    return;
                }
                share = deliver(share);
            }
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.ERROR, "A delivery failed", e);
            finished();
        }
        schedule();
    }

    private boolean take() {
        lock.lock();
        try {
            int bytes = 0;
            while (!pending.isEmpty() && batch.size() < deliveries.maxBatch() && bytes < deliveries.maxBatchBytes()) {
                Delivery next = new Delivery(pending.remove());
                batch.add(next);
                bytes += next.size();
            }
            running = !batch.isEmpty();
        } finally {
            lock.unlock();
        }
        if (batch.isEmpty()) {
            return false;
        }
        receivers = subscribers.values().iterator();
        return true;
    }

    private int deliver(int share) {
        Iterator<Subscription> rest = receivers;
        if (rest == null) {
            return share;
        }
        int left = share;
        while (left > 0 && rest.hasNext()) {
            offer(rest.next());
            left -= batch.size();
        }
        if (left > 0) {
            finished();
            left--;
        }
        return left;
    }

    private void finished() {
        batch.forEach(delivery -> deliveries.done(delivery.message()));
        batch.clear();
        receivers = null;
    }

    /** One receiver that fails, in whatever way, does not keep the messages from the next. */
    private void offer(Subscription subscription) {
        try {
            boolean taken = false;
            for (int i = 0; i < batch.size(); i++) {
                taken |= offer(subscription, batch.get(i));
            }
            if (taken) {
                subscription.connection().wake();
            }
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.ERROR, "A delivery to " + subscription.connection() + " failed", e);
        }
    }

    private boolean offer(Subscription subscription, Delivery delivery) {
        LiveConnection connection = subscription.connection();
        if (delivery.message() instanceof Outbound.Message published) {
            Frame frame = published.publication().isFor(connection.id()) ? delivery.frame(connection.codec()) : null;
            boolean taken = frame != null && connection.deliver(subscription, frame);
            if (taken) {
                deliveries.delivered();
            }
            return taken;
        }
        if (delivery.message() instanceof Outbound.Presence presence) {
            Frame frame = subscription.wantsPresence() ? delivery.frame(connection.codec()) : null;
            return frame != null
                    && connection.deliverPresence(
                            subscription, frame, presence.change().version());
        }
        Frame frame = delivery.frame(connection.codec());
        return frame != null && connection.deliver(subscription, frame);
    }
}
