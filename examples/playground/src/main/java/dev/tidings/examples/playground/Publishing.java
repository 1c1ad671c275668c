package dev.tidings.examples.playground;

import dev.tidings.Channel;
import dev.tidings.Channel.PublishOptions;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One payload on its way into a channel, so many times, one after the other.
 *
 * <p>A publication that fails, because too much waits for its delivery, is tried again a little later: by a timer, and no thread waits. When
 * none got in for so many tries in a row, that is the end, and whoever asked is told how many did. So every publication that counts
 * was accepted, and no other was.
 */
final class Publishing implements Runnable {

    /** Told once, at the end. */
    @FunctionalInterface
    interface Done {
        /** So many were published; the outcome is that of the last try. */
        void published(int count, Outcome outcome);
    }

    /** With the pause in between, ten seconds. */
    static final int MAX_TRIES = 5_000;

    private static final long PAUSE_MILLIS = 2;
    /** How many publications one turn may make before other requests have theirs. */
    private static final int SHARE = 10_000;

    private final ScheduledExecutorService timer;
    private final Channel channel;
    private final Payload payload;
    private final PublishOptions options;
    private final int count;
    private final Done done;

    // There is one turn at a time, and the timer's queue carries its writes to the next.
    private int published;
    private int tries;

    Publishing(
            ScheduledExecutorService timer,
            Channel channel,
            Payload payload,
            PublishOptions options,
            int count,
            Done done) {
        this.timer = timer;
        this.channel = channel;
        this.payload = payload;
        this.options = options;
        this.count = count;
        this.done = done;
    }

    /** A turn: publishes while there is room. */
    @Override
    public void run() {
        Outcome outcome = Outcome.OK;
        for (int share = SHARE; share > 0 && published < count && outcome == Outcome.OK; share--) {
            outcome = publish();
            if (outcome == Outcome.OK) {
                published++;
                tries = 0;
            }
        }
        if (published < count && outcome == Outcome.OK) {
            again(0, outcome);
        } else if (outcome == Outcome.FAILED && ++tries < MAX_TRIES) {
            again(PAUSE_MILLIS, outcome);
        } else {
            done.published(published, outcome);
        }
    }

    /** The broker is in this program's memory, so the stage has ended when it is returned. */
    private Outcome publish() {
        return channel.publish(payload, options).toCompletableFuture().join().outcome();
    }

    private void again(long millis, Outcome outcome) {
        try {
            Future<?> unused = timer.schedule(this, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The playground stops.
            done.published(published, outcome);
        }
    }
}
