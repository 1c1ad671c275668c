package dev.tidings.transport.sse;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.AsyncResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One stream as the core sees it. Nothing is answered before the core has something to write: until then the end of the link is a
 * status of HTTP. No container tells that a client has gone, so a comment now and then finds out.
 */
final class SseLink implements Link, AsyncResponse.Source {

    /** The transport's name. */
    static final String TRANSPORT = "sse";

    private static final System.Logger LOG = System.getLogger(SseLink.class.getPackageName());

    private static final Disconnect OLD = Disconnect.NORMAL.because("The stream is old enough; open another");
    /** By how much of it the age of a stream varies to both sides, so that those which began together do not end together. */
    private static final double SPREAD = 0.1;

    private final TransportHost host;
    private final boolean acknowledging;

    /** Why it ended; whoever sets it ends it. */
    private final AtomicReference<@Nullable Disconnect> end = new AtomicReference<>();
    /** Set by whoever tells the core. */
    private final AtomicBoolean told = new AtomicBoolean();

    // What a living link has; cleared by its end.
    private volatile @Nullable AsyncResponse response;
    private volatile @Nullable Attachment attachment;

    private volatile boolean committed;
    /** The timer has gone off since the owner of the response last looked. */
    private volatile boolean due;

    // The rest is for the owner of the response.
    private boolean unwritten;
    private int frames;
    private int bytes;
    private long spokeAt;
    private long endsAt;
    private Time.@Nullable Cancellable timer;

    SseLink(TransportHost host, boolean acknowledging) {
        this.host = host;
        this.acknowledging = acknowledging;
    }

    /** Attaches. The core may wake and close this link before it is known here which attachment it has. */
    void open(HttpServletRequest request, HttpServletResponse servletResponse, Handshake handshake) throws IOException {
        AsyncResponse stream = AsyncResponse.start(request, servletResponse, host, this);
        response = stream;
        try {
            Attachment attached = host.attach(handshake, this);
            attachment = attached;
            Disconnect ended = end.get();
            if (ended != null) {
                tell(attached, ended);
                attachment = null;
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "A stream did not open", e);
            end.compareAndSet(null, Disconnect.INTERNAL_ERROR);
            stream.finish();
        }
        stream.wake();
    }

    @Override
    public String transport() {
        return TRANSPORT;
    }

    @Override
    public void wake() {
        AsyncResponse stream = response;
        if (stream != null) {
            stream.wake();
        }
    }

    // ---- Out: by the owner of the response --------------------------------------------------------------------------

    @Override
    public byte @Nullable [] next() {
        AsyncResponse stream = response;
        if (stream == null) {
            return null;
        }
        if (!committed) {
            return begin(stream);
        }
        Attachment core = attachment;
        if (core == null || end.get() != null) {
            return null;
        }
        if (isSpent()) {
            frames = 0;
            bytes = 0;
            stream.goOnElsewhere();
            return null;
        }
        Events events = new Events();
        look(events);
        collect(core, core.poll(), events);
        if (events.isEmpty()) {
            frames = 0;
            bytes = 0;
            return null;
        }
        return piece(events);
    }

    private byte @Nullable [] begin(AsyncResponse stream) {
        Disconnect ended = end.get();
        if (ended != null) {
            return refused(stream, Answer.of(ended));
        }
        Attachment core = attachment;
        if (core == null) {
            return null;
        }
        // Asked first: what turns up between the two is then seen when it has turned true.
        boolean settled = core.isSettled();
        Frame first = core.poll();
        if (first == null && !settled) {
            return null;
        }
        committed = true;
        stream.head(Stream::head);
        Events events = new Events();
        events.comment();
        if (!acknowledging) {
            events.retry(Stream.retry());
            double age = host.settings().streamAge().toNanos();
            double factor = 1 + SPREAD * (2 * ThreadLocalRandom.current().nextDouble() - 1);
            endsAt = host.time().nanoTime() + (long) (age * factor);
        }
        spokeAt = host.time().nanoTime();
        schedule(spokeAt);
        collect(core, first, events);
        return piece(events);
    }

    private byte[] refused(AsyncResponse stream, Answer answer) {
        committed = true;
        Stream.Refused refused = Stream.refused(answer, acknowledging);
        stream.head(refused::head);
        return refused.body();
    }

    private byte[] piece(Events events) {
        spokeAt = host.time().nanoTime();
        return events.bytes();
    }

    /** Takes what there is, as much as is left of a turn. */
    private void collect(Attachment core, @Nullable Frame first, Events events) {
        int before = events.size();
        Frame frame = first;
        while (frame != null) {
            frames++;
            unwritten = true;
            if (acknowledging) {
                events.frame(frame);
            } else {
                events.frame(frame, core.position());
            }
            int grown = events.size();
            bytes += grown - before;
            before = grown;
            frame = isSpent() ? null : core.poll();
        }
    }

    private boolean isSpent() {
        return frames >= host.settings().drainFrames()
                || bytes >= host.settings().drainBytes();
    }

    @Override
    public void taken() {
        Attachment core = attachment;
        if (unwritten && core != null) {
            unwritten = false;
            core.written();
        }
    }

    // ---- Time -------------------------------------------------------------------------------------------------------

    /** If the timer has gone off: has the stream been silent for too long? Is it old? */
    private void look(Events events) {
        if (!due) {
            return;
        }
        due = false;
        long now = host.time().nanoTime();
        if (!acknowledging && now - endsAt >= 0) {
            end(OLD);
            return;
        }
        if (now - spokeAt >= host.settings().keepAlive().toNanos()) {
            events.comment();
            schedule(now);
        } else {
            schedule(spokeAt);
        }
    }

    private void schedule(long since) {
        long now = host.time().nanoTime();
        long silence = since + host.settings().keepAlive().toNanos() - now;
        long wait = acknowledging ? silence : Math.min(silence, endsAt - now);
        timer = host.time().schedule(Duration.ofNanos(Math.max(1, wait)), this::timeIsUp);
    }

    private void timeIsUp() {
        due = true;
        AsyncResponse stream = response;
        if (stream != null) {
            // The timer is everybody's and never writes.
            host.executor().execute(stream::wake);
        }
    }

    // ---- End --------------------------------------------------------------------------------------------------------

    @Override
    public void close(Disconnect disconnect) {
        end(disconnect);
    }

    /** Ends the link, unless it has ended. What was polled still leaves, if the client takes it. */
    private void end(Disconnect cause) {
        if (!end.compareAndSet(null, cause)) {
            return;
        }
        AsyncResponse stream = response;
        Attachment core = attachment;
        if (core != null) {
            tell(core, cause);
            attachment = null;
        }
        if (stream == null) {
            return;
        }
        if (committed && cause.code() == Disconnect.SLOW_CONSUMER.code()) {
            stream.abort(new IOException("The client does not read"));
        } else {
            stream.finish();
        }
    }

    private void tell(Attachment core, Disconnect cause) {
        if (told.compareAndSet(false, true)) {
            core.detached(cause);
        }
    }

    @Override
    public void ended(@Nullable Throwable failure) {
        if (failure != null && end.get() == null) {
            LOG.log(Level.DEBUG, () -> "A stream failed: " + failure.getClass().getName());
        }
        Time.Cancellable pending = timer;
        if (pending != null) {
            pending.cancel();
        }
        timer = null;
        response = null;
        end(Disconnect.LINK_LOST);
    }
}
