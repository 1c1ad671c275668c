package dev.tidings.testkit;

/** What sort of link a {@link MemoryClient} opens. It may change from link to link. */
public enum MemoryWire {

    /** Like a WebSocket: frames go both ways, and the first one may bring credentials or resume. */
    SOCKET,

    /** Like a stream of Server-Sent Events: frames only come. What the client says, it posts; what it resumes is in the handshake. */
    STREAM,

    /** Like long polling: each link is a poll, and ends with its answer. What the client says, it posts. */
    POLLS;

    /** Whether frames only come, and the client's are posted. */
    boolean isOneWay() {
        return this != SOCKET;
    }
}
