package dev.tidings;

import dev.tidings.protocol.Payload;
import dev.tidings.spi.PublishResult;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A channel, by its name. It is a handle: cheap to make, the same for the life of the application, whether anybody is
 * subscribed or not.
 *
 * <p>All methods may be called by any thread and return at once.
 *
 * <pre>{@code
 * tidings.channel("news").publish(Payload.json("{\"title\":\"It works\"}"))
 *         .thenAccept(result -> log.log(DEBUG, result.outcome().name()));
 * }</pre>
 */
public interface Channel {

    /**
     * The name.
     *
     * @return the channel's name
     */
    String name();

    /**
     * Publishes to all subscribers. It waits for none of them and writes to no wire.
     *
     * @param payload what to publish
     * @return the result; a failure is a result, not an exception
     */
    default CompletionStage<PublishResult> publish(Payload payload) {
        return publish(payload, PublishOptions.DEFAULT);
    }

    /**
     * Publishes to all subscribers, with options.
     *
     * @param payload what to publish
     * @param options the options
     * @return the result
     */
    CompletionStage<PublishResult> publish(Payload payload, PublishOptions options);

    /**
     * The members of this channel.
     *
     * @return its presence
     */
    Presence presence();

    /**
     * How many connections of this node are subscribed.
     *
     * @return a number that is exact when nothing moves
     */
    int subscribers();

    /**
     * How to publish.
     *
     * @param event the event's name, or null
     * @param except the id of a connection that does not get it, or null
     */
    record PublishOptions(@Nullable String event, @Nullable String except) {

        /** No event, to everybody. */
        public static final PublishOptions DEFAULT = new PublishOptions(null, null);

        /**
         * The same with an event.
         *
         * @param name the event's name
         * @return options with the event
         */
        public PublishOptions event(String name) {
            return new PublishOptions(dev.tidings.protocol.EventName.require(name), except);
        }

        /**
         * The same without an echo to one connection.
         *
         * @param connection the connection's id
         * @return options that leave this connection out
         */
        public PublishOptions except(String connection) {
            return new PublishOptions(event, Objects.requireNonNull(connection, "connection"));
        }
    }
}
