package dev.tidings.spi;

import dev.tidings.protocol.Disconnect;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why a link may not be opened, to be answered in HTTP.
 *
 * @param disconnect code and reason; {@link Disconnect#httpStatus()} is the status
 * @param retryAfter when to try again at the earliest, or null if that does not help
 */
public record Refusal(Disconnect disconnect, @Nullable Duration retryAfter) {

    /**
     * Checks that there is a reason.
     *
     * @param disconnect code and reason; {@link Disconnect#httpStatus()} is the status
     * @param retryAfter when to try again at the earliest, or null if that does not help
     */
    public Refusal {
        Objects.requireNonNull(disconnect, "disconnect");
    }
}
