package dev.tidings.spi;

import java.time.Duration;
import java.time.Instant;

/**
 * The clock and the timer: the only ones that the library knows, so that tests can inject theirs.
 *
 * <p>Tasks run on the timer's own thread. They only flip state or hand work on, and never block.
 */
public interface Time {

    /**
     * A reading for durations.
     *
     * @return nanoseconds since an arbitrary origin, never going backwards
     */
    long nanoTime();

    /**
     * A reading for people, and for credentials that expire.
     *
     * @return the wall clock's time
     */
    Instant now();

    /**
     * Runs a task once, later.
     *
     * @param delay how much later
     * @param task what to run; what it throws is logged by the timer
     * @return to cancel it
     */
    Cancellable schedule(Duration delay, Runnable task);

    /** A task that may still be cancelled. */
    @FunctionalInterface
    interface Cancellable {
        /** Cancels the task if it has not begun; else does nothing. */
        void cancel();
    }
}
