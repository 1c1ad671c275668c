package dev.tidings;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** One connection's subscription to one channel. */
final class Subscription {

    private final LiveConnection connection;
    private final Lane lane;
    /** Whether the client asked for it, so that its right to it is checked again when it resumes. */
    private final boolean asked;
    /** Completes when everything that is published from now on reaches it. */
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean presence;

    Subscription(LiveConnection connection, String channel, boolean asked) {
        this.connection = connection;
        this.lane = new Lane(channel);
        this.asked = asked;
    }

    LiveConnection connection() {
        return connection;
    }

    String channel() {
        return lane.channel;
    }

    Lane lane() {
        return lane;
    }

    boolean isAsked() {
        return asked;
    }

    CompletableFuture<Void> ready() {
        return ready;
    }

    /** Whether changes of presence go to it. */
    boolean wantsPresence() {
        return presence;
    }

    void wantPresence() {
        presence = true;
    }

    /** True for the one who ends it. */
    boolean end() {
        return ended.compareAndSet(false, true);
    }

    boolean hasEnded() {
        return ended.get();
    }
}
