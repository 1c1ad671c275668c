package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Text;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Drain;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A link whose wire is a method call, written as an author of a transport would: attach, a drain, one end.
 *
 * <p>What the peer gets, it gets in the thread that writes; what it sends is brought in by whoever sends, one at a time. The wire can
 * be stalled (a write does not end), and it can go dark (everything is lost without a word).
 */
final class MemoryLink implements Link, Wire {

    /** What a peer sends at once: a frame, or several with the number of the first. */
    private record Sent(long first, List<String> frames) {}

    private final String transport;
    private final TransportHost host;
    private final Peer peer;

    /** Why it ended; whoever sets it ends it. */
    private final AtomicReference<@Nullable Disconnect> end = new AtomicReference<>();

    private final AtomicBoolean told = new AtomicBoolean();
    private volatile @Nullable Attachment attachment;
    private volatile @Nullable Drain drain;

    // How often somebody asked for what was sent to be brought in; whoever lifts it from 0 does it, so that there is
    // one at a time.
    private final AtomicInteger pumping = new AtomicInteger();

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean stalled;

    @GuardedBy("lock")
    private @Nullable Frame inFlight;

    @GuardedBy("lock")
    private @Nullable RuntimeException broken;

    /** How many frames still arrive before all is dark; negative for all. */
    @GuardedBy("lock")
    private int untilDark = -1;

    MemoryLink(String transport, TransportHost host, Peer peer) {
        this.transport = transport;
        this.host = host;
        this.peer = peer;
    }

    @Override
    public void open(Handshake handshake) {
        Attachment core = host.attach(handshake, this);
        Drain loop = new Drain(core, host, this::write, failure -> end(Disconnect.LINK_LOST));
        attachment = core;
        drain = loop;
        Disconnect ended = end.get();
        if (ended != null) {
            tell(core, ended);
        } else {
            loop.wake();
            pump();
        }
    }

    @Override
    public String transport() {
        return transport;
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    @Override
    public void wake() {
        Drain loop = drain;
        if (loop != null) {
            loop.wake();
        }
    }

    private void write(Frame frame) {
        lock.lock();
        try {
            if (broken != null) {
                throw broken;
            }
            if (stalled) {
                inFlight = frame;
                return;
            }
        } finally {
            lock.unlock();
        }
        take(frame);
    }

    private void take(Frame frame) {
        Attachment core = attachment;
        if (end.get() == null && arrives()) {
            peer.arrived(this, frame.text(), core == null ? null : core.position());
        }
        Drain loop = drain;
        if (loop != null) {
            loop.written();
        }
    }

    private boolean arrives() {
        lock.lock();
        try {
            if (untilDark > 0) {
                untilDark--;
                return true;
            }
            return untilDark < 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stall() {
        lock.lock();
        try {
            stalled = true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void unstall() {
        Frame waiting;
        lock.lock();
        try {
            stalled = false;
            waiting = inFlight;
            inFlight = null;
        } finally {
            lock.unlock();
        }
        if (waiting != null) {
            take(waiting);
        }
    }

    @Override
    public void darkAfter(int frames) {
        lock.lock();
        try {
            // What is dark stays dark: no wire loses a frame and carries the next.
            untilDark = untilDark < 0 ? frames : Math.min(untilDark, frames);
        } finally {
            lock.unlock();
        }
    }

    /** From now on every write throws. */
    void breakWrites(RuntimeException failure) {
        lock.lock();
        try {
            broken = failure;
        } finally {
            lock.unlock();
        }
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    /** The peer sends a frame, or several that begin with a number; brought in by {@link #pump}. */
    void send(long first, List<String> frames) {
        lock.lock();
        try {
            if (untilDark != 0) {
                sent.add(new Sent(first, frames));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Brings in what was sent. The caller holds no lock. */
    void pump() {
        Attachment core = attachment;
        if (core == null || pumping.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            Sent next = nextSent();
            while (next != null) {
                bringIn(core, next);
                next = nextSent();
            }
            seen = pumping.addAndGet(-seen);
        }
    }

    private @Nullable Sent nextSent() {
        lock.lock();
        try {
            return sent.poll();
        } finally {
            lock.unlock();
        }
    }

    private void bringIn(Attachment core, Sent next) {
        int max = host.settings().maxFrameBytes();
        if (next.frames().stream().anyMatch(text -> text.length() > max || Text.utf8Length(text) > max)) {
            end(Disconnect.TOO_LARGE);
        } else if (end.get() != null) {
            return;
        } else if (next.first() > 0) {
            core.receive(next.first(), next.frames());
        } else {
            next.frames().forEach(core::receive);
        }
    }

    // ---- End --------------------------------------------------------------------------------------------------------

    @Override
    public void close(Disconnect disconnect) {
        end(disconnect);
    }

    @Override
    public void end(Disconnect cause) {
        if (!end.compareAndSet(null, cause)) {
            return;
        }
        peer.ended(this, cause);
        Attachment core = attachment;
        if (core != null) {
            tell(core, cause);
        }
    }

    private void tell(Attachment core, Disconnect cause) {
        if (told.compareAndSet(false, true)) {
            core.detached(cause);
        }
    }
}
