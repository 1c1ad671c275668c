package dev.tidings.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What a client says, decoded: one record per type of frame, the same for every codec.
 *
 * <p>The {@code id} of a command is the codec's: the core gives it back untouched in the one {@link Outbound.Reply} or
 * {@link Outbound.Failure} that answers, and a codec puts into it whatever it needs to address that answer. Without an id nothing
 * but a failure is answered. The ids of {@link Answer} and {@link Refusal} are the core's, from {@link Outbound.Request}.
 */
public sealed interface Inbound {

    /**
     * Whether acknowledging clients count this frame.
     *
     * @return false for the carrier's own frames
     */
    default boolean isCounted() {
        return true;
    }

    /** A frame that the mailbox hands to the application in order, and that may have an id to answer to. */
    sealed interface Command extends Inbound {
        /**
         * What to answer to.
         *
         * @return the codec's id, or null
         */
        @Nullable
        String id();
    }

    /**
     * Credentials, at the start or as a refresh.
     *
     * @param id the id, or null
     * @param token the token
     */
    record Authenticate(@Nullable String id, String token) implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }

        /** Without the token, which is secret. */
        @Override
        public String toString() {
            return "Authenticate[id=" + id + "]";
        }
    }

    /**
     * A wish to go on with an earlier connection on this link.
     *
     * @param token the secret that {@code welcome} gave
     * @param received the number of the last frame that the client has
     */
    record Resume(String token, long received) implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }

        /** Without the token, which is secret. */
        @Override
        public String toString() {
            return "Resume[received=" + received + "]";
        }
    }

    /**
     * The client has all frames up to a number.
     *
     * @param received that number
     */
    record Ack(long received) implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }
    }

    /** Are you there? */
    record Ping() implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }
    }

    /** I am here. */
    record Pong() implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }
    }

    /** The client leaves for good: its connection ends, nothing waits for it. */
    record Close() implements Inbound {
        @Override
        public boolean isCounted() {
            return false;
        }
    }

    /**
     * Join a channel.
     *
     * @param id the id, or null
     * @param channel the channel's name
     * @param presence whether to get its members, and what changes among them
     * @param since the position to recover from, or null
     */
    record Subscribe(
            @Nullable String id,
            String channel,
            boolean presence,
            @Nullable Position since) implements Command {}

    /**
     * Leave a channel.
     *
     * @param id the id, or null
     * @param channel the channel's name
     */
    record Unsubscribe(@Nullable String id, String channel) implements Command {}

    /**
     * Publish to a channel.
     *
     * @param id the id, or null
     * @param channel the channel's name
     * @param event the event's name, or null
     * @param payload what is published
     * @param echo whether this connection gets it too
     */
    record Publish(
            @Nullable String id, String channel, @Nullable String event, Payload payload, boolean echo)
            implements Command {}

    /**
     * A message to the application.
     *
     * @param id the id, or null
     * @param event the event's name
     * @param payload the message
     */
    record Send(@Nullable String id, String event, Payload payload) implements Command {}

    /**
     * A question to the application.
     *
     * @param id the id
     * @param event the event's name
     * @param payload the question
     */
    record Request(String id, String event, Payload payload) implements Command {}

    /**
     * Read a channel's history.
     *
     * @param id the id
     * @param channel the channel's name
     * @param since the position to read from, or null for the beginning (the end, if backwards)
     * @param limit at most so many, or 0 for the server's limit
     * @param backwards newest first
     */
    record History(String id, String channel, @Nullable Position since, int limit, boolean backwards)
            implements Command {}

    /**
     * Enter a channel as a member.
     *
     * @param id the id, or null
     * @param channel the channel's name
     * @param data what the member says of itself
     */
    record Enter(@Nullable String id, String channel, Payload data) implements Command {}

    /**
     * Change what the member says of itself.
     *
     * @param id the id, or null
     * @param channel the channel's name
     * @param data the new data
     */
    record Update(@Nullable String id, String channel, Payload data) implements Command {}

    /**
     * Stop being a member.
     *
     * @param id the id, or null
     * @param channel the channel's name
     */
    record Leave(@Nullable String id, String channel) implements Command {}

    /**
     * Ask who is a member.
     *
     * @param id the id
     * @param channel the channel's name
     */
    record Members(String id, String channel) implements Command {}

    /**
     * The answer to a request of the server's.
     *
     * @param id the request's id
     * @param payload the answer
     */
    record Answer(String id, Payload payload) implements Inbound {}

    /**
     * The refusal of a request of the server's.
     *
     * @param id the request's id
     * @param code the client's own word for it
     * @param reason the client's explanation
     */
    record Refusal(String id, String code, String reason) implements Inbound {}

    /**
     * A frame that is no command: malformed, or of a type that nobody knows.
     *
     * @param id the id, if one could be read
     * @param code what is wrong
     * @param reason what is wrong, in words for the client's developer
     */
    record Invalid(@Nullable String id, ErrorCode code, String reason) implements Command {}
}
