package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tidings.protocol.ErrorCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class CallbacksTest {

    private final TestTime time = new TestTime();
    private final Callbacks callbacks = new Callbacks(time, Duration.ofSeconds(30));
    private final CompletableFuture<String> stage = new CompletableFuture<>();

    @Test
    void bounded_over_needsNoTimer() {
        stage.complete("done");

        assertThat(callbacks.bounded(stage).toCompletableFuture()).isCompletedWithValue("done");
        assertThat(callbacks.bounded(CompletableFuture.completedStage("done")).toCompletableFuture())
                .isCompletedWithValue("done");
        assertThat(time.pending()).isZero();
    }

    @Test
    void bounded_endsInTime_isTheSameAndCancelsTheTimer() {
        CompletableFuture<String> bounded = callbacks.bounded(stage).toCompletableFuture();
        time.advance(Duration.ofSeconds(29));
        stage.complete("done");

        assertThat(bounded).isCompletedWithValue("done");
        assertThat(time.pending()).isZero();
    }

    @Test
    void bounded_fails_failsTheSame() {
        CompletableFuture<String> bounded = callbacks.bounded(stage).toCompletableFuture();
        stage.completeExceptionally(new IllegalStateException("for the test"));

        assertThat(bounded).isCompletedExceptionally();
        assertThat(catchThrowableOfType(CompletionException.class, bounded::join))
                .hasCauseInstanceOf(IllegalStateException.class);
        assertThat(time.pending()).isZero();
    }

    @Test
    void bounded_tooLate_isATimeoutAndTheLateResultIsDropped() {
        CompletableFuture<String> bounded = callbacks.bounded(stage).toCompletableFuture();
        time.advance(Duration.ofSeconds(30));
        stage.complete("late");

        CompletionException failure = catchThrowableOfType(CompletionException.class, bounded::join);
        assertThat(failure.getCause())
                .isInstanceOfSatisfying(
                        RequestException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.TIMEOUT));
    }
}
