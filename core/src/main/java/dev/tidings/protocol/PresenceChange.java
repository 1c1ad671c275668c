package dev.tidings.protocol;

import java.util.List;
import java.util.Objects;

/**
 * What changed among the members of a channel from one version to the next.
 *
 * @param channel the channel's name
 * @param version the version after the change: one more than before it
 * @param entered who entered
 * @param updated who changed its data
 * @param left who left, with the data it had
 */
public record PresenceChange(
        String channel, long version, List<Member> entered, List<Member> updated, List<Member> left) {

    /**
     * Copies the lists.
     *
     * @param channel the channel's name
     * @param version the version after the change: one more than before it
     * @param entered who entered
     * @param updated who changed its data
     * @param left who left, with the data it had
     */
    public PresenceChange {
        Objects.requireNonNull(channel, "channel");
        entered = List.copyOf(entered);
        updated = List.copyOf(updated);
        left = List.copyOf(left);
    }
}
