package dev.tidings.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One direction of one connection through a {@link FaultProxy}: reads from a socket, keeps, writes to the other.
 *
 * <p>It never waits. The loop tells it when there is something to read, and asks it to write at every turn; it answers when it
 * wants its next turn. Only the thread of the loop uses it.
 */
final class Pump {

    /** No turn is wanted before something happens. */
    static final long NEVER = Long.MAX_VALUE;

    /** How much is kept at most, of what is kept on purpose. */
    static final int KEPT_BYTES = 1024 * 1024;

    /** And in how many parts: parts of a byte each would take a hundred times the memory of what is in them. */
    static final int KEPT_READS = 16 * 1024;

    /** How much is kept of what the receiver does not take; little, so that the sender soon feels it. */
    static final int UNSENT_BYTES = 64 * 1024;

    /** How much is written in one turn, so that one connection in pieces of a byte does not stop all others. */
    private static final int PIECES_A_TURN = 64;

    /** How it stands. */
    enum Fate {
        FLOWING,
        /** The receiver has seen an end of the stream. */
        FINISHED,
        /** All that was allowed has passed; the connection is to be cut. */
        SPENT,
        /** A socket does not work any more; the connection is to be reset. */
        BROKEN
    }

    private record Read(long arrived, ByteBuffer bytes) {}

    private record End(long arrived, Fate fate) {}

    private final SocketChannel source;
    private final SocketChannel sink;
    private final ByteBuffer scratch;
    private final AtomicLong passed;
    private final ArrayDeque<Read> kept = new ArrayDeque<>();
    private Shape shape;
    private @Nullable UpgradeFilter filter;
    private int keptBytes;
    private @Nullable End end;
    private Fate fate = Fate.FLOWING;
    private boolean blocked;

    /** When a throttled wire is free again. */
    private long free;

    /**
     * A pump.
     *
     * @param scratch what to read into; may be shared within the thread
     * @param passed counts the bytes that were written
     */
    Pump(SocketChannel source, SocketChannel sink, ByteBuffer scratch, AtomicLong passed, Shape shape) {
        this.source = source;
        this.sink = sink;
        this.scratch = scratch;
        this.passed = passed;
        this.shape = shape;
        this.free = System.nanoTime();
    }

    Shape shape() {
        return shape;
    }

    void shape(Shape next) {
        shape = next;
    }

    /** Takes upgrades out, or no longer. What had been swallowed is lost, and so is what follows it. */
    void filter(boolean on, long now) {
        if (on && filter == null) {
            filter = new UpgradeFilter();
        } else if (!on && filter != null && !filter.swallowed()) {
            keep(filter.release(), now);
            filter = null;
        }
    }

    Fate fate() {
        return fate;
    }

    /** Whether the sender has nothing more to say. */
    boolean drained() {
        return end != null || !source.isOpen();
    }

    boolean wantsToRead() {
        if (end != null) {
            return false;
        }
        // What comes after the end is thrown away. It has to be read: a socket that is closed with something unread
        // sends a reset.
        return fate != Fate.FLOWING || (!shape.stalled() && hasRoom());
    }

    boolean wantsToWrite() {
        return blocked && fate == Fate.FLOWING && !shape.stalled();
    }

    private boolean hasRoom() {
        int most = shape.keeping() ? KEPT_BYTES : UNSENT_BYTES;
        return keptBytes < most && kept.size() < KEPT_READS;
    }

    /** Reads once. */
    void read(long now) {
        // A fault may have come between the selection and now.
        if (!wantsToRead()) {
            return;
        }
        try {
            int room = shape.keeping() ? KEPT_BYTES - keptBytes : scratch.capacity();
            scratch.clear().limit(fate == Fate.FLOWING ? Math.min(room, scratch.capacity()) : scratch.capacity());
            int count = source.read(scratch);
            if (count < 0) {
                ended(new End(now, Fate.FINISHED));
            } else if (count > 0 && fate == Fate.FLOWING) {
                byte[] bytes = new byte[count];
                scratch.flip().get(bytes);
                keep(filter == null ? bytes : filter.pass(bytes), now);
            }
        } catch (IOException e) {
            ended(new End(now, Fate.BROKEN));
        }
    }

    private void keep(byte[] bytes, long now) {
        if (bytes.length > 0 && fate == Fate.FLOWING) {
            kept.add(new Read(now, ByteBuffer.wrap(bytes)));
            keptBytes += bytes.length;
        }
    }

    private void ended(End how) {
        if (filter != null) {
            keep(filter.release(), how.arrived());
        }
        end = how;
    }

    /** Writes what is due; returns in how many nanoseconds there is more to do. */
    long write(long now) {
        blocked = false;
        try {
            for (int pieces = 0; pieces < PIECES_A_TURN; pieces++) {
                long wait = untilDue(now);
                if (wait > 0) {
                    return wait;
                }
                if (!writePiece(now)) {
                    return NEVER;
                }
            }
            return 0;
        } catch (IOException e) {
            fate = Fate.BROKEN;
            drop();
            return NEVER;
        }
    }

    private long untilDue(long now) {
        boolean holds = shape.holding() && end == null;
        if (fate != Fate.FLOWING || shape.stalled()) {
            return NEVER;
        } else if (shape.allowance() == 0) {
            return 0;
        } else if (!kept.isEmpty()) {
            long wire = shape.throttled() ? free - now : 0;
            return holds ? NEVER : Math.max(wire, kept.element().arrived() + shape.delayNanos() - now);
        }
        return end == null ? NEVER : end.arrived() + shape.delayNanos() - now;
    }

    /** Writes a piece or the end; returns false if that was the last for now. */
    private boolean writePiece(long now) throws IOException {
        Read first = kept.peek();
        if (shape.allowance() == 0) {
            fate = Fate.SPENT;
            drop();
            return false;
        } else if (first != null) {
            return writePiece(first.bytes(), now);
        } else if (end != null && end.fate() == Fate.BROKEN) {
            fate = Fate.BROKEN;
        } else {
            finish();
        }
        return false;
    }

    private boolean writePiece(ByteBuffer bytes, long now) throws IOException {
        int size = shape.piece(bytes.remaining());
        int count = sink.write(bytes.slice(bytes.position(), size));
        bytes.position(bytes.position() + count);
        if (!bytes.hasRemaining()) {
            kept.remove();
        }
        keptBytes -= count;
        passed.addAndGet(count);
        shape = shape.passed(count);
        free = Math.max(free, now - shape.slackNanos()) + shape.nanosFor(count);
        blocked = count < size;
        return !blocked;
    }

    /** Ends the stream for the receiver, now; what is kept and what still comes is thrown away. */
    void finish() {
        if (fate == Fate.FINISHED) {
            return;
        }
        fate = Fate.FINISHED;
        drop();
        try {
            sink.shutdownOutput();
        } catch (IOException e) {
            // There is no receiver any more, which the pump of the other direction finds out.
        }
    }

    private void drop() {
        kept.clear();
        keptBytes = 0;
    }
}
