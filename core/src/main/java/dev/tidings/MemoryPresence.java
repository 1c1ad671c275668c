package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Member;
import dev.tidings.protocol.PresenceChange;
import dev.tidings.spi.PresenceStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The members of this node's channels, in memory.
 *
 * <p>One leaf lock for all channels: entering and leaving is rare beside publishing. Changes are queued under it, in the order of their
 * versions, and told without it, by whichever thread finds nobody telling.
 *
 * <p>The version of a channel that has become empty is remembered, because its subscribers remember it too. Of many such
 * channels the longest empty ones are forgotten; should one fill again, its versions go on above all that were forgotten, and
 * its subscribers see a hole and ask again.
 */
final class MemoryPresence implements PresenceStore {

    private static final System.Logger LOG = System.getLogger(MemoryPresence.class.getPackageName());
    private static final int MAX_EMPTY = 10_000;
    private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

    private static final class Members {
        final Map<String, Member> byConnection = new LinkedHashMap<>();
        long version;
    }

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Members> channels = new HashMap<>();

    @GuardedBy("lock")
    private final LinkedHashMap<String, Long> emptied = new LinkedHashMap<>();

    @GuardedBy("lock")
    private long forgottenVersion;

    /** How many memberships a user has. */
    @GuardedBy("lock")
    private final Map<String, Integer> users = new HashMap<>();

    // Added to under the lock; taken from by the one thread that has lifted telling from 0.
    private final ConcurrentLinkedQueue<PresenceChange> untold = new ConcurrentLinkedQueue<>();
    private final AtomicInteger telling = new AtomicInteger();
    private volatile @Nullable Listener listener;

    @Override
    public void start(Listener receiving) {
        listener = receiving;
    }

    @Override
    public CompletionStage<Void> enter(String channel, Member member) {
        lock.lock();
        try {
            Members members = channels.computeIfAbsent(channel, this::begin);
            Member before = members.byConnection.put(member.connection(), member);
            if (before == null) {
                count(member, 1);
                tell(channel, members, List.of(member), List.of(), List.of());
            } else if (!before.equals(member)) {
                count(before, -1);
                count(member, 1);
                tell(channel, members, List.of(), List.of(member), List.of());
            }
        } finally {
            lock.unlock();
        }
        tellAll();
        return DONE;
    }

    @Override
    public CompletionStage<Void> leave(String channel, String connection) {
        lock.lock();
        try {
            Members members = channels.get(channel);
            Member left = members == null ? null : members.byConnection.remove(connection);
            if (members != null && left != null) {
                count(left, -1);
                tell(channel, members, List.of(), List.of(), List.of(left));
                if (members.byConnection.isEmpty()) {
                    channels.remove(channel);
                    empty(channel, members.version);
                }
            }
        } finally {
            lock.unlock();
        }
        tellAll();
        return DONE;
    }

    @Override
    public CompletionStage<Snapshot> members(String channel) {
        lock.lock();
        try {
            Members members = channels.get(channel);
            return CompletableFuture.completedStage(
                    members == null
                            ? new Snapshot(emptied.getOrDefault(channel, forgottenVersion), List.of())
                            : new Snapshot(members.version, new ArrayList<>(members.byConnection.values())));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletionStage<Boolean> isMember(String user) {
        lock.lock();
        try {
            return CompletableFuture.completedStage(users.containsKey(user));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        listener = null;
    }

    @GuardedBy("lock")
    private Members begin(String channel) {
        Members members = new Members();
        Long before = emptied.remove(channel);
        members.version = before != null ? before : forgottenVersion;
        return members;
    }

    @GuardedBy("lock")
    private void empty(String channel, long version) {
        emptied.put(channel, version);
        if (emptied.size() > MAX_EMPTY) {
            String oldest = emptied.keySet().iterator().next();
            Long forgotten = emptied.remove(oldest);
            forgottenVersion = Math.max(forgottenVersion, forgotten == null ? 0 : forgotten);
        }
    }

    @GuardedBy("lock")
    private void count(Member member, int change) {
        if (member.user() != null) {
            users.merge(member.user(), change, (before, more) -> before + more == 0 ? null : before + more);
        }
    }

    @GuardedBy("lock")
    private void tell(String channel, Members members, List<Member> entered, List<Member> updated, List<Member> left) {
        members.version++;
        untold.add(new PresenceChange(channel, members.version, entered, updated, left));
    }

    private static void tell(Listener told, PresenceChange change) {
        try {
            told.changed(change);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "A change of presence could not be told", e);
        }
    }

    private void tellAll() {
        if (telling.getAndIncrement() != 0) {
            return;
        }
        int seen = telling.get();
        do {
            for (PresenceChange change = untold.poll(); change != null; change = untold.poll()) {
                Listener told = listener;
                if (told != null) {
                    tell(told, change);
                }
            }
            seen = telling.addAndGet(-seen);
        } while (seen != 0);
    }
}
