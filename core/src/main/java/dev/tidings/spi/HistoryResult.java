package dev.tidings.spi;

import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Position;
import dev.tidings.protocol.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a channel's history holds.
 *
 * @param epoch the life of the history, or null where the channel has none
 * @param newest the newest position, or null where the channel has none
 * @param publications the publications, in the order that was asked for
 * @param more whether there are more beyond the last
 * @param missing why what follows {@code since} is not all here, or null if it is
 */
public record HistoryResult(
        @Nullable String epoch,
        @Nullable Position newest,
        List<Publication> publications,
        boolean more,
        @Nullable GapReason missing) {

    /** The channel keeps no history. */
    public static final HistoryResult NONE = new HistoryResult(null, null, List.of(), false, GapReason.NO_HISTORY);

    /**
     * Copies the list.
     *
     * @param epoch the life of the history, or null where the channel has none
     * @param newest the newest position, or null where the channel has none
     * @param publications the publications, in the order that was asked for
     * @param more whether there are more beyond the last
     * @param missing why what follows {@code since} is not all here, or null if it is
     */
    public HistoryResult {
        publications = List.copyOf(publications);
    }
}
