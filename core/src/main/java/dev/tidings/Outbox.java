package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written to one client, and, for an acknowledging one, what was written and is not acknowledged yet.
 *
 * <p>One leaf lock: nothing is called while it is held. Bounded in frames and in bytes, all parts together. A frame passes from
 * its lane, where it may be held back, to {@code waiting}, is polled by the present link, and from then on is {@link Retained} until
 * the client has it, or, for a plain client, unwritten until the container has taken it.
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

    /** What a client is told has been lost. */
    record Lost(boolean direct, Set<String> channels) {
        static final Lost NOTHING = new Lost(false, Set.of());

        /** Everything direct, and these channels too. */
        Lost and(Set<String> more) {
            Set<String> all = new TreeSet<>(channels);
            all.addAll(more);
            return new Lost(true, all);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Codec codec;
    private final boolean acknowledging;
    private final int maxFrames;
    private final int maxBytes;
    private final LongAdder queuedBytes;
    private final LongAdder dropped;

    // What is kept, and how much that is: waiting, held by lanes, retained, and a plain client's unwritten.
    @GuardedBy("lock")
    private final FrameRing waiting = new FrameRing();

    @GuardedBy("lock")
    private final Retained retained = new Retained();

    @GuardedBy("lock")
    private int held;

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private boolean sealed;

    /** Sealed, and nothing that it holds is wanted any more. */
    @GuardedBy("lock")
    private boolean forgotten;

    @GuardedBy("lock")
    private boolean overflowed;

    @GuardedBy("lock")
    private final Loss loss = new Loss();

    // The link that may poll, what it is owed, and what it has polled and not written yet.
    @GuardedBy("lock")
    private @Nullable Object link;

    @GuardedBy("lock")
    private final Owed owed = new Owed();

    @GuardedBy("lock")
    private int unwritten;

    @GuardedBy("lock")
    private int unwrittenBytes;

    @GuardedBy("lock")
    private long unwrittenSince;

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
            return pass(sealed ? Lane.Gate.CLOSED : lane.messages, lane.heldMessages, frame);
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
            Offer offer = pass(lane.presence, lane.heldPresence, frame);
            if (lane.presence == Lane.Gate.OPEN) {
                lane.presenceVersion = version;
            } else if (lane.presence == Lane.Gate.HOLDING && offer == Offer.TAKEN) {
                lane.heldVersions.add(version);
            }
            return offer;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Offer pass(Lane.Gate gate, FrameRing holding, Frame frame) {
        return switch (gate) {
            case OPEN -> append(waiting, frame);
            case HOLDING -> {
                Offer offer = append(holding, frame);
                held += offer == Offer.TAKEN ? 1 : 0;
                yield offer;
            }
            case CLOSED -> Offer.IGNORED;
        };
    }

    @GuardedBy("lock")
    private Offer append(FrameRing ring, Frame frame) {
        if (loss.hasBegun()) {
            lose(frame);
            return Offer.IGNORED;
        }
        int frames = waiting.size() + held + retained.size() + (acknowledging ? 0 : unwritten);
        if (frames >= maxFrames || bytes + frame.size() > maxBytes) {
            overflow();
            lose(frame);
            return Offer.OVERFLOW;
        }
        ring.add(frame);
        grow(frame.size());
        return Offer.TAKEN;
    }

    /** Everything goes: a client that lacks one frame of an order cannot be given the next. */
    @GuardedBy("lock")
    private void overflow() {
        overflowed = true;
        if (acknowledging) {
            loss.begin();
        } else {
            sealed = true;
        }
        for (int i = 0; i < retained.size(); i++) {
            lose(retained.get(i));
        }
        for (int i = 0; i < waiting.size(); i++) {
            lose(waiting.get(i));
        }
        forget();
    }

    @GuardedBy("lock")
    private void lose(Frame frame) {
        dropped.increment();
        loss.add(frame);
    }

    /** Whether it has thrown everything away, and the client has not come back for the rest. */
    boolean hasOverflowed() {
        lock.lock();
        try {
            return overflowed;
        } finally {
            lock.unlock();
        }
    }

    /** A frame of the carrier's, ahead of everything: {@code welcome}, {@code auth_success}. */
    void offerCarrier(Frame frame) {
        lock.lock();
        try {
            owed.add(frame);
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
            owed.ack(number, due);
        } finally {
            lock.unlock();
        }
    }

    /** Whatever acknowledgement is owed is due now. True if there is one. */
    boolean ackIsDue() {
        lock.lock();
        try {
            return owed.ackIsDue();
        } finally {
            lock.unlock();
        }
    }

    /** The client asked whether we are there. */
    void owePong() {
        lock.lock();
        try {
            owed.pong();
        } finally {
            lock.unlock();
        }
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
            lane.presenceVersion = version;
            if (snapshot != null && !sealed) {
                append(waiting, snapshot);
            }
            while (!lane.heldVersions.isEmpty()) {
                long held = lane.heldVersions.remove();
                if (held > version) {
                    lane.presenceVersion = held;
                    releaseFirst(lane.heldPresence);
                } else {
                    dropFirst(lane.heldPresence);
                }
            }
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
            held -= lane.heldMessages.size() + lane.heldPresence.size();
            drop(lane.heldMessages);
            drop(lane.heldPresence);
            lane.heldVersions.clear();
            if (!sealed) {
                shrink(waiting.removeIf(lane::owns));
            }
            loss.remove(lane.channel);
        } finally {
            lock.unlock();
        }
    }

    /** What was polled of a channel that the client may not read any more is sent again as this frame. */
    void withhold(Lane lane, Frame instead) {
        lock.lock();
        try {
            shrink(-retained.replace(lane, instead));
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void release(FrameRing ring) {
        while (!ring.isEmpty()) {
            releaseFirst(ring);
        }
    }

    @GuardedBy("lock")
    private void releaseFirst(FrameRing ring) {
        held--;
        Frame frame = ring.remove();
        if (forgotten) {
            shrink(frame.size());
        } else if (loss.hasBegun()) {
            shrink(frame.size());
            lose(frame);
        } else {
            waiting.add(frame);
        }
    }

    @GuardedBy("lock")
    private void dropFirst(FrameRing ring) {
        held--;
        shrink(ring.remove().size());
    }

    // ---- Taking out -------------------------------------------------------------------------------------------------

    /** The next frame for a link to write, or null: there is none now, or another link has taken over. */
    @Nullable
    Frame poll(Object by, long now) {
        while (true) {
            Outbound said;
            lock.lock();
            try {
                if (link != by) {
                    return null;
                }
                said = owed.take(retained.nextNumber());
                if (said == null) {
                    return next(now);
                }
            } finally {
                lock.unlock();
            }
            Frame frame = codec.encode(said);
            if (frame != null) {
                return begun(by, now) ? frame : null;
            }
        }
    }

    @GuardedBy("lock")
    private @Nullable Frame next(long now) {
        Frame frame = owed.frame();
        if (frame == null && retained.hasNext()) {
            frame = retained.next();
        }
        if (frame == null && !waiting.isEmpty()) {
            frame = waiting.remove();
            if (!acknowledging) {
                unwrittenBytes += frame.size();
            } else if (frame.isCounted()) {
                retained.add(frame);
            } else {
                shrink(frame.size());
            }
        }
        if (frame != null) {
            begun(now);
        }
        return frame;
    }

    private boolean begun(Object by, long now) {
        lock.lock();
        try {
            if (link != by) {
                return false;
            }
            begun(now);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void begun(long now) {
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
            if (number > retained.lastNumber()) {
                return false;
            }
            shrink(retained.acknowledge(number));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The number of the counted frame that is polled next; 0 for a plain client. */
    long nextNumber() {
        lock.lock();
        try {
            return acknowledging ? retained.nextNumber() : 0;
        } finally {
            lock.unlock();
        }
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
                owed.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Another link goes on, from the client's word how much it has. Returns null if it was never sent so much, else what it is told
     * is lost: after an overflow, or after it has forgotten what it had acknowledged. Gaps go ahead of whatever waits.
     *
     * @param subscribed the channels to name if the client has forgotten
     */
    @Nullable
    Lost resume(Object by, String connection, long received, long expects, Set<String> subscribed) {
        Lost lost = rewind(received, subscribed);
        if (lost == null) {
            return null;
        }
        List<Frame> gaps = new ArrayList<>();
        new TreeSet<>(lost.channels()).forEach(channel -> gap(channel, gaps));
        if (lost.direct()) {
            gap(null, gaps);
        }
        lock.lock();
        try {
            for (int i = gaps.size() - 1; i >= 0; i--) {
                waiting.addFirst(gaps.get(i));
                grow(gaps.get(i).size());
            }
            link = by;
            owed.resumed(connection, expects);
        } finally {
            lock.unlock();
        }
        return lost;
    }

    private void gap(@Nullable String channel, List<Frame> gaps) {
        Frame frame = codec.encode(new Outbound.Gap(channel, GapReason.OVERFLOW));
        if (frame != null) {
            gaps.add(frame);
        }
    }

    /** No link polls until {@link #resume} is done. */
    private @Nullable Lost rewind(long received, Set<String> subscribed) {
        lock.lock();
        try {
            if (received > retained.lastNumber()) {
                return null;
            }
            boolean forgot = received < retained.acknowledged();
            shrink(retained.acknowledge(received));
            retained.rewind();
            shrink(waiting.removeIf(frame -> !frame.isCounted()));
            link = null;
            overflowed = false;
            Lost lost = loss.take();
            return forgot ? lost.and(subscribed) : lost;
        } finally {
            lock.unlock();
        }
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
            forgotten = true;
            forget();
            owed.clear();
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
                    && !owed.hasFrames()
                    && !retained.hasNext();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void forget() {
        drop(waiting);
        shrink(retained.clear());
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
        if (size != 0) {
            bytes -= size;
            queuedBytes.add(-size);
        }
    }
}
