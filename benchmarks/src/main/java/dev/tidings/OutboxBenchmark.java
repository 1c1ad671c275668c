package dev.tidings;

import dev.tidings.protocol.Frame;
import dev.tidings.protocol.JsonCodec;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What one frame costs on its way through one outbox. In the package of the outbox, which nobody else sees. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OutboxBenchmark {

    private static final int MAX_FRAMES = 4_096;
    private static final int MAX_BYTES = 1024 * 1024;

    /** Whether the client counts and acknowledges. */
    @Param({"false", "true"})
    public boolean acknowledging;

    private final Object link = new Object();
    private final Lane lane = new Lane("news");
    private final Frame frame = Frame.ofChannel("x".repeat(100), "news", null, null);
    private Outbox outbox = outbox();
    private long number;

    private Outbox outbox() {
        return new Outbox(JsonCodec.INSTANCE, acknowledging, MAX_FRAMES, MAX_BYTES, new LongAdder(), new LongAdder());
    }

    /** An outbox with one open lane and one link. */
    @Setup
    public void attach() {
        outbox = outbox();
        outbox.attach(link);
        outbox.open(lane, null);
    }

    /**
     * A publication comes in, is polled, has left and is acknowledged.
     *
     * @return the frame
     */
    @Benchmark
    public @Nullable Frame throughOneOutbox() {
        outbox.offer(lane, frame);
        Frame polled = outbox.poll(link, number);
        outbox.written(link);
        if (acknowledging) {
            outbox.acknowledge(++number);
        }
        return polled;
    }
}
