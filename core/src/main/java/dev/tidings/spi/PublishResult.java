package dev.tidings.spi;

import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Position;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of a publication.
 *
 * @param outcome what
 * @param position its place in the channel's history, or null where there is none
 */
public record PublishResult(Outcome outcome, @Nullable Position position) {

    /** Accepted, on a channel without history. */
    public static final PublishResult OK = new PublishResult(Outcome.OK, null);
    /** Certainly not published. */
    public static final PublishResult FAILED = new PublishResult(Outcome.FAILED, null);

    /**
     * Checks that there is an outcome.
     *
     * @param outcome what
     * @param position its place in the channel's history, or null where there is none
     */
    public PublishResult {
        Objects.requireNonNull(outcome, "outcome");
    }
}
