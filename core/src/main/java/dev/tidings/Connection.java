package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * One client's conversation with the server. It outlives the links that carry it: reconnecting, falling back and upgrading change
 * the link, and the connection keeps its id, user, attributes, subscriptions and whatever is not acknowledged yet.
 *
 * <p>Its life: it begins when the client is authenticated. It is <em>attached</em> while a link carries it and <em>detached</em>
 * in between. It ends once, for good: when either side disconnects, when a plain client's link is gone, or when nobody has come
 * back within the resume window.
 *
 * <p>All methods may be called by any thread and return at once. After the end they do nothing and say so in their result. Messages
 * to one connection arrive in the order in which they were sent by one thread.
 *
 * <pre>{@code
 * connection.send("invoice.paid", Payload.json("{\"number\":17}"));
 * connection.request("position", Payload.NULL, Duration.ofSeconds(5))
 *         .thenAccept(answer -> log.log(INFO, answer.json()));
 * }</pre>
 */
public interface Connection {

    /**
     * The public id: safe to show to others, useless to take the connection over.
     *
     * @return 22 characters of base64url: 128 random bits
     */
    String id();

    /**
     * The authenticated user.
     *
     * @return the user, or empty for an anonymous client
     */
    Optional<String> user();

    /**
     * When the credentials run out.
     *
     * @return the time that the authenticator gave, or empty
     */
    Optional<Instant> expiresAt();

    /**
     * The handshake that began the connection. Links that came later may have had another one.
     *
     * @return the first handshake
     */
    Handshake handshake();

    /**
     * What carries the connection now.
     *
     * @return the transport's name, or empty while detached and after the end
     */
    Optional<String> transport();

    /**
     * Whether the connection has not ended. It may be detached.
     *
     * @return false after the end
     */
    boolean isOpen();

    /**
     * The application's own attributes. Kept while the connection lives.
     *
     * @return a map for any number of threads; no null keys or values
     */
    Map<String, Object> attributes();

    /**
     * The channels that the connection is subscribed to.
     *
     * @return a copy of their names
     */
    Set<String> subscriptions();

    /**
     * Sends a message to this client.
     *
     * @param event the event's name
     * @param payload the message
     * @return false if it was not taken: the connection has ended, or its outbox is full (the client is told by a gap)
     * @throws IllegalArgumentException if the event's name is not one
     */
    boolean send(String event, Payload payload);

    /**
     * Asks this client. The question survives a change of link.
     *
     * @param event the event's name
     * @param payload the question
     * @param timeout how long to wait for the answer
     * @return the answer; exceptionally a {@link RequestException} if the client refuses, ends, does not answer in time, or has 64
     *     questions open already
     * @throws IllegalArgumentException if the event's name is not one, or the time-out is not positive
     */
    CompletionStage<Payload> request(String event, Payload payload, Duration timeout);

    /**
     * Subscribes this client without asking the channel's rule. The client is told.
     *
     * @param channel the channel's name; a rule must match it
     * @return true when the subscription stands, also if it did before; false if the connection has ended or has too many
     * @throws IllegalArgumentException if the name is not one, or no rule matches it
     */
    CompletionStage<Boolean> subscribe(String channel);

    /**
     * Ends a subscription. Nothing of the channel that is not on the wire yet is delivered after this has returned.
     *
     * @param channel the channel's name
     * @return false if there was none
     */
    boolean unsubscribe(String channel);

    /**
     * Ends the connection. What was sent before is still delivered if the client takes it within the close grace.
     *
     * @param disconnect what to tell the client, for example {@link Disconnect#FORBIDDEN}
     */
    void disconnect(Disconnect disconnect);
}
