package dev.tidings;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Deliveries, links, acknowledgements and unsubscribing meet in one outbox: the results are those of some order of the calls. */
@Tag("lincheck")
class OutboxLincheckTest {

    @Test
    void f77_unsubscribingAnyInterleaving_isLinearizable() {
        options(1, 10).check(Unsubscribing.class);
    }

    @Test
    void resuming_anyInterleaving_isLinearizable() {
        options(2, 6).check(Resuming.class);
    }

    private static ModelCheckingOptions options(int actors, int scenarios) {
        return new ModelCheckingOptions()
                .iterations(scenarios)
                .invocationsPerIteration(500)
                .threads(2)
                .actorsPerThread(actors)
                .actorsBefore(actors - 1)
                .actorsAfter(2 * (actors - 1));
    }

    /** It would show a frame that gets in between the decision that its lane is open and the closing of that lane. */
    public static class Unsubscribing {

        private final Outbox outbox = outbox();
        private final Lane lane = new Lane("a");
        private final Object link = "link";

        public Unsubscribing() {
            outbox.attach(link);
            outbox.open(lane, null);
        }

        @Operation
        public String publish() {
            return outbox.offer(lane, Frame.ofChannel("x", "a", null, null)).name();
        }

        @Operation(runOnce = true)
        public void unsubscribe() {
            outbox.close(lane);
        }

        @Validate
        public void nothingLeavesAfterwards() {
            if (lane.messages == Lane.Gate.CLOSED && outbox.poll(link, 0) != null) {
                throw new IllegalStateException("A frame leaves after the unsubscribe");
            }
        }
    }

    /** It would show a frame with two numbers or none, and a poll by a link that was taken over. */
    @Param(name = "number", gen = IntGen.class, conf = "0:2")
    public static class Resuming {

        private final Outbox outbox = outbox();
        private final Object first = "first";
        private final Object second = "second";

        public Resuming() {
            outbox.attach(first);
        }

        @Operation
        public String offer() {
            return outbox.offer(Frame.counted("direct")).name();
        }

        @Operation(nonParallelGroup = "first link")
        public String poll() {
            return text(outbox.poll(first, 0));
        }

        @Operation(nonParallelGroup = "first link")
        public void written() {
            outbox.written(first);
        }

        @Operation(runOnce = true)
        public String resume(@Param(name = "number") int received) {
            return String.valueOf(outbox.resume(second, "c", received, 1, Set.of()));
        }

        @Operation(nonParallelGroup = "second link")
        public String pollAfterResume() {
            return text(outbox.poll(second, 0));
        }

        @Operation
        public boolean acknowledge(@Param(name = "number") int number) {
            return outbox.acknowledge(number);
        }

        @Operation
        public long nextNumber() {
            return outbox.nextNumber();
        }
    }

    private static Outbox outbox() {
        return new Outbox(new Terse(), true, 3, 1_000, new LongAdder(), new LongAdder());
    }

    private static String text(Frame frame) {
        return frame == null ? "nothing" : frame.text();
    }

    /** Says what the outbox asks for in as few steps as can be: each one is a place to switch threads. */
    private static final class Terse implements Codec {
        @Override
        public String name() {
            return "terse";
        }

        @Override
        public List<Inbound> decode(String text, FrameLimits limits) {
            return List.of();
        }

        @Override
        public Frame encode(Outbound message) {
            return Frame.uncounted(message instanceof Outbound.Resumed resumed ? "resumed " + resumed.next() : "?");
        }
    }
}
