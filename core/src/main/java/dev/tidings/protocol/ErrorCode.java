package dev.tidings.protocol;

import java.util.Locale;

/** What went wrong with one frame: a closed catalogue. On the wire it is the name in lower case. */
public enum ErrorCode {
    /** The frame cannot be read, or says what cannot be. Sending it again does not help. */
    BAD_REQUEST,
    /** The connection is not authenticated yet, or its credentials ran out. */
    UNAUTHORIZED,
    /** No rule allows it. An unknown channel gives the same answer. */
    FORBIDDEN,
    /** The connection to resume is not here any more. */
    GONE,
    /** The frame is larger than the limit that {@code welcome} names. */
    TOO_LARGE,
    /** Too many of something: subscriptions, members, requests under way. */
    LIMIT,
    /** Too often. */
    RATE_LIMITED,
    /** No answer in time; it may still have happened. */
    TIMEOUT,
    /** Certainly not done, because something is out of order; later it may work. */
    UNAVAILABLE,
    /** Nobody on the other side answers to this event, or this type of frame. */
    UNKNOWN,
    /** The application's code failed. */
    INTERNAL;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    /**
     * The name on the wire.
     *
     * @return the name in lower case
     */
    public String wireName() {
        return wireName;
    }
}
