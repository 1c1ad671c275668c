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
 */
public record TransportSettings(
        int maxFrameBytes, int maxParts, Duration sendTimeout, Duration idleBackstop, int drainFrames) {

    /**
     * Checks that all are positive.
     *
     * @param maxFrameBytes the largest frame of a client's, in UTF-8 bytes
     * @param maxParts the most parts that one message of a client's may come in
     * @param sendTimeout how long one write may take; the core watches it, a container may be told a little more
     * @param idleBackstop when a container may give up an idle wire: far beyond the core's own heartbeat
     * @param drainFrames how many frames a drain writes before it yields its thread
     */
    public TransportSettings {
        Objects.requireNonNull(sendTimeout, "sendTimeout");
        Objects.requireNonNull(idleBackstop, "idleBackstop");
        if (maxFrameBytes < 1 || maxParts < 1 || drainFrames < 1) {
            throw new IllegalArgumentException("Transport settings are positive");
        }
    }
}
