package dev.tidings.protocol;

/** What became of a publication. On the wire it is the name in lower case. */
public enum Outcome {
    /** Accepted: it reaches every subscriber, or a gap says that it may not have. */
    OK,
    /** Accepted on this node only, because the others cannot be reached and it was certainly not sent to them. */
    LOCAL_ONLY,
    /** Certainly not published. */
    FAILED,
    /** It may or may not have been published. */
    UNKNOWN
}
