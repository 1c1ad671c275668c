package dev.tidings;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A rate with a burst, without a lock: it keeps only the time at which everything taken so far would have been earned at the
 * steady rate, and refuses what would move that time further ahead than the burst allows (the generic cell rate algorithm).
 */
final class TokenBucket {

    private static final long SECOND = 1_000_000_000L;

    private final double nanosPerToken;
    private final long burstNanos;
    private final AtomicLong earnedAt;

    TokenBucket(double perSecond, double burst, long now) {
        this.nanosPerToken = SECOND / perSecond;
        this.burstNanos = (long) (burst * nanosPerToken);
        this.earnedAt = new AtomicLong(now);
    }

    /** Takes tokens, or none at all if there are too few. */
    boolean take(double tokens, long now) {
        long cost = (long) (tokens * nanosPerToken);
        while (true) {
            long before = earnedAt.get();
            long after = (before - now > 0 ? before : now) + cost;
            if (after - now > burstNanos) {
                return false;
            }
            if (earnedAt.compareAndSet(before, after)) {
                return true;
            }
        }
    }
}
