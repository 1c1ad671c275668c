package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written to one client, and, for an acknowledging one, what was written and is not acknowledged yet.
 *
 * <p>One leaf lock: nothing is called while it is held. Bounded in frames and in bytes, both parts together.
 *
 * <p>Frames are numbered when they are first polled, from 1, and then stay as they are in {@code retained}. After a resume they are
 * polled again from {@code cursor} on, before anything that is waiting. The carrier's own frames ({@code resumed}, {@code ack},
 * {@code pong}) are not queued but owed: they are made when the link polls, from the state of that moment, so that a flood of
 * pings costs nothing and {@code resumed} states exactly the frame that follows.
 */
final class Outbox {

    /** What became of an offer. */
    enum Offer {
        /** It waits, or is held by its lane. */
        TAKEN,
        /** It is dropped: nobody is to get it. */
        IGNORED,
        /** There was no room: everything is dropped, and the frame layer of an acknowledging client has ended. */
        OVERFLOW
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Codec codec;
    private final boolean acknowledging;
    private final int maxFrames;
    private final int maxBytes;
    private final LongAdder queuedBytes;
    private final LongAdder dropped;

    // What waits and what is kept. bytes counts both, and what a plain client's link has polled and not written yet.
    @GuardedBy("lock")
    private final FrameRing waiting = new FrameRing();

    @GuardedBy("lock")
    private final FrameRing retained = new FrameRing();

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private int held;

    @GuardedBy("lock")
    private boolean sealed;

    // Numbers of the frame layer.
    @GuardedBy("lock")
    private long lastNumber;

    @GuardedBy("lock")
    private int cursor;

    // The link that may poll, what it is owed, and what it has polled and not written yet.
    @GuardedBy("lock")
    private @Nullable Object link;

    @GuardedBy("lock")
    private final ArrayDeque<Frame> carrier = new ArrayDeque<>();

    @GuardedBy("lock")
    private Outbound.@Nullable Resumed owedResumed;

    @GuardedBy("lock")
    private long owedAck;

    @GuardedBy("lock")
    private boolean ackDue;

    @GuardedBy("lock")
    private boolean owedPong;

    @GuardedBy("lock")
    private int unwritten;

    @GuardedBy("lock")
    private int unwrittenBytes;

    @GuardedBy("lock")
    private long unwrittenSince;

    // What an overflow has thrown away and the client has not been told yet.
    @GuardedBy("lock")
    private boolean overflowed;

    @GuardedBy("lock")
    private boolean lostDirect;

    @GuardedBy("lock")
    private final Set<String> lostChannels = new HashSet<>();

    Outbox(Codec codec, boolean acknowledging, int maxFrames, int maxBytes, LongAdder queuedBytes, LongAdder dropped) {
        this.codec = codec;
        this.acknowledging = acknowledging;
        this.maxFrames = maxFrames;
        this.maxBytes = maxBytes;
        this.queuedBytes = queuedBytes;
        this.dropped = dropped;
    }

    // ---- Putting in -------------------------------------------------------------------------------------------------

    /** A frame for this connection alone. */
    Offer offer(Frame frame) {
        lock.lock();
        try {
            return sealed ? Offer.IGNORED : append(waiting, frame);
        } finally {
            lock.unlock();
        }
    }

    /** A publication, or a gap, for a subscription. */
    Offer offer(Lane lane, Frame frame) {
        lock.lock();
        try {
            return switch (sealed ? Lane.Gate.CLOSED : lane.messages) {
                case OPEN -> append(waiting, frame);
                case HOLDING -> hold(lane.heldMessages, frame);
                case CLOSED -> Offer.IGNORED;
            };
        } finally {
            lock.unlock();
        }
    }

    /** A change of presence for a subscription. What the client's snapshot holds already is dropped. */
    Offer offerPresence(Lane lane, Frame frame, long version) {
        lock.lock();
        try {
            if (sealed || version <= lane.presenceVersion) {
                return Offer.IGNORED;
            }
            return switch (lane.presence) {
                case OPEN -> {
                    lane.presenceVersion = version;
                    yield append(waiting, frame);
                }
                case HOLDING -> {
                    if (lane.heldPresence.isEmpty()) {
                        lane.heldSince = version - 1;
                    }
                    yield hold(lane.heldPresence, frame);
                }
                case CLOSED -> Offer.IGNORED;
            };
        } finally {
            lock.unlock();
        }
    }

    /** A frame of the carrier's, ahead of everything: {@code welcome}, {@code auth_success}. */
    void offerCarrier(Frame frame) {
        lock.lock();
        try {
            carrier.add(frame);
        } finally {
            lock.unlock();
        }
    }

    /**
     * The client is to know that its frames up to a number are handled.
     *
     * @param due whether now, or when it is due again
     */
    void oweAck(long number, boolean due) {
        lock.lock();
        try {
            owedAck = number;
            ackDue |= due;
        } finally {
            lock.unlock();
        }
    }

    /** Whatever acknowledgement is owed is due now. True if there is one. */
    boolean ackIsDue() {
        lock.lock();
        try {
            ackDue = owedAck > 0;
            return ackDue;
        } finally {
            lock.unlock();
        }
    }

    /** The client asked whether we are there. */
    void owePong() {
        lock.lock();
        try {
            owedPong = true;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Offer append(FrameRing ring, Frame frame) {
        if (overflowed) {
            lose(frame);
            return Offer.IGNORED;
        }
        boolean full = waiting.size() + retained.size() + held + unwrittenFrames() >= maxFrames
                || bytes + frame.size() > maxBytes;
        if (full) {
            overflow();
            lose(frame);
            return Offer.OVERFLOW;
        }
        ring.add(frame);
        grow(frame.size());
        return Offer.TAKEN;
    }

    @GuardedBy("lock")
    private Offer hold(FrameRing ring, Frame frame) {
        Offer offer = append(ring, frame);
        if (offer == Offer.TAKEN) {
            held++;
        }
        return offer;
    }

    @GuardedBy("lock")
    private int unwrittenFrames() {
        return acknowledging ? 0 : unwritten;
    }

    // ---- Subscriptions ----------------------------------------------------------------------------------------------

    /** Lets a lane's messages pass, behind the word that the client is subscribed. False if the lane was closed before. */
    boolean open(Lane lane, @Nullable Frame subscribed) {
        lock.lock();
        try {
            if (lane.messages != Lane.Gate.HOLDING) {
                return lane.messages == Lane.Gate.OPEN;
            }
            lane.messages = Lane.Gate.OPEN;
            if (subscribed != null && !sealed) {
                append(waiting, subscribed);
            }
            release(lane.heldMessages);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Begins to hold a lane's changes of presence. False if it does so already, or passes them, or is closed. */
    boolean holdPresence(Lane lane) {
        lock.lock();
        try {
            if (lane.messages == Lane.Gate.CLOSED || lane.presence != Lane.Gate.CLOSED) {
                return false;
            }
            lane.presence = Lane.Gate.HOLDING;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Lets a lane's changes of presence pass, behind a snapshot that has them up to a version. */
    void openPresence(Lane lane, @Nullable Frame snapshot, long version) {
        lock.lock();
        try {
            if (lane.presence != Lane.Gate.HOLDING) {
                return;
            }
            lane.presence = Lane.Gate.OPEN;
            lane.presenceVersion = Math.max(version, lane.heldSince + lane.heldPresence.size());
            if (snapshot != null && !sealed) {
                append(waiting, snapshot);
            }
            for (long v = lane.heldSince + 1; v <= version && !lane.heldPresence.isEmpty(); v++) {
                shrink(lane.heldPresence.remove().size());
                held--;
            }
            release(lane.heldPresence);
        } finally {
            lock.unlock();
        }
    }

    /** Closes a lane for good: nothing of its channel that was not polled yet leaves any more. */
    void close(Lane lane) {
        lock.lock();
        try {
            lane.messages = Lane.Gate.CLOSED;
            lane.presence = Lane.Gate.CLOSED;
            discard(lane.heldMessages);
            discard(lane.heldPresence);
            if (!sealed) {
                shrink(waiting.removeIf(lane::owns));
            }
            lostChannels.remove(lane.channel);
        } finally {
            lock.unlock();
        }
    }

    /** What was polled of a channel that the client may not read any more is replayed as this frame. */
    void withhold(Lane lane, Frame instead) {
        lock.lock();
        try {
            for (int i = 0; i < retained.size(); i++) {
                Frame frame = retained.get(i);
                if (lane.owns(frame)) {
                    retained.set(i, instead);
                    shrink(frame.size());
                    grow(instead.size());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void release(FrameRing ring) {
        held -= ring.size();
        while (!ring.isEmpty()) {
            waiting.add(ring.remove());
        }
    }

    @GuardedBy("lock")
    private void discard(FrameRing ring) {
        held -= ring.size();
        drop(ring);
    }

    // ---- Taking out -------------------------------------------------------------------------------------------------

    /** The next frame for a link to write, or null: there is none now, or another link has taken over. */
    @Nullable
    Frame poll(Object by, long now) {
        while (true) {
            Outbound owed;
            lock.lock();
            try {
                if (link != by) {
                    return null;
                }
                owed = owed();
                if (owed == null) {
                    Frame next = next();
                    if (next != null) {
                        began(now);
                    }
                    return next;
                }
            } finally {
                lock.unlock();
            }
            Frame frame = codec.encode(owed);
            if (frame != null) {
                lock.lock();
                try {
                    if (link != by) {
                        return null;
                    }
                    began(now);
                    return frame;
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    @GuardedBy("lock")
    private @Nullable Outbound owed() {
        if (owedResumed != null) {
            Outbound.Resumed resumed = owedResumed;
            owedResumed = null;
            return new Outbound.Resumed(resumed.connection(), nextNumberLocked(), resumed.expects());
        }
        if (!carrier.isEmpty()) {
            return null;
        }
        if (ackDue) {
            Outbound ack = new Outbound.Ack(owedAck);
            owedAck = 0;
            ackDue = false;
            return ack;
        }
        if (owedPong) {
            owedPong = false;
            return new Outbound.Pong();
        }
        return null;
    }

    @GuardedBy("lock")
    private @Nullable Frame next() {
        if (!carrier.isEmpty()) {
            return carrier.remove();
        }
        if (cursor < retained.size()) {
            return retained.get(cursor++);
        }
        if (waiting.isEmpty()) {
            return null;
        }
        Frame frame = waiting.remove();
        if (!acknowledging) {
            unwrittenBytes += frame.size();
        } else if (frame.isCounted()) {
            retained.add(frame);
            cursor++;
            lastNumber++;
        } else {
            shrink(frame.size());
        }
        return frame;
    }

    @GuardedBy("lock")
    private void began(long now) {
        if (unwritten++ == 0) {
            unwrittenSince = now;
        }
    }

    /** All that a link has polled has left. */
    void written(Object by) {
        lock.lock();
        try {
            if (link == by) {
                wrote();
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void wrote() {
        unwritten = 0;
        shrink(unwrittenBytes);
        unwrittenBytes = 0;
    }

    /** Since when a link has been writing what it polled; {@code now} if it has nothing to write. */
    long writingSince(Object by, long now) {
        lock.lock();
        try {
            return link == by && unwritten > 0 ? unwrittenSince : now;
        } finally {
            lock.unlock();
        }
    }

    /** The client has everything up to a number. False if it was never sent so much. */
    boolean acknowledge(long number) {
        lock.lock();
        try {
            if (number > lastNumber) {
                return false;
            }
            while (!retained.isEmpty() && firstRetained() <= number) {
                shrink(retained.remove().size());
                cursor = Math.max(0, cursor - 1);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    long nextNumber() {
        lock.lock();
        try {
            return acknowledging ? nextNumberLocked() : 0;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private long nextNumberLocked() {
        return firstRetained() + cursor;
    }

    @GuardedBy("lock")
    private long firstRetained() {
        return lastNumber - retained.size() + 1;
    }

    // ---- Links ------------------------------------------------------------------------------------------------------

    /** The first link. */
    void attach(Object by) {
        lock.lock();
        try {
            link = by;
        } finally {
            lock.unlock();
        }
    }

    /** A link is gone, or is to poll nothing any more. */
    void detach(Object by) {
        lock.lock();
        try {
            if (link == by) {
                link = null;
                wrote();
                carrier.clear();
                owedResumed = null;
                owedPong = false;
            }
        } finally {
            lock.unlock();
        }
    }

    /** What a client is told has been lost. */
    record Lost(boolean direct, Set<String> channels) {
        static final Lost NOTHING = new Lost(false, Set.of());
    }

    /**
     * Another link goes on, from the client's word how much it has. Returns null if it was never sent so much, else what to tell it
     * is lost: after an overflow, or after it has forgotten what it had acknowledged.
     */
    @Nullable
    Lost resume(Object by, String connection, long received, long expects, Set<String> subscribed) {
        lock.lock();
        try {
            if (received > lastNumber) {
                return null;
            }
            boolean forgot = received + 1 < firstRetained() && !overflowed;
            while (!retained.isEmpty() && firstRetained() <= received) {
                shrink(retained.remove().size());
            }
            cursor = 0;
            shrink(waiting.removeIf(frame -> !frame.isCounted()));
            link = by;
            owedResumed = new Outbound.Resumed(connection, 0, expects);
            return forgot ? new Lost(true, subscribed) : takeLost();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Lost takeLost() {
        if (!overflowed) {
            return Lost.NOTHING;
        }
        Lost lost = new Lost(lostDirect, Set.copyOf(lostChannels));
        overflowed = false;
        lostDirect = false;
        lostChannels.clear();
        return lost;
    }

    // ---- Ends -------------------------------------------------------------------------------------------------------

    /** Takes no more; what waits still leaves. */
    void seal() {
        lock.lock();
        try {
            sealed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more and forgets all. */
    void clear() {
        lock.lock();
        try {
            sealed = true;
            forgetAll();
            carrier.clear();
            wrote();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it takes no more and a link has written the last of it. */
    boolean isDrained(Object by) {
        lock.lock();
        try {
            return sealed
                    && link == by
                    && unwritten == 0
                    && waiting.isEmpty()
                    && carrier.isEmpty()
                    && cursor == retained.size();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void overflow() {
        overflowed = acknowledging;
        sealed |= !acknowledging;
        for (int i = 0; i < retained.size(); i++) {
            lose(retained.get(i));
        }
        for (int i = 0; i < waiting.size(); i++) {
            lose(waiting.get(i));
        }
        forgetAll();
    }

    @GuardedBy("lock")
    private void lose(Frame frame) {
        dropped.increment();
        if (frame.channel() != null) {
            lostChannels.add(frame.channel());
        } else {
            lostDirect |= frame.isCounted();
        }
    }

    @GuardedBy("lock")
    private void forgetAll() {
        drop(waiting);
        drop(retained);
        cursor = 0;
    }

    @GuardedBy("lock")
    private void drop(FrameRing ring) {
        while (!ring.isEmpty()) {
            shrink(ring.remove().size());
        }
    }

    @GuardedBy("lock")
    private void grow(int size) {
        bytes += size;
        queuedBytes.add(size);
    }

    @GuardedBy("lock")
    private void shrink(long size) {
        bytes -= size;
        queuedBytes.add(-size);
    }
}
