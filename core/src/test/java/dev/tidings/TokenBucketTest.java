package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void take_burst_isAdmittedAndNoMore() {
        TokenBucket bucket = new TokenBucket(10, 5, 0);

        assertThat(admitted(bucket, 20, 0)).isEqualTo(5);
    }

    @Test
    void take_timePasses_earnsAtTheRate() {
        TokenBucket bucket = new TokenBucket(10, 5, 0);
        admitted(bucket, 5, 0);

        assertThat(bucket.take(1, SECOND / 10 - 1)).isFalse();
        assertThat(bucket.take(1, SECOND / 10)).isTrue();
        assertThat(admitted(bucket, 20, SECOND / 2 - SECOND / 10)).isEqualTo(3);
    }

    @Test
    void take_longIdle_earnsNoMoreThanTheBurst() {
        TokenBucket bucket = new TokenBucket(10, 5, 0);
        admitted(bucket, 5, 0);

        assertThat(admitted(bucket, 100, TimeUnit.DAYS.toNanos(3_650))).isEqualTo(5);
    }

    @Test
    void take_tooMany_costsNothing() {
        TokenBucket bucket = new TokenBucket(1, 10, 0);

        assertThat(bucket.take(11, 0)).isFalse();
        assertThat(bucket.take(10, 0)).isTrue();
    }

    @Test
    void take_clockStandsStill_admitsNothingMore() {
        TokenBucket bucket = new TokenBucket(1, 1, 7);
        assertThat(bucket.take(1, 7)).isTrue();

        assertThat(bucket.take(1, 7)).isFalse();
    }

    /** A clock for durations has any origin, and may pass from the largest number to the smallest. */
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE - 1, Long.MAX_VALUE})
    void take_anyOriginOfTheClock_isTheSame(long origin) {
        TokenBucket bucket = new TokenBucket(10, 5, origin);

        assertThat(admitted(bucket, 20, origin)).isEqualTo(5);
        assertThat(admitted(bucket, 20, origin + SECOND / 5)).isEqualTo(2);
        assertThat(admitted(bucket, 20, origin + 60 * SECOND)).isEqualTo(5);
    }

    @Test
    void take_largestNumbers_doNotOverflow() {
        TokenBucket bucket = new TokenBucket(1, Integer.MAX_VALUE, 0);

        assertThat(bucket.take(Integer.MAX_VALUE, 0)).isTrue();
        assertThat(bucket.take(Integer.MAX_VALUE, 0)).isFalse();
        assertThat(bucket.take(1, 0)).isFalse();
        assertThat(bucket.take(Integer.MAX_VALUE, Integer.MAX_VALUE * SECOND)).isTrue();
    }

    /** Ten errors a minute: a rate far below one a second. */
    @Test
    void take_slowRate_keepsIt() {
        TokenBucket bucket = new TokenBucket(10 / 60.0, 10, 0);
        assertThat(admitted(bucket, 20, 0)).isEqualTo(10);

        assertThat(bucket.take(1, 5 * SECOND)).isFalse();
        assertThat(bucket.take(1, 6 * SECOND)).isTrue();
        assertThat(bucket.take(1, 6 * SECOND)).isFalse();
    }

    private static int admitted(TokenBucket bucket, int wanted, long now) {
        int admitted = 0;
        for (int i = 0; i < wanted; i++) {
            admitted += bucket.take(1, now) ? 1 : 0;
        }
        return admitted;
    }
}
