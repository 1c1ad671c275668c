package dev.tidings;

import dev.tidings.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every link and every connection about once a second, and ends what takes too long. One timer for all deadlines: a
 * container may never tell that a peer is gone, and a timer for each of them would cost more than it saves.
 *
 * <p>Where a limit is short, it looks more often: four times within the shortest.
 */
final class Sweeper {

    private static final System.Logger LOG = System.getLogger(Sweeper.class.getPackageName());
    private static final Duration LONGEST = Duration.ofSeconds(1);
    private static final Duration SHORTEST = Duration.ofMillis(10);

    private final Engine engine;
    private final Duration interval;
    private volatile boolean stopped;
    private volatile Time.@Nullable Cancellable next;

    Sweeper(Engine engine) {
        this.engine = engine;
        Limits l = engine.limits();
        Duration shortest = Stream.of(
                        l.authTimeout,
                        l.heartbeat,
                        l.heartbeatTimeout,
                        l.sendTimeout,
                        l.resumeWindow,
                        l.presenceGrace,
                        l.closeGrace,
                        l.pollGap)
                .min(Duration::compareTo)
                .orElse(LONGEST)
                .dividedBy(4);
        this.interval =
                shortest.compareTo(LONGEST) > 0 ? LONGEST : shortest.compareTo(SHORTEST) < 0 ? SHORTEST : shortest;
    }

    void start() {
        if (!stopped) {
            next = engine.time().schedule(interval, this::sweep);
        }
    }

    void stop() {
        stopped = true;
        Time.Cancellable pending = next;
        if (pending != null) {
            pending.cancel();
        }
    }

    private void sweep() {
        try {
            long now = engine.now();
            Instant wallClock = engine.time().now();
            for (LinkAttachment attachment : engine.links().all()) {
                guarded(() -> attachment.sweep(now));
            }
            for (LiveConnection connection : engine.connections().live()) {
                guarded(() -> connection.sweep(now, wallClock));
            }
        } finally {
            start();
        }
    }

    private static void guarded(Runnable look) {
        try {
            look.run();
        } catch (Throwable e) {
            LOG.log(System.Logger.Level.ERROR, "A sweep failed", e);
        }
    }
}
