package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.PresenceChange;
import dev.tidings.protocol.Publication;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A channel that has subscribers on this node: who they are, and what is on its way to them.
 *
 * <p>Whoever publishes only appends to {@code pending}. One delivery task at a time takes from it, so that all subscribers see one
 * order; it encodes once per codec, offers to each outbox and wakes the link. After a share of receivers it goes to the end of the
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
    private @Nullable Outbound current;
    private @Nullable Iterator<Subscription> receivers;
    private @Nullable Codec codec;
    private @Nullable Frame frame;

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
        } catch (RuntimeException e) {
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
                if (current == null && !take()) {
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
            current = pending.poll();
            running = current != null;
        } finally {
            lock.unlock();
        }
        if (current == null) {
            return false;
        }
        receivers = subscribers.values().iterator();
        return true;
    }

    private int deliver(int share) {
        Outbound message = current;
        Iterator<Subscription> rest = receivers;
        if (message == null || rest == null) {
            return share;
        }
        int left = share;
        while (left > 0 && rest.hasNext()) {
            offerGuarded(rest.next(), message);
            left--;
        }
        if (left > 0) {
            finished();
            left--;
        }
        return left;
    }

    private void finished() {
        if (current != null) {
            deliveries.done(current);
        }
        current = null;
        receivers = null;
        codec = null;
        frame = null;
    }

    /** One receiver that fails does not keep the message from the next. */
    private void offerGuarded(Subscription subscription, Outbound message) {
        try {
            offer(subscription, message);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "A delivery to " + subscription.connection() + " failed", e);
        }
    }

    private void offer(Subscription subscription, Outbound message) {
        LiveConnection connection = subscription.connection();
        if (message instanceof Outbound.Message published) {
            Publication publication = published.publication();
            Frame encoded = publication.isFor(connection.id()) ? encoded(connection, message) : null;
            if (encoded != null && connection.deliver(subscription, encoded)) {
                deliveries.delivered();
            }
        } else if (message instanceof Outbound.Presence presence) {
            Frame encoded = subscription.wantsPresence() ? encoded(connection, message) : null;
            if (encoded != null) {
                PresenceChange change = presence.change();
                connection.deliverPresence(subscription, encoded, change.version());
            }
        } else {
            Frame encoded = encoded(connection, message);
            if (encoded != null) {
                connection.deliver(subscription, encoded);
            }
        }
    }

    /** The message in the connection's protocol. Nearly always all receivers speak the same. */
    private @Nullable Frame encoded(LiveConnection connection, Outbound message) {
        if (codec != connection.codec()) {
            codec = connection.codec();
            frame = codec.encode(message);
        }
        return frame;
    }
}
