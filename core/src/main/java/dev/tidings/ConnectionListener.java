package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;

/**
 * Is told what happens to connections. All methods do nothing by default.
 *
 * <p>The calls for one connection come one after the other, in the order of what happened, on the callback executor; those of different
 * connections run side by side. A listener may block, which holds up its own connection only. What it throws is logged and
 * changes nothing.
 */
public interface ConnectionListener {

    /**
     * A connection begins: the first call for it.
     *
     * @param connection the connection, authenticated and attached
     */
    default void onConnect(Connection connection) {}

    /**
     * The last link is gone; another one may come within the resume window.
     *
     * @param connection the connection
     */
    default void onDetached(Connection connection) {}

    /**
     * A link carries the connection again, after it was detached or in place of another link.
     *
     * @param connection the connection
     */
    default void onResumed(Connection connection) {}

    /**
     * The connection has ended: the last call for it, exactly once.
     *
     * @param connection the connection
     * @param disconnect why
     */
    default void onDisconnect(Connection connection, Disconnect disconnect) {}

    /**
     * The client sent a message.
     *
     * @param connection the connection
     * @param event the event's name
     * @param payload the message; strangers made it
     */
    default void onMessage(Connection connection, String event, Payload payload) {}

    /**
     * The connection is subscribed to a channel.
     *
     * @param connection the connection
     * @param channel the channel's name
     */
    default void onSubscribe(Connection connection, String channel) {}

    /**
     * The connection is not subscribed to a channel any more. At the end of a connection there is a call for each channel
     * before {@link #onDisconnect}.
     *
     * @param connection the connection
     * @param channel the channel's name
     */
    default void onUnsubscribe(Connection connection, String channel) {}
}
