package dev.tidings.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A protocol on the wire: it reads frames of clients and writes frames for them.
 *
 * <p>A codec is chosen per connection, at the handshake. One instance may serve any number of connections at once, and should:
 * a publication is encoded once per codec instance and shared by all its subscribers. It keeps no state of a connection; what it
 * needs to address an answer it puts into the id of the command.
 *
 * <p>Both methods are called by many threads at the same time, must not block, and must not call back into the library.
 *
 * @see JsonCodec
 */
public interface Codec {

    /**
     * The name, for logs and statistics.
     *
     * @return a short constant such as {@code json}
     */
    String name();

    /**
     * Reads one frame of a client's. Most protocols carry one command in a frame, some carry several, some frames carry none.
     *
     * @param text the frame, not longer than {@code limits.maxBytes()} and without unpaired surrogates; strangers made it
     * @param limits what to accept at most
     * @return what it says, in order; a frame that cannot be read is one {@link Inbound.Invalid}
     */
    List<Inbound> decode(String text, FrameLimits limits);

    /**
     * Writes one frame for a client. What is counted ({@link Frame#isCounted()}) must not depend on the receiver.
     *
     * @param message what to say
     * @return the frame, or null if this protocol has no such thing to say
     */
    @Nullable
    Frame encode(Outbound message);
}
