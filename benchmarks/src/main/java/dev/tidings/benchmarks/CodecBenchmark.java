package dev.tidings.benchmarks;

import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.protocol.Publication;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the native protocol costs for one frame: once per publication on the way out, once per command on the way in. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {

    private static final String DATA = "{\"text\":\"The quick brown fox jumps over the lazy dog\",\"number\":17}";

    private final Outbound.Message message = new Outbound.Message(Publication.of("chat:lobby", Payload.json(DATA)));
    private final String publish = "{\"type\":\"publish\",\"id\":7,\"channel\":\"chat:lobby\",\"data\":" + DATA + "}";

    /**
     * Writes a publication as text.
     *
     * @return the frame
     */
    @Benchmark
    public Frame encodePublication() {
        return JsonCodec.INSTANCE.encode(message);
    }

    /**
     * Reads a client's publish.
     *
     * @return the command
     */
    @Benchmark
    public List<Inbound> decodePublish() {
        return JsonCodec.INSTANCE.decode(publish, FrameLimits.DEFAULT);
    }

    /**
     * Checks a payload that the application made.
     *
     * @return the payload
     */
    @Benchmark
    public Payload checkPayload() {
        return Payload.json(DATA);
    }
}
