package dev.tidings;

import dev.tidings.protocol.Disconnect;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The end of it all, in order and in bounded time: refuse, deliver what was accepted, tell, let leave, close, stop. */
final class Shutdown {

    private static final System.Logger LOG = System.getLogger(Shutdown.class.getPackageName());
    /** With what comes after it, all is over within 10 seconds. */
    private static final long MAX_DRAIN_MILLIS = 4_000;

    private static final long MAX_DELIVER_MILLIS = 2_000;

    private static final long LAST_CALL_MILLIS = 500;

    private final Engine engine;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean ended;

    Shutdown(Engine engine) {
        this.engine = engine;
    }

    boolean hasBegun() {
        return begun.get();
    }

    /** Whether nobody is left who would say a last word to a link. */
    boolean hasEnded() {
        return ended;
    }

    void run(@Nullable SystemTime ownTime) {
        if (!begun.compareAndSet(false, true)) {
            return;
        }
        try {
            engine.deliveries()
                    .awaitIdle(Math.min(
                            MAX_DELIVER_MILLIS, engine.limits().closeGrace.toMillis()));
            engine.connections().live().forEach(connection -> connection.disconnect(Disconnect.SHUTTING_DOWN));
            for (LinkAttachment attachment : engine.links().all()) {
                if (!attachment.isBound()) {
                    attachment.finish(Disconnect.SHUTTING_DOWN);
                }
            }
            engine.links()
                    .awaitEmpty(Math.min(
                            MAX_DRAIN_MILLIS, engine.limits().closeGrace.toMillis()));
            // Who attaches from now on is closed by the one who attaches it.
            ended = true;
            engine.connections().parting().forEach(LiveConnection::forget);
            engine.links().all().forEach(attachment -> attachment.close(Disconnect.SHUTTING_DOWN));
            engine.links().awaitEmpty(LAST_CALL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.sweeper().stop();
        quietly(engine.broker());
        quietly(engine.presence());
        engine.threads().close();
        if (ownTime != null) {
            ownTime.close();
        }
    }

    private static void quietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "A part did not close", e);
        }
    }
}
