package dev.tidings;

import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What the present link is to say of the carrier's own, ahead of everything else. Guarded by the lock of its outbox.
 *
 * <p>{@code resumed}, {@code ack} and {@code pong} are not queued: they are made when the link polls, from the state of that
 * moment, so that a flood of pings costs nothing and {@code resumed} states exactly the frame that follows.
 */
final class Owed {

    private final ArrayDeque<Frame> frames = new ArrayDeque<>(2);
    private Outbound.@Nullable Resumed resumed;
    private long ack;
    private boolean ackDue;
    /** The last one that was said. */
    private long acked;

    private boolean pong;

    void add(Frame frame) {
        frames.add(frame);
    }

    @Nullable
    Frame frame() {
        return frames.poll();
    }

    void resumed(String connection, long expects) {
        resumed = new Outbound.Resumed(connection, 0, expects);
    }

    void ack(long number, boolean due) {
        ack = number;
        ackDue |= due;
    }

    /** The answer that the last acknowledgement was in may be lost, and is said again as a whole. */
    void ackAgain() {
        ack = Math.max(ack, acked);
        ackDue = ack > 0;
    }

    /** An acknowledgement that is owed is due now. True if there is one. */
    boolean ackIsDue() {
        ackDue = ack > 0;
        return ackDue;
    }

    void pong() {
        pong = true;
    }

    boolean hasFrames() {
        return !frames.isEmpty();
    }

    /** What is to be made and said next, if it is not one of the frames. */
    @Nullable
    Outbound take(long nextNumber) {
        if (resumed != null) {
            Outbound said = new Outbound.Resumed(resumed.connection(), nextNumber, resumed.expects());
            resumed = null;
            return said;
        }
        if (!frames.isEmpty()) {
            return null;
        }
        if (ackDue) {
            Outbound said = new Outbound.Ack(ack);
            acked = ack;
            ack = 0;
            ackDue = false;
            return said;
        }
        if (pong) {
            pong = false;
            return new Outbound.Pong();
        }
        return null;
    }

    /** The link is gone: what was for it alone is for nobody. */
    void clear() {
        frames.clear();
        resumed = null;
        pong = false;
    }
}
