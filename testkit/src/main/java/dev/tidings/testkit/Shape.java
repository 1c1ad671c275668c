package dev.tidings.testkit;

import java.time.Duration;

/**
 * What is done to the bytes of one direction of one connection.
 *
 * @param stalled whether nothing moves
 * @param holding whether all is kept until the sender ends
 * @param delayNanos how long each byte is kept
 * @param split how many bytes may be written at once
 * @param rate how many bytes may pass in a second
 * @param allowance how many bytes may still pass before the connection is cut
 */
record Shape(boolean stalled, boolean holding, long delayNanos, int split, long rate, long allowance) {

    static final Shape PASS = new Shape(false, false, 0, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    private static final long NANOS = 1_000_000_000;

    /** A throttled wire carries so many pieces in a second, so that a reader sees a trickle and no bursts. */
    private static final int PIECES_A_SECOND = 50;

    Shape stall() {
        return new Shape(true, holding, delayNanos, split, rate, allowance);
    }

    Shape resume() {
        return new Shape(false, false, delayNanos, split, rate, allowance);
    }

    Shape hold() {
        return new Shape(stalled, true, delayNanos, split, rate, allowance);
    }

    Shape delay(Duration delay) {
        return new Shape(stalled, holding, delay.toNanos(), split, rate, allowance);
    }

    Shape splitEvery(int bytes) {
        return new Shape(stalled, holding, delayNanos, bytes, rate, allowance);
    }

    Shape throttle(long bytesPerSecond) {
        return new Shape(stalled, holding, delayNanos, split, bytesPerSecond, allowance);
    }

    Shape cutAfter(long bytes) {
        return new Shape(stalled, holding, delayNanos, split, rate, bytes);
    }

    /** The shape after so many bytes have passed. */
    Shape passed(int bytes) {
        return allowance == Long.MAX_VALUE ? this : cutAfter(allowance - bytes);
    }

    boolean throttled() {
        return rate != Long.MAX_VALUE;
    }

    /** Whether bytes are kept on purpose, and not only because the receiver is slow. */
    boolean keeping() {
        return holding || delayNanos > 0;
    }

    /** How many of so many bytes may be written at once. */
    int piece(int waiting) {
        long most = Math.min(waiting, Math.min(split, allowance));
        return (int) (throttled() ? Math.min(most, Math.max(1, rate / PIECES_A_SECOND)) : most);
    }

    /** How long the wire is busy with so many bytes. */
    long nanosFor(int bytes) {
        return throttled() ? bytes * NANOS / rate : 0;
    }

    /** How far a throttled wire may be behind and still catch up, since timers are late. */
    long slackNanos() {
        return NANOS / PIECES_A_SECOND;
    }
}
