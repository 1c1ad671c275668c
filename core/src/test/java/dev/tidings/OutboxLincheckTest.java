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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A delivery, a link, a client's acknowledgement and an unsubscribe meet in one outbox.
 *
 * <p>It would show a frame that leaves after its lane was closed, a frame with two numbers or none, a poll by a link that was taken
 * over, and an overflow that leaves something behind: results that no order of the same calls one after the other gives.
 */
@Tag("lincheck")
@Param(name = "number", gen = IntGen.class, conf = "0:3")
public class OutboxLincheckTest {

    private final Outbox outbox = new Outbox(new Terse(), true, 3, 1_000, new LongAdder(), new LongAdder());
    private final Lane lane = new Lane("a");
    private final Object first = "first";
    private final Object second = "second";

    public OutboxLincheckTest() {
        outbox.attach(first);
        outbox.open(lane, null);
    }

    @Operation
    public String offer() {
        return outbox.offer(Frame.counted("direct")).name();
    }

    @Operation
    public String publish() {
        return outbox.offer(lane, Frame.ofChannel("published", "a", null, null)).name();
    }

    @Operation(nonParallelGroup = "first link")
    public String poll() {
        return text(outbox.poll(first, 0));
    }

    @Operation(nonParallelGroup = "first link")
    public void written() {
        outbox.written(first);
    }

    @Operation(nonParallelGroup = "second link")
    public String pollAfterResume() {
        return text(outbox.poll(second, 0));
    }

    @Operation(runOnce = true)
    public String resume(@Param(name = "number") int received) {
        return String.valueOf(outbox.resume(second, "c", received, 1, Set.of()));
    }

    @Operation
    public boolean acknowledge(@Param(name = "number") int number) {
        return outbox.acknowledge(number);
    }

    @Operation(runOnce = true)
    public void unsubscribe() {
        outbox.close(lane);
    }

    @Operation
    public long nextNumber() {
        return outbox.nextNumber();
    }

    private static String text(Frame frame) {
        return frame == null ? "nothing" : frame.text();
    }

    @Test
    void outbox_anyInterleaving_isLinearizable() {
        new ModelCheckingOptions()
                .iterations(20)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(OutboxLincheckTest.class);
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
