package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Drain;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Threads wake a drain while its writes complete on others.
 *
 * <p>It would show a lost wake-up (something waits, nothing is in flight, and nobody is going to look), and two writes in flight at
 * once.
 */
@Tag("lincheck")
public class DrainLincheckTest {

    private static final Frame FRAME = Frame.counted("x");

    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger overlaps = new AtomicInteger();
    private final Drain drain =
            new Drain(new Source(), DrainTest.host(Runnable::run, 1_000), frame -> begin(), failure -> {});

    private void begin() {
        if (!inFlight.compareAndSet(0, 1)) {
            overlaps.incrementAndGet();
        }
    }

    @Operation
    public void offerAndWake() {
        waiting.incrementAndGet();
        drain.wake();
    }

    @Operation
    public void complete() {
        if (inFlight.compareAndSet(1, 0)) {
            drain.written();
        }
    }

    @Validate
    public void nothingIsLeftBehind() {
        if (overlaps.get() > 0) {
            throw new IllegalStateException("Two writes at once");
        }
        if (waiting.get() > 0 && inFlight.get() == 0) {
            throw new IllegalStateException("A wake-up was lost");
        }
    }

    @Test
    void drain_anyInterleaving_losesNoWakeUp() {
        new ModelCheckingOptions()
                .iterations(20)
                .invocationsPerIteration(500)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(0)
                .check(DrainLincheckTest.class);
    }

    /** As many frames as were offered. */
    private final class Source implements Attachment {
        @Override
        public Frame poll() {
            // Only the drain takes, one thread at a time.
            if (waiting.get() == 0) {
                return null;
            }
            waiting.decrementAndGet();
            return FRAME;
        }

        @Override
        public void receive(String text) {}

        @Override
        public void receive(long first, Iterable<String> frames) {}

        @Override
        public long nextNumber() {
            return 0;
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public @org.jspecify.annotations.Nullable String position() {
            return null;
        }

        @Override
        public void written() {}

        @Override
        public void detached(Disconnect disconnect) {}
    }
}
