package dev.tidings.benchmarks;

import dev.tidings.Allow;
import dev.tidings.Channel;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Drain;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import java.util.List;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One publication to all subscribers of a channel, from {@code publish} to the last delivery, by the public API and with links
 * that have no wire: what the library costs apart from any container.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FanOutBenchmark {

    /** How many subscribers there are. */
    @Param({"1", "100", "1000"})
    public int subscribers;

    private final Payload payload = Payload.json("{\"text\":\"The quick brown fox jumps over the lazy dog\"}");
    private final AtomicInteger missing = new AtomicInteger();
    /** Advances when all have it. */
    private final Phaser delivered = new Phaser(1);

    private @Nullable Tidings tidings;
    private @Nullable Channel channel;

    /** Connects and subscribes. */
    @Setup
    public void connect() {
        Phaser subscribed = new Phaser(1);
        Tidings made = Tidings.builder()
                .channel("news", rule -> rule.subscribe(Allow.anyone()))
                .listener(new dev.tidings.ConnectionListener() {
                    @Override
                    public void onSubscribe(dev.tidings.Connection connection, String name) {
                        subscribed.arriveAndDeregister();
                    }
                })
                .build();
        subscribed.bulkRegister(subscribers);
        Handshake handshake = Handshake.builder("memory")
                .parameter("channel", List.of("news"))
                .build();
        for (int i = 0; i < subscribers; i++) {
            new MemoryLink().attach(made, handshake);
        }
        subscribed.arriveAndAwaitAdvance();
        tidings = made;
        channel = made.channel("news");
    }

    /** Publishes and waits until everybody has it. */
    @Benchmark
    public void publishAndDeliver() {
        Channel to = channel;
        if (to != null) {
            missing.set(subscribers);
            int phase = delivered.getPhase();
            to.publish(payload);
            delivered.awaitAdvance(phase);
        }
    }

    /** Stops the server. */
    @TearDown
    public void close() {
        if (tidings != null) {
            tidings.close();
        }
    }

    /** A link whose every write has left at once. */
    private final class MemoryLink implements Link {
        private volatile @Nullable Drain drain;
        private volatile @Nullable Attachment attachment;

        void attach(TransportHost host, Handshake handshake) {
            Attachment attached = host.attach(handshake, this);
            Drain loop = new Drain(attached, host, frame -> write(frame.channel() != null), failure -> {});
            attachment = attached;
            drain = loop;
            loop.wake();
        }

        private void write(boolean publication) {
            Drain loop = drain;
            if (loop != null) {
                loop.written();
            }
            if (publication && missing.decrementAndGet() == 0) {
                delivered.arrive();
            }
        }

        @Override
        public String transport() {
            return "memory";
        }

        @Override
        public void wake() {
            Drain loop = drain;
            if (loop != null) {
                loop.wake();
            }
        }

        @Override
        public void close(Disconnect disconnect) {
            Attachment attached = attachment;
            if (attached != null) {
                attached.detached(disconnect);
            }
        }
    }
}
