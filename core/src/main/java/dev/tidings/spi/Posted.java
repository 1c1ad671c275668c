package dev.tidings.spi;

import org.jspecify.annotations.Nullable;

/**
 * What became of frames that came by {@link TransportHost#post}.
 *
 * @param expects the number of the counted frame that is expected next: everything before it is taken; 0 if the connection is not here
 * @param refusal why not everything was taken, or null if it was
 */
public record Posted(long expects, @Nullable Refusal refusal) {

    /** The connection is not here any more, or never was, or the token is wrong: a stranger cannot tell. */
    public static final Posted GONE = new Posted(0, null);

    /**
     * Whether there is a connection.
     *
     * @return true if there is none
     */
    public boolean isGone() {
        return expects == 0;
    }
}
