package dev.tidings.testkit;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/** A simple link that is right but for one fault. Its own loop, so that faults can be put where a real author would put them. */
final class BrokenLink implements Link, TransportContract.Peer {

    /** What is wrong, and the rule that it breaks. */
    enum Fault {
        NONE(""),
        DIES_OF_WAKE_IN_ATTACH("L1"),
        FORGETS_CLOSE_IN_ATTACH("L1"),
        FAILS_AFTER_END("L1"),
        BLOCKS_IN_WAKE("L2"),
        BLOCKS_IN_CLOSE("L2"),
        TAKES_TURNS_WITH_A_LOCK("L2"),
        DROPS_A_POLLED_FRAME("L3"),
        WRITES_TWICE("L3"),
        REORDERS("L3"),
        HAS_TWO_WRITERS("L3"),
        REORDERS_WHAT_ARRIVES("L4"),
        BRINGS_IN_BY_ANY_THREAD("L4"),
        DETACHES_TWICE("L5"),
        NEVER_DETACHES("L5"),
        FORGETS_TO_DETACH_ON_CLOSE("L5"),
        DETACHES_A_STALLED_WIRE_NEVER("L5"),
        HIDES_THE_CODE("L6"),
        WRITES_AFTER_CLOSE("L6"),
        HOARDS("L7"),
        POLLS_AHEAD("L7"),
        KEEPS_THE_THREAD("L7"),
        CALLS_WRITTEN_EARLY("L8"),
        NEVER_CALLS_WRITTEN("L8"),
        TAKES_ANY_SIZE("L9"),
        COUNTS_CHARACTERS("L9"),
        REFUSES_THE_LAST_BYTE("L9"),
        LETS_EXCEPTIONS_OUT("L10");

        final String rule;

        Fault(String rule) {
            this.rule = rule;
        }
    }

    private final Fault fault;
    private final TransportHost host;
    private final MemoryFixture.Seen seen = new MemoryFixture.Seen();
    private final CountDownLatch never = new CountDownLatch(1);
    private final ReentrantLock turns = new ReentrantLock();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final ReentrantLock inbound = new ReentrantLock(true);
    private final ArrayDeque<String> hoard = new ArrayDeque<>();
    private volatile Attachment attachment;
    private volatile boolean stalled;
    private volatile boolean inFlight;
    private volatile boolean breaks;
    private volatile Disconnect earlyClose;
    private int writes;
    private String kept;
    private String keptInbound;

    BrokenLink(Fault fault, TransportHost host) {
        this.fault = fault;
        this.host = host;
    }

    void open() {
        Attachment core = host.attach(Handshake.builder("broken").build(), this);
        attachment = core;
        Disconnect early = earlyClose;
        if (early != null) {
            end(early, true);
        } else if (fault != Fault.DIES_OF_WAKE_IN_ATTACH) {
            wake();
        }
    }

    /** For those that block for ever. */
    void letGo() {
        never.countDown();
    }

    private boolean is(Fault other) {
        return fault == other;
    }

    private void block() {
        try {
            never.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String transport() {
        return "broken";
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    @Override
    public void wake() {
        if (attachment == null) {
            return;
        }
        if (is(Fault.FAILS_AFTER_END) && ended.get()) {
            throw new IllegalStateException("Ended");
        }
        if (is(Fault.WRITES_AFTER_CLOSE) && ended.get()) {
            seen.texts.add("\"late\"");
        }
        if (is(Fault.BLOCKS_IN_WAKE) && stalled) {
            block();
        }
        if (is(Fault.TAKES_TURNS_WITH_A_LOCK)) {
            turns.lock();
            try {
                drain();
            } finally {
                turns.unlock();
            }
        } else if (is(Fault.HAS_TWO_WRITERS)) {
            drain();
        } else if (requests.getAndIncrement() == 0) {
            loop();
        }
    }

    private void loop() {
        int seenRequests = requests.get();
        while (seenRequests != 0) {
            if (drain()) {
                host.executor().execute(this::loop);
                return;
            }
            seenRequests = requests.addAndGet(-seenRequests);
        }
    }

    /** Writes what there is; true if it is to go on elsewhere. */
    private boolean drain() {
        int share =
                is(Fault.KEEPS_THE_THREAD) ? Integer.MAX_VALUE : host.settings().drainFrames();
        for (int i = 0; i < share; i++) {
            if (inFlight || ended.get()) {
                return false;
            }
            if (is(Fault.HOARDS)) {
                Frame more = attachment.poll();
                while (more != null) {
                    hoard.add(more.text());
                    more = attachment.poll();
                }
            } else {
                int ahead = is(Fault.POLLS_AHEAD) ? host.settings().drainFrames() + 1 : 1;
                for (int polled = hoard.size(); polled < ahead; polled++) {
                    Frame frame = attachment.poll();
                    if (frame == null) {
                        break;
                    }
                    hoard.add(frame.text());
                }
            }
            String text = hoard.poll();
            if (text == null) {
                flushKept();
                return false;
            }
            write(text);
        }
        return true;
    }

    private void write(String text) {
        if (breaks) {
            if (is(Fault.LETS_EXCEPTIONS_OUT)) {
                throw new IllegalStateException("The container is broken");
            }
            end(Disconnect.LINK_LOST, false);
            return;
        }
        if (stalled) {
            hoard.addFirst(text);
            inFlight = true;
            if (is(Fault.CALLS_WRITTEN_EARLY)) {
                attachment.written();
            }
            return;
        }
        writes++;
        put(text);
        boolean piles = is(Fault.POLLS_AHEAD) || is(Fault.HOARDS);
        if (!is(Fault.NEVER_CALLS_WRITTEN) && (!piles || hoard.isEmpty())) {
            attachment.written();
        }
    }

    private void put(String text) {
        if (is(Fault.DROPS_A_POLLED_FRAME) && writes % 100 == 0) {
            return;
        }
        if (is(Fault.REORDERS) && writes % 100 == 0) {
            kept = text;
            return;
        }
        seen.texts.add(text);
        if (is(Fault.WRITES_TWICE) && writes % 100 == 0) {
            seen.texts.add(text);
        }
        flushKept();
    }

    private void flushKept() {
        if (kept != null) {
            seen.texts.add(kept);
            kept = null;
        }
    }

    // ---- End --------------------------------------------------------------------------------------------------------

    @Override
    public void close(Disconnect disconnect) {
        if (attachment == null) {
            if (!is(Fault.FORGETS_CLOSE_IN_ATTACH)) {
                earlyClose = disconnect;
            }
            return;
        }
        if (is(Fault.BLOCKS_IN_CLOSE) && stalled) {
            block();
        }
        end(is(Fault.HIDES_THE_CODE) ? Disconnect.LINK_LOST : disconnect, true);
    }

    private void end(Disconnect disconnect, boolean byCore) {
        boolean first = ended.compareAndSet(false, true);
        seen.end.complete(disconnect);
        boolean forgets = is(Fault.NEVER_DETACHES)
                || (is(Fault.FORGETS_TO_DETACH_ON_CLOSE) && byCore)
                || (is(Fault.DETACHES_A_STALLED_WIRE_NEVER) && stalled);
        if ((first && !forgets) || (!first && is(Fault.DETACHES_TWICE))) {
            attachment.detached(disconnect);
        }
    }

    // ---- The peer ---------------------------------------------------------------------------------------------------

    @Override
    public void send(String text) {
        int max = host.settings().maxFrameBytes();
        int size = is(Fault.COUNTS_CHARACTERS)
                ? text.length()
                : text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (!is(Fault.TAKES_ANY_SIZE) && size > (is(Fault.REFUSES_THE_LAST_BYTE) ? max - 1 : max)) {
            end(Disconnect.TOO_LARGE, false);
        } else if (is(Fault.BRINGS_IN_BY_ANY_THREAD)) {
            attachment.receive(text);
        } else {
            inbound.lock();
            try {
                bringIn(text);
            } finally {
                inbound.unlock();
            }
        }
    }

    private void bringIn(String text) {
        List<String> now = new ArrayList<>(List.of(text));
        if (is(Fault.REORDERS_WHAT_ARRIVES)) {
            if (keptInbound == null) {
                keptInbound = text;
                return;
            }
            now.add(keptInbound);
            keptInbound = null;
        }
        now.forEach(attachment::receive);
    }

    @Override
    public Optional<String> receive(Duration patience) {
        return seen.receive(patience);
    }

    @Override
    public void stopReading() {
        stalled = true;
    }

    @Override
    public void read() {
        stalled = false;
        inFlight = false;
        host.executor().execute(this::wake);
    }

    @Override
    public void cut() {
        end(Disconnect.LINK_LOST, false);
    }

    @Override
    public void close() {
        end(Disconnect.NORMAL, false);
    }

    @Override
    public Optional<Disconnect> closed(Duration patience) {
        return seen.closed(patience);
    }

    @Override
    public boolean breakWrites() {
        breaks = true;
        return true;
    }
}
