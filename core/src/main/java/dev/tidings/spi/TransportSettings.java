package dev.tidings.spi;

import java.time.Duration;
import java.util.Objects;

/**
 * What transports keep to: the application's choice, with its defaults in {@code dev.tidings.Limits}.
 *
 * @param maxFrameBytes the largest frame of a client's, in UTF-8 bytes
 * @param maxParts the most parts that one message of a client's may come in
 * @param sendTimeout how long one write may take; the core watches it, a container may be told a little more
 * @param idleBackstop when a container may give up an idle wire: far beyond the core's own heartbeat
 * @param drainFrames how many frames a drain writes before it yields its thread
 * @param drainBytes how many bytes a drain, or the answer to a poll, takes at most, unless one frame is larger
 * @param pollTimeout how long a poll is held at most when there is nothing to answer
 * @param keepAlive how long a stream says nothing before it says something that means nothing, so that nobody on the way gives it up
 * @param streamAge how old the stream of a plain client becomes; then it ends, and the client opens another
 */
public record TransportSettings(
        int maxFrameBytes,
        int maxParts,
        Duration sendTimeout,
        Duration idleBackstop,
        int drainFrames,
        int drainBytes,
        Duration pollTimeout,
        Duration keepAlive,
        Duration streamAge) {

    private static final int DRAIN_BYTES = 64 * 1024;
    private static final Duration POLL_TIMEOUT = Duration.ofSeconds(25);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);
    private static final Duration STREAM_AGE = Duration.ofMinutes(10);

    /**
     * Checks that all are positive.
     *
     * @param maxFrameBytes the largest frame of a client's, in UTF-8 bytes
     * @param maxParts the most parts that one message of a client's may come in
     * @param sendTimeout how long one write may take; the core watches it, a container may be told a little more
     * @param idleBackstop when a container may give up an idle wire: far beyond the core's own heartbeat
     * @param drainFrames how many frames a drain writes before it yields its thread
     * @param drainBytes how many bytes a drain, or the answer to a poll, takes at most, unless one frame is larger
     * @param pollTimeout how long a poll is held at most when there is nothing to answer
     * @param keepAlive how long a stream says nothing before it says something that means nothing
     * @param streamAge how old the stream of a plain client becomes
     */
    public TransportSettings {
        Objects.requireNonNull(sendTimeout, "sendTimeout");
        Objects.requireNonNull(idleBackstop, "idleBackstop");
        Objects.requireNonNull(pollTimeout, "pollTimeout");
        Objects.requireNonNull(keepAlive, "keepAlive");
        Objects.requireNonNull(streamAge, "streamAge");
        if (maxFrameBytes < 1 || maxParts < 1 || drainFrames < 1 || drainBytes < 1) {
            throw new IllegalArgumentException("Transport settings are positive");
        }
    }

    /**
     * Settings with defaults for what only some transports need: 64 KiB, 25 s, 15 s, 10 min.
     *
     * @param maxFrameBytes the largest frame of a client's, in UTF-8 bytes
     * @param maxParts the most parts that one message of a client's may come in
     * @param sendTimeout how long one write may take; the core watches it, a container may be told a little more
     * @param idleBackstop when a container may give up an idle wire: far beyond the core's own heartbeat
     * @param drainFrames how many frames a drain writes before it yields its thread
     */
    public TransportSettings(
            int maxFrameBytes, int maxParts, Duration sendTimeout, Duration idleBackstop, int drainFrames) {
        this(
                maxFrameBytes,
                maxParts,
                sendTimeout,
                idleBackstop,
                drainFrames,
                DRAIN_BYTES,
                POLL_TIMEOUT,
                KEEP_ALIVE,
                STREAM_AGE);
    }
}
