package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A user, by its id. It may have any number of connections. It is a handle: cheap to make, whether the user is there or not.
 *
 * <p>All methods may be called by any thread and return at once.
 */
public interface User {

    /**
     * The id that the authenticator gave.
     *
     * @return the user's id
     */
    String id();

    /**
     * The connections of this user on this node.
     *
     * @return a copy
     */
    List<Connection> connections();

    /**
     * Whether the user is there: it has an attached connection, or is a member somewhere (a member stays for the grace when its
     * link is lost).
     *
     * @return true if it is
     */
    CompletionStage<Boolean> isOnline();

    /**
     * Sends a message to all connections of this user.
     *
     * @param event the event's name
     * @param payload the message
     * @return how many connections of this node took it
     * @throws IllegalArgumentException if the event's name is not one
     */
    int send(String event, Payload payload);

    /**
     * Subscribes all present connections of this user; see {@link Connection#subscribe}.
     *
     * @param channel the channel's name
     * @return how many of them are subscribed now
     */
    CompletionStage<Integer> subscribe(String channel);

    /**
     * Unsubscribes all connections of this user; see {@link Connection#unsubscribe}.
     *
     * @param channel the channel's name
     * @return how many were subscribed
     */
    int unsubscribe(String channel);

    /**
     * Ends all connections of this user.
     *
     * @param disconnect what to tell the client
     * @return how many there were
     */
    int disconnect(Disconnect disconnect);
}
