package dev.tidings.spi;

import dev.tidings.protocol.Disconnect;

/**
 * What carries a connection at the moment: a WebSocket, a stream, a held poll. A transport implements it; the core calls it.
 *
 * <p>See the package documentation for the rules, which this page names by number.
 */
public interface Link {

    /**
     * The transport's name, for the application and for statistics.
     *
     * @return a short constant such as {@code websocket}
     */
    String transport();

    /**
     * There may be something to {@link Attachment#poll poll}. Called by any thread, at any time from the moment of attaching, also
     * when there is nothing (L1). It must not block (L2).
     */
    void wake();

    /**
     * The core is done with this link. The transport ends the wire and makes the code and reason visible where the wire can (L6),
     * then calls {@link Attachment#detached}. Called at most once, by any thread. It must not block (L2): a container call that
     * may block belongs onto {@link TransportHost#blocking()}.
     *
     * @param disconnect why
     */
    void close(Disconnect disconnect);
}
