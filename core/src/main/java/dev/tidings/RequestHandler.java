package dev.tidings;

import dev.tidings.protocol.Payload;
import java.util.concurrent.CompletionStage;

/**
 * Answers clients' requests for one event.
 *
 * <p>Called on the callback executor. Until the stage ends, nothing else of the same connection is handled, so that a client's frames
 * are handled in order; other connections go on.
 */
@FunctionalInterface
public interface RequestHandler {

    /**
     * Answers a request.
     *
     * @param connection who asks
     * @param payload the question; strangers made it
     * @return the answer; exceptionally to refuse, see {@link RequestException}
     */
    CompletionStage<Payload> handle(Connection connection, Payload payload);
}
