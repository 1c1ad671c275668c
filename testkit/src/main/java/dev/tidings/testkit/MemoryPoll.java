package dev.tidings.testkit;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A link that is one poll: held until there is something to say, answered with all there is, and over.
 *
 * <p>The answer can be stalled, and it can be lost without a word.
 */
final class MemoryPoll implements Link, Wire {

    private final String transport;
    private final TransportHost host;
    private final Peer peer;

    /** Why it ended; whoever sets it ends it. */
    private final AtomicReference<@Nullable Disconnect> end = new AtomicReference<>();

    private final AtomicBoolean told = new AtomicBoolean();
    private final AtomicBoolean peerTold = new AtomicBoolean();
    private volatile @Nullable Attachment attachment;

    // How often somebody asked for a look; whoever lifts it from 0 looks, so that there is one at a time.
    private final AtomicInteger looking = new AtomicInteger();

    private volatile boolean stalled;
    private volatile boolean dark;
    /** Whether it is answered also if there is nothing to say. */
    private volatile boolean over;

    MemoryPoll(String transport, TransportHost host, Peer peer) {
        this.transport = transport;
        this.host = host;
        this.peer = peer;
    }

    @Override
    public void open(Handshake handshake) {
        Attachment core = host.attach(handshake, this);
        attachment = core;
        Disconnect ended = end.get();
        if (ended != null) {
            tell(core, ended);
        } else {
            wake();
        }
    }

    @Override
    public String transport() {
        return transport;
    }

    @Override
    public void wake() {
        Attachment core = attachment;
        if (core == null || looking.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            look(core);
            seen = looking.addAndGet(-seen);
        }
    }

    /** It has been held for long enough. */
    void timeOut() {
        over = true;
        wake();
    }

    private void look(Attachment core) {
        if (stalled || end.get() != null || !core.isSettled()) {
            return;
        }
        long first = core.nextNumber();
        List<String> answer = new ArrayList<>();
        int max = host.settings().drainFrames();
        for (Frame frame = core.poll(); frame != null; frame = answer.size() < max ? core.poll() : null) {
            answer.add(frame.text());
        }
        if (answer.isEmpty() && !over) {
            return;
        }
        if (!dark && end.get() == null) {
            peer.answered(this, first, answer, core.position());
        }
        core.written();
        if (end.compareAndSet(null, Disconnect.LINK_LOST)) {
            tell(core, Disconnect.LINK_LOST);
        }
    }

    @Override
    public void stall() {
        stalled = true;
    }

    @Override
    public void unstall() {
        stalled = false;
        wake();
    }

    /** An answer arrives as a whole, or is lost. */
    @Override
    public void darkAfter(int frames) {
        dark = true;
    }

    @Override
    public void close(Disconnect disconnect) {
        end(disconnect, !dark);
    }

    /** The client gives up, or the network does and both sides hear of it. */
    @Override
    public void end(Disconnect cause) {
        end(cause, true);
    }

    private void end(Disconnect cause, boolean heard) {
        boolean first = end.compareAndSet(null, cause);
        if (heard && (first || dark) && peerTold.compareAndSet(false, true)) {
            peer.ended(this, cause);
        }
        Attachment core = attachment;
        if (first && core != null) {
            tell(core, cause);
        }
    }

    private void tell(Attachment core, Disconnect cause) {
        if (told.compareAndSet(false, true)) {
            core.detached(cause);
        }
    }
}
