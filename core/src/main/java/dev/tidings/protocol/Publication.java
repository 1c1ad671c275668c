package dev.tidings.protocol;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message on a channel, on its way from a publisher to every subscriber.
 *
 * @param channel the channel's name
 * @param event the name of the event, or null for a plain message
 * @param payload what is published
 * @param user the user who published from a client, or null for the server and for anonymous clients; set by the server, so
 *     that subscribers can trust it
 * @param origin the connection that published, or null for the server; never on the wire
 * @param echo whether the connection that published gets it too
 * @param position the place in the channel's history, or null where there is none
 */
public record Publication(
        String channel,
        @Nullable String event,
        Payload payload,
        @Nullable String user,
        @Nullable String origin,
        boolean echo,
        @Nullable Position position) {

    /**
     * Checks that channel and payload are there.
     *
     * @param channel the channel's name
     * @param event the name of the event, or null for a plain message
     * @param payload what is published
     * @param user the user who published from a client, or null for the server and for anonymous clients; set by the server, so
     *     that subscribers can trust it
     * @param origin the connection that published, or null for the server; never on the wire
     * @param echo whether the connection that published gets it too
     * @param position the place in the channel's history, or null where there is none
     */
    public Publication {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(payload, "payload");
    }

    /**
     * A publication of the server's, for everybody.
     *
     * @param channel the channel's name
     * @param payload what is published
     * @return a publication without event, user, origin and position
     */
    public static Publication of(String channel, Payload payload) {
        return new Publication(channel, null, payload, null, null, true, null);
    }

    /**
     * The same publication at a place in history.
     *
     * @param place the place
     * @return a copy with the position
     */
    public Publication at(Position place) {
        return new Publication(channel, event, payload, user, origin, echo, place);
    }

    /**
     * Whether a connection is to get this publication.
     *
     * @param connection the connection's id
     * @return false for the one that published and asked for no echo
     */
    public boolean isFor(String connection) {
        return echo || !connection.equals(origin);
    }
}
