package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One poll as the core sees it: it is held until there is something to say or its time is over, answers once, and is gone with its
 * answer.
 *
 * <pre>
 * HELD  --frames, time over--&gt;  ANSWERING  --taken by the container, failed, closed--&gt;  OVER
 * HELD  --closed (a status of HTTP says why), client gone--&gt;  OVER
 * </pre>
 *
 * <p>Whoever wants something of it notes it down and {@link #wake wakes} it. Only the one thread that lifts {@code requests} from 0 acts,
 * until nobody has asked again: so one thread at a time polls and touches the answer, and nobody waits for it.
 */
final class PollLink implements Link {

    /** The transport's name. */
    static final String TRANSPORT = "poll";

    private static final System.Logger LOG = System.getLogger(PollLink.class.getPackageName());

    private static final int GOOD = 200;

    private enum Phase {
        HELD,
        ANSWERING,
        OVER
    }

    private final TransportHost host;
    private final Batch batch;
    private final Duration hold;
    /** What the core is told when all went well. */
    private final Disconnect afterwards;

    private final AtomicInteger requests = new AtomicInteger();

    // What others note down.
    private volatile @Nullable Attachment attachment;
    private volatile @Nullable Disconnect closing;
    private volatile boolean due;
    private volatile boolean written;
    private volatile boolean lost;

    // The acting thread's own; requests publishes it from one to the next.
    private Phase phase = Phase.HELD;
    private @Nullable Reply reply;
    private Codec codec = JsonCodec.INSTANCE;
    private Time.@Nullable Cancellable timer;

    /**
     * @param acknowledging whether the client counts what it gets, and comes back for more
     * @param hold how long to hold it when there is nothing to say
     */
    PollLink(TransportHost host, Reply reply, boolean acknowledging, Duration hold) {
        this.host = host;
        this.reply = reply;
        this.batch = acknowledging ? Batch.lines() : Batch.summary();
        this.hold = hold;
        this.due = hold.isZero();
        this.afterwards = acknowledging ? Disconnect.LINK_LOST : Disconnect.NORMAL;
    }

    /** Attaches. The core may wake and close this link before it is known here which attachment it has. */
    void open(Handshake handshake) {
        codec = handshake.codec();
        attachment = host.attach(handshake, this);
        wake();
    }

    // ---- What others want of it -------------------------------------------------------------------------------------

    @Override
    public String transport() {
        return TRANSPORT;
    }

    @Override
    public void wake() {
        if (requests.getAndIncrement() == 0) {
            int seen = 1;
            while (seen != 0) {
                act();
                seen = requests.addAndGet(-seen);
            }
        }
    }

    @Override
    public void close(Disconnect disconnect) {
        closing = disconnect;
        wake();
    }

    /** The client is gone, or the container gives it up. */
    void lost() {
        lost = true;
        wake();
    }

    private void timeIsOver() {
        due = true;
        try {
            // The timer is everybody's and never writes.
            host.executor().execute(this::wake);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "No thread to answer a poll with", e);
        }
    }

    private void answered(boolean well) {
        written |= well;
        lost |= !well;
        wake();
    }

    // ---- What it does -----------------------------------------------------------------------------------------------

    private void act() {
        Attachment core = attachment;
        Reply answer = reply;
        if (core == null || answer == null) {
            return;
        }
        if (phase == Phase.HELD) {
            held(core, answer);
        } else if (phase == Phase.ANSWERING && written) {
            core.written();
            Disconnect ended = closing;
            end(core, ended != null ? ended : afterwards);
        } else if (phase == Phase.ANSWERING && (lost || closing != null)) {
            giveUp(answer);
            Disconnect ended = closing;
            end(core, ended != null ? ended : Disconnect.LINK_LOST);
        }
    }

    private void held(Attachment core, Reply answer) {
        boolean whole = !lost && closing == null && collect(core);
        Disconnect ended = closing;
        if (lost) {
            end(core, Disconnect.LINK_LOST);
        } else if (ended != null) {
            // What was taken goes first; the client hears of the end by its next poll.
            part(answer, ended, whole && batch.speaks() ? batch.content(core) : farewell(core, ended));
            end(core, ended);
        } else if (whole) {
            answer(core, answer);
        } else if (timer == null && !due) {
            timer = host.time().schedule(hold, this::timeIsOver);
        }
    }

    /** Takes what there is, as much as an answer holds. True if it is to be answered now. */
    private boolean collect(Attachment core) {
        // Asked first: what turns up between the two is then seen when it has turned true.
        boolean settled = core.isSettled();
        boolean took = false;
        while (hasRoom() && batch.take(core)) {
            took = true;
        }
        if (batch.speaks() || !hasRoom()) {
            return true;
        }
        if (took) {
            // None of it is to be written by itself, and whoever watches the writes is not to wait for it.
            core.written();
        }
        return due && settled;
    }

    private boolean hasRoom() {
        return batch.frames() < host.settings().drainFrames()
                && batch.bytes() < host.settings().drainBytes();
    }

    private void answer(Attachment core, Reply answer) {
        phase = Phase.ANSWERING;
        cancelTimer();
        try {
            answer.send(batch.content(core), this::answered);
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.DEBUG,
                    "A poll could not be answered: {0}",
                    e.getClass().getName());
            answered(false);
        }
    }

    /** Null where a status says it. A status that says "good" would pass for an answer. */
    private @Nullable Content farewell(Attachment core, Disconnect why) {
        return why.httpStatus() == GOOD ? batch.farewell(core, codec, why) : null;
    }

    /** The core is done with it: an answer that its client does not take is given up by the clock. */
    private void part(Reply answer, Disconnect why, @Nullable Content content) {
        Time.Cancellable deadline = host.time().schedule(host.settings().sendTimeout(), () -> giveUp(answer));
        try {
            if (content != null) {
                answer.send(content, well -> deadline.cancel());
            } else {
                answer.refuse(why, well -> deadline.cancel());
            }
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.DEBUG,
                    "A poll could not be refused: {0}",
                    e.getClass().getName());
            giveUp(answer);
        }
    }

    private static void giveUp(Reply answer) {
        try {
            answer.cut();
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.DEBUG,
                    "A poll could not be given up: {0}",
                    e.getClass().getName());
        }
    }

    /** A container may hold on to a poll that is over; by then it refers to nothing. */
    private void end(Attachment core, Disconnect cause) {
        phase = Phase.OVER;
        cancelTimer();
        attachment = null;
        reply = null;
        core.detached(cause);
    }

    private void cancelTimer() {
        Time.Cancellable pending = timer;
        timer = null;
        if (pending != null) {
            pending.cancel();
        }
    }
}
