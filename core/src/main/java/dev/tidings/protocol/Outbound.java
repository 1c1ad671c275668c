package dev.tidings.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the server says, before it is encoded: one record per form of frame, the same for every codec.
 *
 * <p>A codec has no duty to know them all: what its protocol cannot say it leaves out (see {@link Codec#encode}).
 */
public sealed interface Outbound {

    /** A frame that answers a command, to be addressed by its id. */
    sealed interface Reply extends Outbound {
        /**
         * What it answers.
         *
         * @return the id that the codec gave the command
         */
        String id();
    }

    /**
     * The connection is open.
     *
     * @param connection its public id
     * @param user its user, or null
     * @param resume the secret to resume with, or null for plain clients
     * @param heartbeatMillis how often the server pings, and the client is to be heard
     * @param timeoutMillis how long after that the other side counts as gone
     * @param expiresInMillis when the credentials run out, or null
     * @param maxFrameBytes the largest frame that the server takes
     * @param maxPendingFrames the most counted frames that the server keeps unhandled; more end the link with 4129
     * @param maxPendingBytes the same in bytes
     */
    record Welcome(
            String connection,
            @Nullable String user,
            @Nullable String resume,
            long heartbeatMillis,
            long timeoutMillis,
            @Nullable Long expiresInMillis,
            int maxFrameBytes,
            int maxPendingFrames,
            int maxPendingBytes)
            implements Outbound {

        /** Without the secret. */
        @Override
        public String toString() {
            return "Welcome[connection=" + connection + "]";
        }
    }

    /**
     * The connection goes on, on this link.
     *
     * @param connection its public id
     * @param next the number of the next counted frame from the server
     * @param expects the number of the next counted frame that the server wants from the client
     */
    record Resumed(String connection, long next, long expects) implements Outbound {}

    /**
     * The token of an {@code auth} frame was accepted.
     *
     * @param id the id, or null
     * @param user the user, or null
     * @param expiresInMillis when the credentials run out, or null
     */
    record Authenticated(
            @Nullable String id,
            @Nullable String user,
            @Nullable Long expiresInMillis) implements Outbound {}

    /**
     * The server has handled all frames up to a number.
     *
     * @param received that number
     */
    record Ack(long received) implements Outbound {}

    /** Are you there? */
    record Ping() implements Outbound {}

    /** I am here. */
    record Pong() implements Outbound {}

    /**
     * The end, and what to do then.
     *
     * @param disconnect code and reason
     * @param retryAfterMillis when to come back at the earliest, or null where only the code advises
     */
    record Close(Disconnect disconnect, @Nullable Long retryAfterMillis) implements Outbound {}

    /**
     * Something went wrong: the answer to a command with an id, or a notice.
     *
     * @param id the id, or null
     * @param code what
     * @param reason in words for the client's developer
     * @param channel the channel it is about, or null
     */
    record Failure(
            @Nullable String id,
            ErrorCode code,
            String reason,
            @Nullable String channel) implements Outbound {}

    /**
     * Done, and nothing more to say.
     *
     * @param id the id
     */
    record Done(String id) implements Reply {}

    /**
     * The application's answer to a request.
     *
     * @param id the id
     * @param payload the answer
     */
    record Answer(String id, Payload payload) implements Reply {}

    /**
     * The connection is subscribed: the answer to {@code subscribe}, or a notice when the server subscribed it.
     *
     * @param id the id, or null for a notice
     * @param channel the channel's name
     * @param epoch the life of the channel's history, or null where there is none
     * @param position the newest position, or null where there is none
     */
    record Subscribed(
            @Nullable String id,
            String channel,
            @Nullable String epoch,
            @Nullable Position position) implements Outbound {}

    /**
     * The server unsubscribed the connection.
     *
     * @param channel the channel's name
     * @param code why
     * @param reason why, in words
     */
    record Unsubscribed(String channel, ErrorCode code, String reason) implements Outbound {}

    /**
     * A publication was accepted.
     *
     * @param id the id
     * @param outcome what became of it
     * @param position its place in the channel's history, or null
     */
    record Published(String id, Outcome outcome, @Nullable Position position) implements Reply {}

    /**
     * Who is a member.
     *
     * @param id the id
     * @param channel the channel's name
     * @param version the version of the channel's presence
     * @param members the members
     */
    record Members(String id, String channel, long version, List<Member> members) implements Reply {}

    /**
     * A part of a channel's history.
     *
     * @param id the id
     * @param channel the channel's name
     * @param epoch the life of the history
     * @param publications the publications, in the order that was asked for
     * @param more whether there are more beyond the last
     */
    record HistoryPage(String id, String channel, String epoch, List<Publication> publications, boolean more)
            implements Reply {}

    /**
     * A question to the client.
     *
     * @param id the id to answer to, the core's
     * @param event the event's name
     * @param payload the question
     */
    record Request(String id, String event, Payload payload) implements Outbound {}

    /**
     * A publication for a subscriber.
     *
     * @param publication the publication
     */
    record Message(Publication publication) implements Outbound {}

    /**
     * A message to this connection, its user, or everybody.
     *
     * @param event the event's name
     * @param payload the message
     */
    record Direct(String event, Payload payload) implements Outbound {}

    /**
     * The members of a channel at a version.
     *
     * @param channel the channel's name
     * @param version the version; what changes follow have higher ones, without a hole
     * @param members the members
     */
    record PresenceSnapshot(String channel, long version, List<Member> members) implements Outbound {}

    /**
     * What changed among the members of a channel.
     *
     * @param change the change
     */
    record Presence(PresenceChange change) implements Outbound {}

    /**
     * Something may be missing here.
     *
     * @param channel the channel, or null for direct messages and replies
     * @param reason why
     */
    record Gap(@Nullable String channel, GapReason reason) implements Outbound {}
}
