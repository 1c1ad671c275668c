package dev.tidings;

import dev.tidings.protocol.Disconnect;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The life of a connection: one value, changed by {@link #move} alone.
 *
 * <pre>
 * OPEN(link)  --link gone--&gt;  DETACHED  --resume--&gt;  OPEN(other link)
 * OPEN(link)  --resume--&gt;  OPEN(other link)
 * OPEN(poll)  --answered--&gt;  OPEN(none)  --next poll--&gt;  OPEN(poll)
 *                            OPEN(none)  --no poll in time--&gt;  DETACHED
 * any  --disconnect, plain client's link gone, resume window over--&gt;  ENDED
 * </pre>
 *
 * Each change says who made it: whoever gets the state before it, and nobody else, does what belongs to it.
 */
final class Life {

    enum Phase {
        OPEN,
        DETACHED,
        ENDED
    }

    /**
     * @param link the link that carries the connection, or null between two polls; after the end the one that may still write what
     *     waits
     * @param since when it was detached, or the last poll was answered
     * @param end why it ended
     */
    record State(
            Phase phase,
            @Nullable LinkAttachment link,
            long since,
            @Nullable Disconnect end) {

        /** Whether a poll was answered and the next one is due. */
        boolean isBetweenPolls() {
            return phase == Phase.OPEN && link == null;
        }

        /** Whether a client that polls is here. */
        boolean isPolled() {
            return phase == Phase.OPEN && (link == null || link.handshake().isPolling());
        }
    }

    private final AtomicReference<State> state;

    Life(LinkAttachment first) {
        state = new AtomicReference<>(new State(Phase.OPEN, first, 0, null));
    }

    State now() {
        return Objects.requireNonNull(state.get());
    }

    @Nullable
    LinkAttachment link() {
        return now().link();
    }

    boolean isEnded() {
        return now().phase() == Phase.ENDED;
    }

    /** Another link carries it. Null if it has ended. */
    @Nullable
    State carry(LinkAttachment link) {
        return move(before -> before.phase() == Phase.ENDED ? null : new State(Phase.OPEN, link, 0, null));
    }

    /** No link carries it: after a poll the next one is due, else it waits. Null if this link did not carry it. */
    @Nullable
    State detach(LinkAttachment link, long now) {
        Phase phase = link.handshake().isPolling() ? Phase.OPEN : Phase.DETACHED;
        return move(before ->
                before.phase() == Phase.OPEN && before.link() == link ? new State(phase, null, now, null) : null);
    }

    /** The next poll did not come. False if it has, or something else. */
    boolean lapse(State between) {
        return state.compareAndSet(between, new State(Phase.DETACHED, null, between.since(), null));
    }

    /** After the end of a polled connection, another poll takes what is left. Null if the last link was no poll. */
    @Nullable
    State lastCall(LinkAttachment link) {
        return move(before -> before.phase() == Phase.ENDED
                        && (before.link() == null || before.link().handshake().isPolling())
                ? new State(Phase.ENDED, link, before.since(), before.end())
                : null);
    }

    /** After the end, the last link is gone too. False if another has come. */
    boolean part(LinkAttachment link) {
        return move(before -> before.phase() == Phase.ENDED && before.link() == link
                        ? new State(Phase.ENDED, null, before.since(), before.end())
                        : null)
                != null;
    }

    /**
     * It is over. Null if it was before.
     *
     * @param only if given, only while this link carries it
     */
    @Nullable
    State end(Disconnect cause, @Nullable LinkAttachment only) {
        return move(before -> before.phase() == Phase.ENDED || (only != null && before.link() != only)
                ? null
                : new State(Phase.ENDED, before.link(), before.since(), cause));
    }

    /** The one way to change it. Returns the state before, or null if there is no change. */
    private @Nullable State move(Function<State, @Nullable State> change) {
        while (true) {
            State before = now();
            State after = change.apply(before);
            if (after == null) {
                return null;
            }
            if (state.compareAndSet(before, after)) {
                return before;
            }
        }
    }
}
