package dev.tidings.spi;

import dev.tidings.protocol.Frame;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The loop that writes a connection's frames to a wire which takes one asynchronous write at a time: at most one drainer, one write
 * in flight, no recursion, no thread held.
 *
 * <p>A wire calls {@link #wake} whenever the core wakes it and {@link #written} or {@link #failed} when a write has ended, on
 * whatever thread, also from inside of {@link Wire#write}. After {@link TransportSettings#drainFrames} frames in a row the loop goes on
 * elsewhere, so that a thread which came by does not become one stranger's writer (L3, L7).
 *
 * <pre>{@code
 * drain = new Drain(attachment, host, frame -> remote.sendText(frame.text(), result -> {
 *     if (result.isOK()) drain.written(); else drain.failed(result.getException());
 * }), failure -> end(failure));
 * }</pre>
 */
public final class Drain {

    /** Where frames go. */
    @FunctionalInterface
    public interface Wire {
        /**
         * Begins to write a frame. Never called while another write is in flight.
         *
         * @param frame the frame
         * @throws Exception if it cannot: as good as {@link Drain#failed}
         */
        void write(Frame frame) throws Exception;
    }

    /** What to do when a write failed. */
    @FunctionalInterface
    public interface Failed {
        /**
         * A write failed; there will be no other.
         *
         * @param cause why
         */
        void failed(Throwable cause);
    }

    private static final int IDLE = 0;
    private static final int IN_FLIGHT = 1;
    private static final int COMPLETED = 2;

    private final Attachment attachment;
    private final Executor elsewhere;
    private final int share;
    private final Wire wire;
    private final Failed onFailure;

    // How often somebody asked for the loop since its owner last looked; whoever lifts it from 0 is the owner. A plain
    // counter in
    // place of a lock: the owner calls the container, and no lock is held there.
    private final AtomicInteger requests = new AtomicInteger();

    // The write that was begun last. Written by the owner before it begins one (IN_FLIGHT) and when it has seen its end
    // (IDLE), by
    // the wire's completion in between (COMPLETED): never by two at once.
    private volatile int write = IDLE;
    private volatile @Nullable Throwable failure;

    // Guarded by being the owner.
    private boolean ended;

    private int frames;

    /**
     * A loop that is idle.
     *
     * @param attachment where frames come from
     * @param host whose executor to go on with, and whose settings
     * @param wire where frames go
     * @param onFailure told once when a write fails
     */
    public Drain(Attachment attachment, TransportHost host, Wire wire, Failed onFailure) {
        this.attachment = attachment;
        this.elsewhere = host.executor();
        this.share = host.settings().drainFrames();
        this.wire = wire;
        this.onFailure = onFailure;
    }

    /** There may be frames. Any thread. */
    public void wake() {
        if (requests.getAndIncrement() == 0) {
            loop();
        }
    }

    /** The write in flight has ended well. Any thread; a call without a write in flight is ignored. */
    public void written() {
        if (write == IN_FLIGHT) {
            write = COMPLETED;
            wake();
        }
    }

    /**
     * The write in flight has failed, or the wire has. Any thread.
     *
     * @param cause why
     */
    public void failed(Throwable cause) {
        failure = cause;
        wake();
    }

    /**
     * Another frame for the write that is being begun, for wires that put several into one. Called inside of {@link Wire#write}
     * only.
     *
     * @return the frame, or null when there is none now or the share is used up
     */
    public @Nullable Frame more() {
        Frame frame = frames < share ? attachment.poll() : null;
        frames += frame != null ? 1 : 0;
        return frame;
    }

    private void loop() {
        frames = 0;
        int seen = requests.get();
        while (true) {
            while (advance()) {
                if (frames >= share && goOnElsewhere()) {
                    return;
                }
            }
            seen = requests.addAndGet(-seen);
            if (seen == 0) {
                return;
            }
        }
    }

    private boolean goOnElsewhere() {
        try {
            elsewhere.execute(this::loop);
            return true;
        } catch (Throwable e) {
            failure = e;
            return false;
        }
    }

    /** Ends what has ended and begins one write; false if there is nothing to do until the next request. */
    private boolean advance() {
        Throwable broken = failure;
        if (broken != null) {
            if (!ended) {
                ended = true;
                onFailure.failed(broken);
            }
            return false;
        }
        if (write == IN_FLIGHT) {
            return false;
        }
        if (write == COMPLETED) {
            write = IDLE;
            attachment.written();
        }
        Frame frame = attachment.poll();
        if (frame == null) {
            return false;
        }
        frames++;
        write = IN_FLIGHT;
        try {
            wire.write(frame);
        } catch (Throwable e) {
            failure = e;
        }
        return true;
    }
}
