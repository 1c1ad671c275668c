package dev.tidings.spi;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * What a transport needs from the application's Tidings. A servlet is given one, or finds it in its {@code ServletContext} under
 * {@link #ATTRIBUTE}.
 */
public interface TransportHost {

    /** The name of the {@code ServletContext} attribute that holds the host. */
    String ATTRIBUTE = "dev.tidings.host";

    /**
     * Asks whether a client may open a link, before anything is answered to it: first its origin, then whether the host is stopping, then
     * the limits. The code of {@link dev.tidings.protocol.Disconnect#FORBIDDEN} is for origins; a refusal with any other code may be
     * read by the page that asked.
     *
     * @param handshake what the client said
     * @return empty if it may, else what to answer in HTTP
     */
    Optional<Refusal> refuse(Handshake handshake);

    /**
     * Attaches a link. From now on the core may call {@link Link#wake} and {@link Link#close}, also before this method has
     * returned (L1).
     *
     * @param handshake what the client said
     * @param link the link
     * @return the core's side of it
     */
    Attachment attach(Handshake handshake, Link link);

    /**
     * Whether the connection that a handshake names by its {@link Handshake#resume} is here: what a transport asks before it reads the body
     * of a stranger. A host that does not know says true.
     *
     * @param handshake what the client said with a request
     * @return false if {@link #post} would say that it is gone
     */
    default boolean isHere(Handshake handshake) {
        return true;
    }

    /**
     * Brings in what an acknowledging client has sent by a request of its own, beside the link that carries its connection. The
     * handshake's {@link Handshake#resume} says which connection that is. A request may be repeated: what was taken is not taken again.
     *
     * @param handshake what the client said with this request
     * @param first the number of the first counted frame among them
     * @param frames the frames, in order
     * @return what became of them, when it is known
     */
    CompletionStage<Posted> post(Handshake handshake, long first, List<String> frames);

    /**
     * The clock and the timer, for links that have deadlines of their own.
     *
     * @return the host's
     */
    Time time();

    /**
     * What transports keep to.
     *
     * @return the settings, the same for the life of the host
     */
    TransportSettings settings();

    /**
     * Where to go on with work that must not hold up the current thread and does not block, such as a drain that has written
     * its share (L7). Rejects nothing until the host has stopped; then it drops silently.
     *
     * @return the executor
     */
    Executor executor();

    /**
     * Where container calls belong that may block for a while, such as closing a stalled wire. A pool with a bound on its threads.
     *
     * @return the executor
     */
    Executor blocking();
}
