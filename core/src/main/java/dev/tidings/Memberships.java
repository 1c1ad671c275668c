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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where one connection is a member, and whether it is shown there at the moment.
 *
 * <p>What is wanted is kept under a leaf lock; the store is told by a queue of its own, one call after the other, so that leaving by
 * the grace and entering again by a resume never overtake each other.
 */
final class Memberships {

    private static final System.Logger LOG = System.getLogger(Memberships.class.getPackageName());

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
        lock.lock();
        try {
            if (ended) {
                return CompletableFuture.completedStage(Change.ABSENT);
            }
            if (wanted.size() >= max && !wanted.containsKey(channel)) {
                return CompletableFuture.completedStage(Change.TOO_MANY);
            }
            wanted.put(channel, data);
            if (hidden) {
                return CompletableFuture.completedStage(Change.DONE);
            }
        } finally {
            lock.unlock();
        }
        return show(channel, data).thenApply(done -> Change.DONE);
    }

    CompletionStage<Change> update(String channel, Payload data) {
        return isIn(channel) ? enter(channel, data) : CompletableFuture.completedStage(Change.ABSENT);
    }

    CompletionStage<Change> leave(String channel) {
        lock.lock();
        try {
            if (wanted.remove(channel) == null) {
                return CompletableFuture.completedStage(Change.ABSENT);
            }
        } finally {
            lock.unlock();
        }
        return hide(channel).thenApply(done -> Change.DONE);
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
        Map<String, Payload> all;
        lock.lock();
        try {
            if (hidden || wanted.isEmpty()) {
                return;
            }
            hidden = true;
            all = new LinkedHashMap<>(wanted);
        } finally {
            lock.unlock();
        }
        all.keySet().forEach(this::hide);
    }

    /** The client is back. */
    void showAll() {
        Map<String, Payload> all;
        lock.lock();
        try {
            if (!hidden || ended) {
                return;
            }
            hidden = false;
            all = new LinkedHashMap<>(wanted);
        } finally {
            lock.unlock();
        }
        all.forEach(this::show);
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

    private CompletionStage<Void> show(String channel, Payload data) {
        return call(() -> store.enter(channel, new Member(connection, user, data)));
    }

    private CompletionStage<Void> hide(String channel) {
        return call(() -> store.leave(channel, connection));
    }

    /** What is asked of the store. */
    @FunctionalInterface
    private interface Call {
        CompletionStage<Void> make();
    }

    private CompletionStage<Void> call(Call call) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        calls.post(() -> {
            CompletionStage<Void> stage;
            try {
                stage = call.make();
            } catch (RuntimeException e) {
                stage = CompletableFuture.failedStage(e);
            }
            return stage.handle((result, failure) -> {
                if (failure != null) {
                    LOG.log(System.Logger.Level.WARNING, "The presence store failed", failure);
                    done.completeExceptionally(failure);
                } else {
                    done.complete(null);
                }
                return null;
            });
        });
        return done;
    }
}
