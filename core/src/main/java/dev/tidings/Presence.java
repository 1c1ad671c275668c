package dev.tidings;

import dev.tidings.protocol.Payload;
import dev.tidings.spi.PresenceStore;
import java.util.concurrent.CompletionStage;

/**
 * Who is in a channel. A member is a connection that has entered; a user with several devices has a member for each.
 *
 * <p>Entering does not need a subscription. A member leaves when it says so, when its connection ends, and when its connection has been
 * detached for longer than the grace; if the connection resumes later, it is entered again.
 *
 * <p>All methods may be called by any thread and return at once.
 */
public interface Presence {

    /**
     * The members now.
     *
     * @return the members and the version of the last change in them
     */
    CompletionStage<PresenceStore.Snapshot> members();

    /**
     * Enters a connection, or changes its data, without asking the channel's rule.
     *
     * @param connection the connection
     * @param data what the member says of itself
     * @return true when it is done; false if the connection has ended
     * @throws IllegalArgumentException if the data is too large
     */
    CompletionStage<Boolean> enter(Connection connection, Payload data);

    /**
     * Makes a connection leave.
     *
     * @param connection the connection
     * @return true when it has left; false if it was not a member
     */
    CompletionStage<Boolean> leave(Connection connection);
}
