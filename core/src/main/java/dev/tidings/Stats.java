package dev.tidings;

/**
 * What this node has done and holds. Counters grow from the start; the others are readings of the moment.
 *
 * @param connections connections that have not ended
 * @param attached those of them that a link carries
 * @param unauthenticated links that are not authenticated yet
 * @param channels channels with a subscriber
 * @param subscriptions subscriptions of all connections
 * @param publications publications that were accepted, from the start
 * @param deliveries publications put into an outbox, from the start
 * @param dropped frames that were thrown away because an outbox was full, from the start
 * @param queuedBytes bytes in all outboxes, waiting or unacknowledged; a frame counts once for each of its receivers
 */
public record Stats(
        int connections,
        int attached,
        int unauthenticated,
        int channels,
        long subscriptions,
        long publications,
        long deliveries,
        long dropped,
        long queuedBytes) {}
