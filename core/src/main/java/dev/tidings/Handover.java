package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which link carries a connection: the changes of its {@link Life}, and of what must agree with it.
 *
 * <p>Each poll is a link. One after the other they carry a connection that counts as open also in between, and nobody hears of it.
 */
final class Handover {

    private final Engine engine;
    private final LiveConnection connection;
    private final Life life;
    private final Outbox outbox;

    /**
     * Held while the life changes and what must agree with it does: of two links that resume at the same moment the one that the life
     * names has the mailbox and the outbox too, and listeners hear of changes in their order. Above the locks of mailbox and outbox.
     */
    private final ReentrantLock lock = new ReentrantLock();

    /** The highest number of a poll so far. It stays while something else carries the connection: a poll may be late. */
    @GuardedBy("lock")
    private long pollNumber;

    /** Whether the present client has been let in: a resume that asks the rules again has not ended before it has asked. */
    @GuardedBy("lock")
    private boolean letIn = true;

    /** Whether the listeners think that the client is away. */
    @GuardedBy("lock")
    private boolean away;

    private final AtomicBoolean parted = new AtomicBoolean();

    Handover(Engine engine, LiveConnection connection, Outbox outbox, LinkAttachment first) {
        this.engine = engine;
        this.connection = connection;
        this.outbox = outbox;
        this.life = new Life(first);
    }

    Life.State now() {
        return life.now();
    }

    @Nullable
    LinkAttachment link() {
        return life.link();
    }

    boolean isEnded() {
        return life.isEnded();
    }

    // ---- From link to link ------------------------------------------------------------------------------------------

    /** Goes on with another link. False if it has ended. */
    boolean resume(LinkAttachment link, long received) {
        Life.State before;
        boolean late;
        boolean nextPoll = false;
        long expects = 0;
        lock.lock();
        try {
            late = link.pollNumber() > 0 && link.pollNumber() <= pollNumber;
            before = late ? null : life.carry(link);
            if (before != null) {
                pollNumber = Math.max(pollNumber, link.pollNumber());
                nextPoll = letIn && before.isPolled() && link.handshake().isPolling();
                letIn = nextPoll;
                if (before.link() != null) {
                    outbox.detach(before.link());
                }
                expects = connection.mailbox().attach(link);
                connection.carriedBy(link.transport());
            }
        } finally {
            lock.unlock();
        }
        if (late) {
            // An old request that was slow or came twice; whatever is newer stays.
            link.finish(Disconnect.IN_USE);
            return true;
        }
        if (before == null) {
            return lastCall(link, received);
        }
        if (before.link() != null) {
            before.link().finish(Disconnect.IN_USE);
        }
        link.bind(connection, expects, false);
        if (nextPoll) {
            polled(link, received);
        } else {
            long next = expects;
            connection.subscribed().authorizeAgain().whenComplete((done, failure) -> authorized(link, received, next));
        }
        return true;
    }

    /** Poll after poll: nobody need hear of it, and nothing need be asked again. */
    private void polled(LinkAttachment link, long received) {
        Outbox.Lost lost;
        lock.lock();
        try {
            // Also if it has ended meanwhile: then this poll takes what is left.
            if (life.link() != link) {
                return;
            }
            lost = outbox.resume(link, null, received, 0, connection.subscriptions());
        } finally {
            lock.unlock();
        }
        carriedOn(link, lost);
    }

    /** The rules were asked again. If it has ended meanwhile, the link was told so: it gets nothing that was not allowed anew. */
    private void authorized(LinkAttachment link, long received, long expects) {
        Outbox.Lost lost;
        boolean start = false;
        lock.lock();
        try {
            if (life.isEnded() || life.link() != link) {
                return;
            }
            lost = outbox.resume(link, connection.id(), received, expects, connection.subscriptions());
            if (lost != null) {
                letIn = true;
                away = false;
                start = engine.listeners()
                        .queue(connection, () -> engine.listeners().resumed(connection));
            }
        } finally {
            lock.unlock();
        }
        if (start) {
            connection.mailbox().start();
        }
        carriedOn(link, lost);
    }

    private void carriedOn(LinkAttachment link, Outbox.@Nullable Lost lost) {
        if (lost == null) {
            link.fail(Disconnect.BAD_REQUEST.because("More frames received than were sent"));
            return;
        }
        if (lost.direct()) {
            connection.subscribed().tellAgain();
        }
        connection.memberships().showAll();
        link.settle();
        connection.signal();
    }

    /** Lets go of a link, with a word why if there is one; the connection waits for another. */
    void drop(LinkAttachment link, @Nullable Disconnect cause) {
        boolean start;
        lock.lock();
        try {
            Life.State before = life.detach(link, engine.now());
            if (before != null) {
                outbox.detach(link);
            }
            start = before != null && !link.handshake().isPolling() && tellDetached();
        } finally {
            lock.unlock();
        }
        if (start) {
            connection.mailbox().start();
        }
        if (cause != null) {
            link.finish(cause);
        }
    }

    /** The next poll did not come. */
    void lapse(Life.State between, long now) {
        boolean start;
        lock.lock();
        try {
            start = life.lapse(between, now) && tellDetached();
        } finally {
            lock.unlock();
        }
        if (start) {
            connection.mailbox().start();
        }
    }

    /** Once, until it has resumed: a resume that breaks before it was answered is none. */
    @GuardedBy("lock")
    private boolean tellDetached() {
        boolean told = away;
        away = true;
        return !told
                && engine.listeners().queue(connection, () -> engine.listeners().detached(connection));
    }

    // ---- The end ----------------------------------------------------------------------------------------------------

    /** Ends it; returns what it was before, or null if it had ended before or another link carries it than this one, if given. */
    Life.@Nullable State end(Disconnect cause, @Nullable LinkAttachment only) {
        lock.lock();
        try {
            return life.end(cause, only);
        } finally {
            lock.unlock();
        }
    }

    /** Whether what waits may leave by the present link, or the next poll. */
    boolean isLetIn() {
        lock.lock();
        try {
            return letIn;
        } finally {
            lock.unlock();
        }
    }

    /** It ended between two polls, or while one is held: the next one takes what is left, and hears why. */
    private boolean lastCall(LinkAttachment link, long received) {
        Life.State before;
        lock.lock();
        try {
            before = life.lastCall(link);
            if (before == null) {
                return false;
            }
            if (before.link() != null) {
                outbox.detach(before.link());
            }
            if (!letIn) {
                outbox.clear();
            }
        } finally {
            lock.unlock();
        }
        if (before.link() != null) {
            before.link().finish(Disconnect.IN_USE);
        }
        long expects = connection.mailbox().expects();
        link.bind(connection, expects, false);
        String told = link.handshake().isPolling() ? null : connection.id();
        Outbox.Lost lost;
        lock.lock();
        try {
            if (life.link() != link) {
                return true;
            }
            lost = outbox.resume(link, told, received, expects, Set.of());
        } finally {
            lock.unlock();
        }
        if (lost == null) {
            link.finish(Disconnect.BAD_REQUEST.because("More frames received than were sent"));
        } else {
            link.settle();
            connection.signal();
        }
        return true;
    }

    /**
     * A link is gone. If the connection has ended and this link was to say so, and it is a poll and has not, the next one is.
     *
     * @param told whether it has said why it ends
     */
    void gone(LinkAttachment link, boolean told) {
        boolean nextPoll =
                !told && link.handshake().isPolling() && link.handshake().isAcknowledging();
        boolean last;
        lock.lock();
        try {
            outbox.detach(link);
            last = life.isEnded() && life.link() == link;
            nextPoll = nextPoll && last && life.part(link);
        } finally {
            lock.unlock();
        }
        if (nextPoll) {
            part();
        } else if (last) {
            outbox.clear();
            engine.parted(connection);
        }
    }

    /**
     * It has ended, and if its client has to come by another poll to hear so, it may: but however often that fails, not longer than a poll
     * may take to come.
     */
    void part() {
        if (parted.compareAndSet(false, true)) {
            engine.part(connection);
        } else if (!engine.connections().isParting(connection)) {
            forget();
        }
    }

    /** It has ended, and no other poll came. */
    void forget() {
        engine.parted(connection);
        if (life.forget()) {
            outbox.clear();
        }
    }
}
