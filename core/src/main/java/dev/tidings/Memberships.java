package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Member;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.PresenceStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where one connection is a member, and whether it is shown there at the moment.
 *
 * <p>What is wanted is kept under a lock, and what the store is to be told is queued under it, so that the order of wishes is the order
 * of calls. The queue's lock is below it; the store is called with neither, one call after the other.
 */
final class Memberships {

    private static final System.Logger LOG = System.getLogger(Memberships.class.getPackageName());
    private static final CompletionStage<Change> DONE = CompletableFuture.completedStage(Change.DONE);
    private static final CompletionStage<Change> ABSENT = CompletableFuture.completedStage(Change.ABSENT);
    private static final CompletionStage<Change> TOO_MANY = CompletableFuture.completedStage(Change.TOO_MANY);

    private final String connection;
    private final @Nullable String user;
    private final PresenceStore store;
    private final Serial calls;
    private final int max;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Payload> wanted = new LinkedHashMap<>();

    @GuardedBy("lock")
    private boolean hidden;

    @GuardedBy("lock")
    private boolean ended;

    /** Whether the queue has got its first call and nobody has started it yet. */
    private final AtomicBoolean toStart = new AtomicBoolean();

    Memberships(String connection, @Nullable String user, PresenceStore store, Executor executor, int max) {
        this.connection = connection;
        this.user = user;
        this.store = store;
        this.calls = new Serial(executor, () -> {});
        this.max = max;
    }

    /** What became of a wish. */
    enum Change {
        /** It is done. */
        DONE,
        /** The connection has ended, or is not a member. */
        ABSENT,
        /** It is a member of as many channels as it may be. */
        TOO_MANY
    }

    CompletionStage<Change> enter(String channel, Payload data) {
        CompletionStage<Change> done;
        lock.lock();
        try {
            if (ended) {
                done = ABSENT;
            } else if (wanted.size() >= max && !wanted.containsKey(channel)) {
                done = TOO_MANY;
            } else {
                wanted.put(channel, data);
                done = hidden ? DONE : show(channel, data);
            }
        } finally {
            lock.unlock();
        }
        startCalls();
        return done;
    }

    CompletionStage<Change> update(String channel, Payload data) {
        CompletionStage<Change> done;
        lock.lock();
        try {
            if (ended || wanted.replace(channel, data) == null) {
                done = ABSENT;
            } else {
                done = hidden ? DONE : show(channel, data);
            }
        } finally {
            lock.unlock();
        }
        startCalls();
        return done;
    }

    CompletionStage<Change> leave(String channel) {
        CompletionStage<Change> done;
        lock.lock();
        try {
            if (wanted.remove(channel) == null) {
                done = ABSENT;
            } else {
                done = hidden ? DONE : hide(channel);
            }
        } finally {
            lock.unlock();
        }
        startCalls();
        return done;
    }

    boolean isIn(String channel) {
        lock.lock();
        try {
            return wanted.containsKey(channel);
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return wanted.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** The client has been away for longer than the grace: it is not shown until it resumes. */
    void hideAll() {
        lock.lock();
        try {
            if (!hidden && !wanted.isEmpty()) {
                hidden = true;
                for (String channel : wanted.keySet()) {
                    hide(channel);
                }
            }
        } finally {
            lock.unlock();
        }
        startCalls();
    }

    /** The client is back. */
    void showAll() {
        lock.lock();
        try {
            if (hidden && !ended) {
                hidden = false;
                for (Map.Entry<String, Payload> member : wanted.entrySet()) {
                    show(member.getKey(), member.getValue());
                }
            }
        } finally {
            lock.unlock();
        }
        startCalls();
    }

    /** The connection has ended: it enters nothing any more. */
    void end() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private CompletionStage<Change> show(String channel, Payload data) {
        return queue(() -> store.enter(channel, new Member(connection, user, data)));
    }

    @GuardedBy("lock")
    private CompletionStage<Change> hide(String channel) {
        return queue(() -> store.leave(channel, connection));
    }

    private CompletionStage<Change> queue(Supplier<CompletionStage<Void>> call) {
        CompletableFuture<Change> done = new CompletableFuture<>();
        boolean first = calls.add(() -> make(call).handle((result, failure) -> {
            if (failure != null) {
                LOG.log(System.Logger.Level.WARNING, "The presence store failed", failure);
                done.completeExceptionally(failure);
            } else {
                done.complete(Change.DONE);
            }
            return null;
        }));
        if (first) {
            toStart.set(true);
        }
        return done;
    }

    /** Without the lock: the executor is a stranger. */
    private void startCalls() {
        if (toStart.compareAndSet(true, false)) {
            calls.start();
        }
    }

    private static CompletionStage<Void> make(Supplier<CompletionStage<Void>> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }
}
