package dev.tidings.spi;

import dev.tidings.protocol.Member;
import dev.tidings.protocol.PresenceChange;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Where the members of channels are kept. The default one knows only its own node.
 *
 * <p>Rules, each with its intent:
 * <ul>
 *   <li><b>P1</b> Each change of a channel has the version after the one before; the listener gets them in that order, one at a
 *       time per channel, on every node that is interested in the channel by {@link Broker#subscribe}. <i>A hole shows.</i>
 *   <li><b>P2</b> A snapshot has the version of the last change in it. <i>Snapshot and changes fit together.</i>
 *   <li><b>P3</b> Entering again, also with other data, is an update; leaving what is not there is no change. <i>Nobody is there
 *       twice.</i>
 *   <li><b>P4</b> The members of a node that is gone leave, once. <i>No ghosts.</i>
 *   <li><b>P5</b> No method blocks. <i>The caller may hold up everybody.</i>
 * </ul>
 */
public interface PresenceStore extends AutoCloseable {

    /** Who is told what changes. Its method returns at once. */
    @FunctionalInterface
    interface Listener {
        /**
         * The members of a channel have changed.
         *
         * @param change what changed
         */
        void changed(PresenceChange change);
    }

    /**
     * The members of a channel at a version.
     *
     * @param version the version of the last change in it; 0 where there never was one
     * @param members the members, in the order of entering
     */
    record Snapshot(long version, List<Member> members) {
        /**
         * Copies the list.
         *
         * @param version the version of the last change in it; 0 where there never was one
         * @param members the members, in the order of entering
         */
        public Snapshot {
            members = List.copyOf(members);
        }
    }

    /**
     * Starts, before anything else is called.
     *
     * @param listener who is told
     */
    void start(Listener listener);

    /**
     * A connection enters a channel, or changes its data.
     *
     * @param channel the channel's name
     * @param member the member
     * @return completes when it is done
     */
    CompletionStage<Void> enter(String channel, Member member);

    /**
     * A connection leaves a channel.
     *
     * @param channel the channel's name
     * @param connection the connection's id
     * @return completes when it is done
     */
    CompletionStage<Void> leave(String channel, String connection);

    /**
     * The members of a channel.
     *
     * @param channel the channel's name
     * @return the members and their version
     */
    CompletionStage<Snapshot> members(String channel);

    /**
     * Whether a user is a member of any channel.
     *
     * @param user the user
     * @return true if it is
     */
    CompletionStage<Boolean> isMember(String user);

    /** Stops within bounded time; no call to the listener afterwards. */
    @Override
    void close();
}
