package dev.tidings.protocol;

/** Why something may be missing. On the wire it is the name as it stands. */
public enum GapReason {
    /** The channel's history began anew. */
    EPOCH_CHANGED,
    /** The history no longer reaches back that far. */
    TRIMMED,
    /** More was missed than one recovery may return. */
    LIMIT,
    /** The outbox was full. */
    OVERFLOW,
    /** The channel has no history, and the connection was away. */
    NO_HISTORY,
    /** The nodes could not reach each other. */
    BROKER_OUTAGE,
    /** The connection may not read this channel any more, so what was not delivered yet stays undelivered. */
    FORBIDDEN
}
