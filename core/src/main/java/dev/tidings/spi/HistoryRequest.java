package dev.tidings.spi;

import dev.tidings.protocol.Position;
import org.jspecify.annotations.Nullable;

/**
 * What to read of a channel's history.
 *
 * @param channel the channel's name
 * @param since read what is after it, or null for everything
 * @param limit at most so many publications; 0 for none, only the newest position
 * @param backwards newest first, before {@code since} where that is given
 */
public record HistoryRequest(String channel, @Nullable Position since, int limit, boolean backwards) {

    /**
     * Checks the limit.
     *
     * @param channel the channel's name
     * @param since read what is after it, or null for everything
     * @param limit at most so many publications; 0 for none, only the newest position
     * @param backwards newest first, before {@code since} where that is given
     * @throws IllegalArgumentException if it is negative
     */
    public HistoryRequest {
        if (limit < 0) {
            throw new IllegalArgumentException("A limit is not negative");
        }
    }
}
