package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Text;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The core's side of one link: from {@code attach} until it is gone. At first it belongs to an {@link Opening}, then to a
 * {@link LiveConnection}, and at the end to nobody: it only writes its last words and closes the wire.
 */
final class LinkAttachment implements Attachment {

    private static final System.Logger LOG = System.getLogger(LinkAttachment.class.getPackageName());

    private final Engine engine;
    private final Handshake handshake;
    private final Link link;
    private final Opening opening;

    private volatile @Nullable LiveConnection connection;
    /** Whether what the handshake asked for is done. Until then a one-way wire is given nothing to write. */
    private volatile boolean settled;

    private volatile long heardAt;
    private volatile long pingedAt;

    /** The number of the last counted frame that came; the receiving thread's own. */
    private long received;

    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean gone = new AtomicBoolean();
    /** Whether it counts among the links that carry no connection yet; whoever ends that says so to the counters. */
    private final AtomicBoolean unauthenticated = new AtomicBoolean(true);

    private final ReentrantLock lock = new ReentrantLock();

    /** What this link says by itself: before there is a connection, and as its last words. */
    @GuardedBy("lock")
    private final ArrayDeque<Frame> words = new ArrayDeque<>(2);

    @GuardedBy("lock")
    private boolean speaking;

    /** Whether it has ever had something to say by itself, or ends: else nothing of the above needs a look at the lock. */
    private volatile boolean outspoken;

    /** Why it ends, once it does. From then on nothing of a connection leaves by it. */
    @GuardedBy("lock")
    private @Nullable Disconnect finishing;

    private volatile long finishingSince;

    LinkAttachment(Engine engine, Handshake handshake, Link link) {
        this.engine = engine;
        this.handshake = handshake;
        this.link = link;
        this.heardAt = engine.now();
        this.pingedAt = heardAt;
        this.opening = new Opening(engine, this);
    }

    Handshake handshake() {
        return handshake;
    }

    Codec codec() {
        return handshake.codec();
    }

    Opening opening() {
        return opening;
    }

    @Nullable
    LiveConnection connection() {
        return connection;
    }

    String transport() {
        return link.transport();
    }

    /** From now on it carries a connection, whose next counted frame has a number. */
    void bind(LiveConnection carried, long expects, boolean fresh) {
        received = expects - 1;
        connection = carried;
        engine.bound(this, fresh, unauthenticated.compareAndSet(true, false));
        if (gone.get()) {
            // It went before it was known whose it is.
            carried.linkGone(this, Disconnect.LINK_LOST);
        }
    }

    /** Whether it has said that it ends, and why. */
    boolean hasToldItsEnd() {
        lock.lock();
        try {
            return finishing != null && words.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    boolean isGone() {
        return gone.get();
    }

    /** The client was heard, if not by this link. */
    void heard(long now) {
        heardAt = now;
    }

    /** The number that the client gave this poll; 0 for what is no poll. */
    long pollNumber() {
        return handshake.isPolling()
                ? handshake.resume().map(Handshake.Resume::poll).orElse(0L)
                : 0;
    }

    /** Whether it has carried a connection. */
    boolean isBound() {
        return connection != null;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    @Override
    public void receive(String text) {
        if (gone.get() || isFinishing()) {
            return;
        }
        heardAt = engine.now();
        FrameLimits limits = engine.frameLimits();
        int size = text.length() > limits.maxBytes() ? Integer.MAX_VALUE : Text.utf8Length(text);
        if (size > limits.maxBytes()) {
            fail(Disconnect.TOO_LARGE);
        } else if (opening.isOver()) {
            receive(text, size);
        } else {
            opening.receive(text, size);
        }
    }

    /** A frame for the connection; also one that came while it was being opened. */
    void receive(String text, int size) {
        LiveConnection carried = connection;
        if (carried == null) {
            return;
        }
        for (Inbound inbound : decode(text)) {
            if (!carried.receive(this, inbound, number(inbound), size)) {
                return;
            }
        }
    }

    @Override
    public void receive(long first, Iterable<String> frames) {
        received = first - 1;
        for (String frame : frames) {
            receive(frame);
        }
    }

    List<Inbound> decode(String text) {
        return decode(text, codec(), engine.frameLimits());
    }

    /** Reads a frame; whatever is wrong with it is an {@link Inbound.Invalid}. */
    static List<Inbound> decode(String text, Codec codec, FrameLimits limits) {
        if (!Text.isWellFormed(text)) {
            return List.of(new Inbound.Invalid(null, ErrorCode.BAD_REQUEST, "The frame has an unpaired surrogate"));
        }
        try {
            return codec.decode(text, limits);
        } catch (RuntimeException | StackOverflowError e) {
            LOG.log(System.Logger.Level.ERROR, "The codec " + codec.name() + " failed on a frame", e);
            return List.of(new Inbound.Invalid(null, ErrorCode.BAD_REQUEST, "The frame cannot be read"));
        }
    }

    private long number(Inbound inbound) {
        return handshake.isAcknowledging() && inbound.isCounted() ? ++received : 0;
    }

    /** The client broke a rule: its connection ends where it may not come back, else only this link does. */
    void fail(Disconnect disconnect) {
        LiveConnection carried = connection;
        if (carried != null) {
            carried.fail(this, disconnect);
        } else {
            finish(disconnect);
        }
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    /** Says something of the link's own. */
    void say(Outbound message) {
        Frame frame = codec().encode(message);
        if (frame != null) {
            outspoken = true;
            lock.lock();
            try {
                words.add(frame);
            } finally {
                lock.unlock();
            }
            wake();
        }
    }

    @Override
    public @Nullable Frame poll() {
        if (gone.get() || (!settled && !handshake.allowsAuthFrame())) {
            return null;
        }
        if (outspoken) {
            boolean last;
            lock.lock();
            try {
                Frame word = words.poll();
                if (word != null) {
                    speaking = true;
                    return word;
                }
                last = finishing != null;
            } finally {
                lock.unlock();
            }
            if (last) {
                closeIfSaid();
                return null;
            }
        }
        LiveConnection carried = connection;
        if (carried == null) {
            return null;
        }
        Frame frame = carried.poll(this);
        if (frame == null && carried.finishIfDrained(this)) {
            return poll();
        }
        return frame;
    }

    @Override
    public boolean isSettled() {
        return settled;
    }

    /** What the handshake asked for is done; whoever says so wakes the link. */
    void settle() {
        settled = true;
    }

    @Override
    public @Nullable String position() {
        LiveConnection carried = connection;
        return carried == null ? null : carried.position();
    }

    @Override
    public long nextNumber() {
        LiveConnection carried = connection;
        return carried == null ? 0 : carried.nextNumber();
    }

    @Override
    public void written() {
        LiveConnection carried = connection;
        if (carried != null && carried.written(this)) {
            wake();
        }
        if (outspoken) {
            boolean last;
            lock.lock();
            try {
                speaking = false;
                last = finishing != null;
            } finally {
                lock.unlock();
            }
            if (last) {
                closeIfSaid();
            }
        }
    }

    void wake() {
        if (!gone.get()) {
            try {
                link.wake();
            } catch (Throwable e) {
                LOG.log(System.Logger.Level.ERROR, "The link " + link.transport() + " failed to wake", e);
                close(Disconnect.INTERNAL_ERROR);
            }
        }
    }

    // ---- End --------------------------------------------------------------------------------------------------------

    boolean isFinishing() {
        if (!outspoken) {
            return false;
        }
        lock.lock();
        try {
            return finishing != null;
        } finally {
            lock.unlock();
        }
    }

    /** Says why, then closes the wire; by the close grace also if it could not say it. Only the first call counts. */
    void finish(Disconnect disconnect) {
        finish(disconnect, engine.retryAfter(disconnect));
    }

    private void finish(Disconnect disconnect, @Nullable Long retryAfter) {
        if (!settled && !handshake.allowsAuthFrame()) {
            // A status of HTTP says it.
            close(disconnect);
            return;
        }
        Frame close = codec().encode(new Outbound.Close(disconnect, retryAfter));
        outspoken = true;
        lock.lock();
        try {
            if (finishing != null) {
                return;
            }
            finishing = disconnect;
            finishingSince = engine.now();
            if (close != null) {
                words.add(close);
            }
        } finally {
            lock.unlock();
        }
        if (!engine.deliver(this::wake)) {
            close(disconnect);
        }
    }

    private void closeIfSaid() {
        Disconnect said;
        lock.lock();
        try {
            said = words.isEmpty() && !speaking ? finishing : null;
        } finally {
            lock.unlock();
        }
        if (said != null) {
            close(said);
        }
    }

    /** Closes the wire now. */
    void close(Disconnect disconnect) {
        outspoken = true;
        lock.lock();
        try {
            if (finishing == null) {
                finishing = disconnect;
            }
        } finally {
            lock.unlock();
        }
        if (closed.compareAndSet(false, true)) {
            try {
                link.close(disconnect);
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "The link " + link.transport() + " failed to close", e);
            }
        }
    }

    @Override
    public void detached(Disconnect disconnect) {
        if (!gone.compareAndSet(false, true)) {
            return;
        }
        engine.detached(this, unauthenticated.compareAndSet(true, false));
        opening.over();
        LiveConnection carried = connection;
        if (carried != null) {
            Disconnect cause;
            lock.lock();
            try {
                cause = finishing != null ? finishing : disconnect;
            } finally {
                lock.unlock();
            }
            carried.linkGone(this, cause);
        }
    }

    /** Once a sweep: what takes too long ends. */
    void sweep(long now) {
        Limits limits = engine.limits();
        LiveConnection carried = connection;
        if (isFinishing()) {
            if (now - finishingSince > limits.closeGrace.toNanos()) {
                lock.lock();
                try {
                    words.clear();
                    speaking = false;
                } finally {
                    lock.unlock();
                }
                closeIfSaid();
            }
        } else if (carried == null) {
            opening.sweep(now);
        } else if (now - carried.writingSince(this, now) > limits.sendTimeout.toNanos()) {
            carried.tooSlow(this);
        } else if (handshake.isAcknowledging()
                && !handshake.isPolling()
                && now - heardAt
                        > limits.heartbeat.plus(limits.heartbeatTimeout).toNanos()) {
            carried.drop(this, Disconnect.HEARTBEAT_TIMEOUT);
        } else if (!handshake.isPolling() && now - pingedAt >= limits.heartbeat.toNanos()) {
            pingedAt = now;
            carried.ping();
        }
    }
}
