package dev.tidings.protocol;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One connection that has entered a channel. A user with several devices has a member for each.
 *
 * @param connection the public id of the connection
 * @param user the user of the connection, or null for an anonymous one
 * @param data what the member says of itself, at most 1 KiB by default
 */
public record Member(String connection, @Nullable String user, Payload data) {

    /**
     * Checks that nothing but the user is null.
     *
     * @param connection the public id of the connection
     * @param user the user of the connection, or null for an anonymous one
     * @param data what the member says of itself, at most 1 KiB by default
     */
    public Member {
        Objects.requireNonNull(connection, "connection");
        Objects.requireNonNull(data, "data");
    }
}
