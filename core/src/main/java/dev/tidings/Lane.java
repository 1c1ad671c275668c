package dev.tidings;

import dev.tidings.protocol.Frame;
import java.util.ArrayDeque;

/**
 * One subscription's way into the outbox of its connection: closed at first to what comes, which it holds back, then open, then
 * closed for good. All fields are guarded by the lock of that outbox, so that "nothing after unsubscribe" holds without a lock of
 * its own.
 */
final class Lane {

    /** Whether frames pass. */
    enum Gate {
        /** They wait until the client has been told that it is subscribed. */
        HOLDING,
        /** They pass. */
        OPEN,
        /** They are dropped. */
        CLOSED
    }

    final String channel;

    Gate messages = Gate.HOLDING;
    final FrameRing heldMessages = new FrameRing();

    /** Changes of presence are dropped until somebody asks for them, and then held until the snapshot has gone ahead. */
    Gate presence = Gate.CLOSED;

    final FrameRing heldPresence = new FrameRing();
    /** The version of the last change that the client has, in a snapshot or by itself. */
    long presenceVersion;
    /** The versions of the changes that are held, in the same order. */
    final ArrayDeque<Long> heldVersions = new ArrayDeque<>(0);

    Lane(String channel) {
        this.channel = channel;
    }

    boolean owns(Frame frame) {
        return channel.equals(frame.channel());
    }
}
