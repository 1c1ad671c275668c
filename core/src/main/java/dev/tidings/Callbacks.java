package dev.tidings;

import dev.tidings.protocol.ErrorCode;
import dev.tidings.spi.Time;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Keeps stages of the application's within bounded time. */
final class Callbacks {

    private final Time time;
    private final Duration timeout;

    Callbacks(Time time, Duration timeout) {
        this.time = time;
        this.timeout = timeout;
    }

    /** The same result, or a failure with {@link ErrorCode#TIMEOUT} when the time is over. */
    <T> CompletionStage<T> bounded(CompletionStage<T> stage) {
        CompletableFuture<T> bounded = new CompletableFuture<>();
        stage.whenComplete((result, failure) -> {
            if (failure != null) {
                bounded.completeExceptionally(failure);
            } else {
                bounded.complete(result);
            }
        });
        if (!bounded.isDone()) {
            Time.Cancellable timer = time.schedule(
                    timeout,
                    () -> bounded.completeExceptionally(new RequestException(ErrorCode.TIMEOUT, "No answer in time")));
            CompletionStage<T> over = bounded;
            over.whenComplete((result, failure) -> timer.cancel());
        }
        return bounded;
    }
}
