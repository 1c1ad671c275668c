package dev.tidings.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The rules of a link, L1 to L10 of {@link dev.tidings.spi}, as tests. The author of a transport extends this class and says how to
 * open a link and what its peer does; the name of each test begins with the rule that it is for.
 *
 * <p>What cannot be tested from outside is listed as a disabled test. A capability that a wire does not have is declared by the
 * {@link Fixture}, and the tests for it are skipped.
 *
 * <pre>{@code
 * class CarrierPigeonContractTest extends TransportContract {
 *     @Override
 *     protected Fixture fixture() {
 *         return new PigeonLoft();
 *     }
 * }
 * }</pre>
 */
public abstract class TransportContract {

    private static final TransportSettings SETTINGS =
            new TransportSettings(4_096, 64, Duration.ofSeconds(10), Duration.ofSeconds(105), 16);
    private static final Disconnect WHY = Disconnect.FORBIDDEN.because("Banned until Monday");
    /** Enough to fill the buffers of any container and kernel: 256 MiB, of one frame that they share. */
    private static final int FLOOD = 4_096;

    private static final Frame LARGE = Frame.counted("\"" + "x".repeat(64 * 1024) + "\"");

    /** What an author provides: a place where links can be opened. One for each test. */
    public interface Fixture extends AutoCloseable {

        /**
         * Opens a link, with one {@code attach} to the host.
         *
         * @param host where the transport attaches
         * @return the other end of the wire
         */
        Peer open(TransportHost host);

        /**
         * Whether a peer sees the code and the reason of a close.
         *
         * @return false where the wire has no way to show them
         */
        default boolean showsCode() {
            return true;
        }

        /** Takes everything down. */
        @Override
        default void close() {}
    }

    /** The other end of a wire. Used by one thread. */
    public interface Peer {

        /**
         * Sends a frame.
         *
         * @param text the frame
         */
        void send(String text);

        /**
         * The next frame that has arrived.
         *
         * @param patience how long to wait for it
         * @return the frame; empty if none came in time, or the wire has ended before
         */
        Optional<String> receive(Duration patience);

        /** Reads nothing any more, so that sooner or later no write to it ends. */
        void stopReading();

        /** Reads again. */
        void read();

        /** Breaks the wire without a word, as a killed process does. */
        void cut();

        /** Ends the wire in an orderly way, with the code 1000 where it has codes. */
        void close();

        /**
         * How the wire has ended.
         *
         * @param patience how long to wait for the end
         * @return what the peer was told; {@link Disconnect#LINK_LOST} if nothing; empty if the wire is still there
         */
        Optional<Disconnect> closed(Duration patience);

        /**
         * Makes the container throw on every write from now on.
         *
         * @return false if it cannot be made to
         */
        default boolean breakWrites() {
            return false;
        }
    }

    private RecordingHost host = new RecordingHost(SETTINGS);
    private Fixture fixture = unused -> {
        throw new IllegalStateException("No fixture");
    };

    /** For an author to extend. */
    protected TransportContract() {}

    /**
     * Makes what the tests of this class need, anew for each.
     *
     * @return the fixture
     */
    protected abstract Fixture fixture();

    /**
     * How long something that must happen may take.
     *
     * @return 10 s if this is not overridden
     */
    protected Duration patience() {
        return Duration.ofSeconds(10);
    }

    /**
     * How long to watch that nothing happens.
     *
     * @return 300 ms if this is not overridden
     */
    protected Duration silence() {
        return Duration.ofMillis(300);
    }

    /** Makes a host and a fixture. */
    @BeforeEach
    public void setUp() {
        host = new RecordingHost(SETTINGS);
        fixture = fixture();
    }

    /** Takes them down; whatever a test looked at, no rule may have been broken meanwhile. */
    @AfterEach
    public void tearDown() {
        List<String> violations = new ArrayList<>();
        host.attachments().forEach(attachment -> violations.addAll(attachment.violations()));
        host.close();
        fixture.close();
        assertThat(violations).as("What was broken meanwhile").isEmpty();
    }

    // ---- L1 ---------------------------------------------------------------------------------------------------------

    /** The core need not know in what state a wire is. */
    @Test
    @DisplayName("L1 what is there before attach returns is written, without another wake")
    public void wake_beforeAttachReturned_isTaken() {
        host.onAttach(attachment -> {
            attachment.offer(Frame.counted("\"early\""));
            attachment.link().wake();
        });
        Peer peer = fixture.open(host);
        assertThat(peer.receive(patience())).hasValue("\"early\"");
    }

    /** The core may have decided before the transport knows its attachment. */
    @Test
    @DisplayName("L1 a close before attach returns ends the link")
    public void close_beforeAttachReturned_endsTheLink() {
        host.onAttach(attachment -> attachment.link().close(WHY));
        Peer peer = fixture.open(host);
        detachedOnce(host.attached(patience()));
        seen(peer, WHY);
    }

    /** Spurious calls are normal: the core wakes whenever something may have changed. */
    @Test
    @DisplayName("L1 wakes without anything to do, by many threads, do nothing")
    public void wake_spurious_doesNothing() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        together(attachment::link, 4, link -> {
            for (int i = 0; i < 200; i++) {
                link.wake();
            }
        });
        assertThat(attachment.polled()).isZero();
        offerAndWake(attachment, "\"then\"");
        assertThat(peer.receive(patience())).hasValue("\"then\"");
    }

    /** The core learns of an end a little later than the link. */
    @Test
    @DisplayName("L1 wake and close are taken after the end")
    public void wakeAndClose_afterTheEnd_doNothing() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.cut();
        detachedOnce(attachment);
        assertThatCode(() -> {
                    attachment.link().wake();
                    attachment.link().close(WHY);
                    attachment.link().wake();
                })
                .doesNotThrowAnyException();
        detachedOnce(attachment);
    }

    // ---- L2 ---------------------------------------------------------------------------------------------------------

    /** The thread that wakes serves everybody else too. */
    @Test
    @DisplayName("L2 wake returns although the peer does not read")
    public void wake_peerDoesNotRead_returns() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.stopReading();
        flood(attachment);
        returns("wake", () -> attachment.link().wake());
        attachment.awaitSilence(silence(), patience());
        returns("wake", () -> attachment.link().wake());
    }

    /** The thread that closes serves everybody else too. */
    @Test
    @DisplayName("L2 close returns although the peer does not read")
    public void close_peerDoesNotRead_returns() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        stall(peer, attachment);
        returns("close", () -> attachment.link().close(WHY));
        detachedOnce(attachment);
    }

    /** A link that takes turns with a lock makes one thread wait for another. */
    @Test
    @DisplayName("L2 wake returns although another thread polls")
    public void wake_anotherThreadPolls_returns() {
        fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        CompletableFuture<Void> other = held(attachment);
        returns("wake", () -> attachment.link().wake());
        attachment.letGo();
        other.join();
    }

    // ---- L3 ---------------------------------------------------------------------------------------------------------

    /** Two writers would write in the order of their threads. */
    @Test
    @DisplayName("L3 one thread at a time polls")
    public void poll_byTwoThreads_never() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        CompletableFuture<Void> other = held(attachment);
        attachment.offer(Frame.counted("\"second\""));
        CompletableFuture<Void> second = elsewhere(() -> attachment.link().wake());
        attachment.awaitSilence(silence(), patience());
        attachment.letGo();
        other.join();
        second.join();
        assertThat(attachment.violations()).isEmpty();
        assertThat(peer.receive(patience())).hasValue("\"first\"");
        assertThat(peer.receive(patience())).hasValue("\"second\"");
    }

    /** Order and completeness of the wire are the link's part of the promise. */
    @Test
    @DisplayName("L3 what was polled is written, all of it and in order")
    public void poll_whatWasPolled_isWrittenInOrder() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            expected.add("{\"number\":" + i + ",\"text\":\"Zürich \uD83D\uDE00\"}");
        }
        CompletableFuture<Void> waker = elsewhere(() -> {
            for (int i = 0; i < 500; i++) {
                attachment.link().wake();
                Thread.onSpinWait();
            }
        });
        for (int i = 0; i < expected.size(); i++) {
            attachment.offer(Frame.counted(expected.get(i)));
            if (i % 7 == 0) {
                attachment.link().wake();
            }
        }
        attachment.link().wake();
        waker.join();
        assertThat(receive(peer, expected.size())).isEqualTo(expected);
        assertThat(peer.receive(silence())).as("Nothing comes twice").isEmpty();
    }

    // ---- L4 ---------------------------------------------------------------------------------------------------------

    /** The client's order is the order of handling. */
    @Test
    @DisplayName("L4 what arrives is brought in in the order of the wire")
    public void receive_manyFrames_inOrder() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            sent.add("{\"number\":" + i + ",\"text\":\"Zürich \uD83D\uDE00\"}");
            peer.send(sent.get(i));
        }
        attachment.await(a -> a.received().size() == sent.size(), patience());
        assertThat(attachment.received()).isEqualTo(sent);
    }

    /** Two threads that bring in frames would bring them in in any order. */
    @Test
    @DisplayName("L4 one thread at a time brings in what arrives")
    public void receive_byTwoThreads_never() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        attachment.holdNext();
        CompletableFuture<Void> sending = elsewhere(() -> peer.send("\"first\""));
        assertThat(attachment.await(RecordingAttachment::isHeld, patience())).isTrue();
        CompletableFuture<Void> more = elsewhere(() -> peer.send("\"second\""));
        attachment.awaitSilence(silence(), patience());
        attachment.letGo();
        sending.join();
        more.join();
        attachment.await(a -> a.received().size() == 2, patience());
        assertThat(attachment.received()).containsExactly("\"first\"", "\"second\"");
    }

    // ---- L5 ---------------------------------------------------------------------------------------------------------

    /** A connection must not hang on a dead link. */
    @Test
    @DisplayName("L5 detached is called once when the wire breaks")
    public void detached_wireBreaks_once() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.cut();
        detachedOnce(attachment);
    }

    /** An end that the client wants is an end, not a loss. */
    @Test
    @DisplayName("L5 detached is called once when the peer closes, and says so")
    public void detached_peerCloses_once() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.close();
        detachedOnce(attachment);
        if (fixture.showsCode()) {
            assertThat(attachment.detachments().get(0).code()).isEqualTo(Disconnect.NORMAL.code());
        }
    }

    /** Whoever ends it: the core counts on the call also when it closed the link itself. */
    @Test
    @DisplayName("L5 detached is called once when the core closes")
    public void detached_coreCloses_once() {
        fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        attachment.link().close(WHY);
        detachedOnce(attachment);
    }

    /** A container may never tell that it has closed a wire whose peer does not read. */
    @Test
    @DisplayName("L5 detached is called once when the core closes and the peer does not read")
    public void detached_coreClosesStalledWire_once() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        stall(peer, attachment);
        returns("close", () -> attachment.link().close(Disconnect.SLOW_CONSUMER));
        detachedOnce(attachment);
    }

    /** Both ends may end it at the same moment. */
    @Test
    @DisplayName("L5 detached is called once when wire and core end it together")
    public void detached_bothEnd_once() {
        for (int round = 0; round < 10; round++) {
            Peer peer = fixture.open(host);
            RecordingAttachment attachment = host.attached(patience());
            CompletableFuture<Void> core = elsewhere(() -> attachment.link().close(WHY));
            peer.cut();
            core.join();
            detachedOnce(attachment);
        }
    }

    // ---- L6 ---------------------------------------------------------------------------------------------------------

    /** The client must know whether to come back. */
    @Test
    @DisplayName("L6 the peer sees code and reason of a close")
    public void close_codeAndReason_areSeen() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        offerAndWake(attachment, "\"before\"");
        assertThat(peer.receive(patience())).hasValue("\"before\"");
        attachment.link().close(WHY);
        seen(peer, WHY);
    }

    /** What comes after the end would be read as something that still counts. */
    @Test
    @DisplayName("L6 nothing is written after a close")
    public void close_nothingAfterIt() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        attachment.link().close(WHY);
        offerAndWake(attachment, "\"after\"");
        assertThat(peer.receive(silence())).isEmpty();
    }

    // ---- L7 ---------------------------------------------------------------------------------------------------------

    /** The outbox's bound is the bound. */
    @Test
    @DisplayName("L7 a link whose peer does not read stops to poll")
    public void poll_peerDoesNotRead_stops() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        stall(peer, attachment);
        assertThat(attachment.polled()).as("frames polled").isLessThan(FLOOD);
        assertThat(attachment.outstanding()).as("frames kept by the link").isLessThanOrEqualTo(SETTINGS.drainFrames());
    }

    /** What is polled ahead can neither be merged nor dropped by a policy any more. */
    @Test
    @DisplayName("L7 a link polls no more than it is about to write")
    public void poll_ahead_never() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        int many = SETTINGS.drainFrames() * 20;
        for (int i = 0; i < many; i++) {
            attachment.offer(Frame.counted("" + i));
        }
        attachment.link().wake();
        assertThat(receive(peer, many)).hasSize(many);
        assertThat(attachment.mostOutstanding()).isLessThanOrEqualTo(SETTINGS.drainFrames());
    }

    /** No thread becomes one stranger's writer. */
    @Test
    @DisplayName("L7 a thread that wakes is given back after its share of frames")
    public void wake_manyFrames_givesTheThreadBack() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        int many = SETTINGS.drainFrames() * 20;
        for (int i = 0; i < many; i++) {
            attachment.offer(Frame.counted("" + i));
        }
        attachment.link().wake();
        assertThat(attachment.polledBy(Thread.currentThread())).isLessThanOrEqualTo(SETTINGS.drainFrames());
        assertThat(receive(peer, many)).hasSize(many);
    }

    // ---- L8 ---------------------------------------------------------------------------------------------------------

    /** The send deadline and the release of a plain client's frames hang on it. */
    @Test
    @DisplayName("L8 written is not called before the container has taken what was polled")
    public void written_peerDoesNotRead_isNotCalled() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        stall(peer, attachment);
        assertThat(attachment.outstanding()).as("frames polled and not written").isPositive();
    }

    /** A frame that was taken and never reported would look like a peer that does not read. */
    @Test
    @DisplayName("L8 written is called when the container has taken what was polled")
    public void written_peerReads_isCalled() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        offerAndWake(attachment, "\"one\"");
        assertThat(peer.receive(patience())).isPresent();
        written(attachment);
        stall(peer, attachment);
        attachment.clear();
        int kept = attachment.polled() - 1;
        peer.read();
        assertThat(receive(peer, kept)).hasSize(kept);
        written(attachment);
    }

    private void written(RecordingAttachment attachment) {
        assertThat(attachment.await(a -> a.writes() > 0 && a.outstanding() == 0, patience()))
                .as("All that was polled is written")
                .isTrue();
    }

    // ---- L9 ---------------------------------------------------------------------------------------------------------

    /** The limit is the limit, not a byte less. */
    @Test
    @DisplayName("L9 a frame of the greatest size is taken")
    public void receive_greatestFrame_isTaken() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        String text = "\"" + "x".repeat(SETTINGS.maxFrameBytes() - 2) + "\"";
        peer.send(text);
        attachment.await(a -> !a.received().isEmpty(), patience());
        assertThat(attachment.received()).containsExactly(text);
    }

    /** No peer grows the heap. */
    @Test
    @DisplayName("L9 a larger frame is not taken and ends the link")
    public void receive_largerFrame_endsTheLink() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.send("\"" + "x".repeat(SETTINGS.maxFrameBytes() * 4) + "\"");
        detachedOnce(attachment);
        assertThat(attachment.received()).isEmpty();
    }

    /** Bytes count, not characters. */
    @Test
    @DisplayName("L9 a frame is measured in bytes")
    public void receive_largerInBytesOnly_endsTheLink() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        peer.send("\"" + "\u20AC".repeat(SETTINGS.maxFrameBytes() / 2) + "\"");
        detachedOnce(attachment);
        assertThat(attachment.received()).isEmpty();
    }

    /** Listed so that it is not forgotten. */
    @Test
    @Disabled(
            "What a container buffers before it hands over a part cannot be seen from here: measure the heap under such peers")
    @DisplayName("L9 no more is collected to find out")
    public void receive_partsWithoutEnd_areNotCollected() {}

    // ---- L10 --------------------------------------------------------------------------------------------------------

    /** One broken wire is one broken link. */
    @Test
    @DisplayName("L10 what a write throws does not reach the core, and ends the link")
    public void write_throws_endsTheLink() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        Assumptions.assumeTrue(peer.breakWrites(), "The container cannot be made to throw");
        assertThatCode(() -> offerAndWake(attachment, "\"lost\"")).doesNotThrowAnyException();
        detachedOnce(attachment);
    }

    /** The core may write in the moment in which a wire breaks. */
    @Test
    @DisplayName("L10 what a broken wire throws does not reach the core")
    public void wake_whileWireBreaks_throwsNothing() {
        Peer peer = fixture.open(host);
        RecordingAttachment attachment = host.attached(patience());
        CompletableFuture<Void> core = elsewhere(() -> {
            for (int i = 0; i < 200; i++) {
                offerAndWake(attachment, "\"" + i + "\"");
            }
        });
        peer.cut();
        assertThatCode(core::join).doesNotThrowAnyException();
        detachedOnce(attachment);
    }

    // ---- Parts of tests ---------------------------------------------------------------------------------------------

    private static void offerAndWake(RecordingAttachment attachment, String text) {
        attachment.offer(Frame.counted(text));
        attachment.link().wake();
    }

    private static void flood(RecordingAttachment attachment) {
        for (int i = 0; i < FLOOD; i++) {
            attachment.offer(LARGE);
        }
    }

    /** A peer that does not read, and a link that has filled every buffer on the way to it. */
    private void stall(Peer peer, RecordingAttachment attachment) {
        peer.stopReading();
        flood(attachment);
        returns("wake", () -> attachment.link().wake());
        attachment.awaitSilence(silence(), patience());
    }

    private List<String> receive(Peer peer, int count) {
        List<String> texts = new ArrayList<>();
        while (texts.size() < count) {
            Optional<String> next = peer.receive(patience());
            if (next.isEmpty()) {
                break;
            }
            texts.add(next.get());
        }
        return texts;
    }

    /** A thread that is inside of poll and stays there. */
    private CompletableFuture<Void> held(RecordingAttachment attachment) {
        attachment.awaitSilence(silence(), patience());
        attachment.holdNext();
        attachment.offer(Frame.counted("\"first\""));
        CompletableFuture<Void> other = elsewhere(() -> attachment.link().wake());
        assertThat(attachment.await(RecordingAttachment::isHeld, patience()))
                .as("The link polls when it is woken")
                .isTrue();
        return other;
    }

    private CompletableFuture<Void> elsewhere(Runnable action) {
        return CompletableFuture.runAsync(action, host.blocking());
    }

    private void returns(String call, Runnable action) {
        try {
            elsewhere(action).get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(call + " blocks", e);
        } catch (ExecutionException e) {
            throw new AssertionError(call + " throws", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("Interrupted", e);
        }
    }

    private void detachedOnce(RecordingAttachment attachment) {
        assertThat(attachment.await(a -> !a.detachments().isEmpty(), patience()))
                .as("detached is called")
                .isTrue();
        attachment.await(a -> a.detachments().size() > 1, silence());
        assertThat(attachment.detachments()).as("calls of detached").hasSize(1);
    }

    private void seen(Peer peer, Disconnect disconnect) {
        Optional<Disconnect> closed = peer.closed(patience());
        assertThat(closed).as("The wire has ended").isPresent();
        if (fixture.showsCode()) {
            assertThat(closed).hasValue(disconnect);
        }
    }

    private <T> void together(java.util.function.Supplier<T> what, int threads, java.util.function.Consumer<T> action) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(elsewhere(() -> action.accept(what.get())));
        }
        all.forEach(CompletableFuture::join);
    }
}
