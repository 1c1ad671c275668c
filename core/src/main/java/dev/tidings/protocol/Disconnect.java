package dev.tidings.protocol;

import java.util.Map;
import java.util.Objects;

/**
 * Why a connection, or one of its links, ended: a code and a reason.
 *
 * <p>The codes are one closed catalogue, the same on every transport. A code of ours is {@code 4}, then the class, then the
 * last two digits of the HTTP status that says the same. The class alone tells a client what to do: {@code 0} do not
 * reconnect, {@code 1} reconnect with back-off, {@code 2} reconnect at once. WebSocket's own codes (1000 to 1015) appear where
 * the wire itself ended. After {@link #UNAUTHORIZED} a client comes back only with a new token.
 *
 * <p>The reason is for people, at most {@value #MAX_REASON_BYTES} UTF-8 bytes (a longer one is cut), because a WebSocket close
 * frame holds no more. Two disconnects are equal when code and reason are.
 *
 * <pre>{@code
 * connection.disconnect(Disconnect.FORBIDDEN.because("Banned until Monday"));
 * }</pre>
 *
 * @param code the close code, 1000 to 4999
 * @param reason the reason, never empty
 */
public record Disconnect(int code, String reason) {

    /** The longest reason in UTF-8 bytes: a WebSocket control frame has 125, two of them are the code (RFC 6455, 5.5.1). */
    public static final int MAX_REASON_BYTES = 123;

    /** A normal end that either side asked for. */
    public static final Disconnect NORMAL = new Disconnect(1000, "Normal closure");
    /** The wire ended without a word: a reset, a lost network, a killed process. */
    public static final Disconnect LINK_LOST = new Disconnect(1006, "Link lost");
    /** The client broke the protocol, or made too many errors. */
    public static final Disconnect BAD_REQUEST = new Disconnect(4000, "Bad request");
    /** No valid credentials in the handshake. */
    public static final Disconnect UNAUTHORIZED = new Disconnect(4001, "Unauthorized");
    /** The token of an {@code auth} frame was refused. */
    public static final Disconnect INVALID_TOKEN = new Disconnect(4001, "Invalid token");
    /** No {@code auth} or {@code resume} frame, or no verdict on it, before the deadline. */
    public static final Disconnect AUTH_TIMEOUT = new Disconnect(4001, "Auth timeout");
    /** The credentials ran out and were not refreshed within the grace. */
    public static final Disconnect TOKEN_EXPIRED = new Disconnect(4001, "Token expired");
    /** The application, or the origin check, does not want this client. */
    public static final Disconnect FORBIDDEN = new Disconnect(4003, "Forbidden");
    /** Another link took this connection over. */
    public static final Disconnect IN_USE = new Disconnect(4009, "Connection in use elsewhere");
    /** A frame was larger than the limit. */
    public static final Disconnect TOO_LARGE = new Disconnect(4013, "Frame too large");
    /** Something failed on the server. */
    public static final Disconnect INTERNAL_ERROR = new Disconnect(4100, "Internal error");
    /** The client does not read fast enough: its outbox overflowed or a write did not end before the deadline. */
    public static final Disconnect SLOW_CONSUMER = new Disconnect(4108, "Slow consumer");
    /** Nothing was heard from an acknowledging client for the heartbeat and its time-out. */
    public static final Disconnect HEARTBEAT_TIMEOUT = new Disconnect(4108, "Heartbeat timeout");
    /** The client was away for longer than the resume window. */
    public static final Disconnect RESUME_EXPIRED = new Disconnect(4108, "Resume window expired");
    /** The client sent more than its rate, or more than its mailbox holds. */
    public static final Disconnect RATE_LIMITED = new Disconnect(4129, "Rate limited");
    /** The address, the user or the node has as many connections as it may have. */
    public static final Disconnect TOO_MANY_CONNECTIONS = new Disconnect(4129, "Too many connections");
    /** The server is stopping; another one, or the next one, will answer. */
    public static final Disconnect SHUTTING_DOWN = new Disconnect(4203, "Shutting down");

    private static final Map<Integer, Integer> HTTP_STATUS = Map.of(
            1000, 200, 4000, 400, 4001, 401, 4003, 403, 4009, 409, 4013, 413, 4100, 500, 4108, 408, 4129, 429, 4203,
            503);

    /** What a client does after the end. */
    public enum Reconnect {
        /** Do not come back by yourself. */
        NEVER,
        /** Come back after an exponential back-off with jitter. */
        WITH_BACKOFF,
        /** Come back at once. */
        AT_ONCE
    }

    /**
     * Checks the code and cuts the reason to {@value #MAX_REASON_BYTES} bytes.
     *
     * @param code the close code, 1000 to 4999
     * @param reason the reason, never empty
     * @throws IllegalArgumentException if the code is outside of 1000 to 4999, or the reason is empty
     */
    public Disconnect {
        Objects.requireNonNull(reason, "reason");
        if (code < 1000 || code > 4999) {
            throw new IllegalArgumentException("A close code is between 1000 and 4999, not " + code);
        }
        if (reason.isBlank()) {
            throw new IllegalArgumentException("A disconnect needs a reason");
        }
        reason = cut(Text.wellFormed(reason));
    }

    /**
     * The same code with another reason.
     *
     * @param otherReason the reason, cut to {@value #MAX_REASON_BYTES} bytes
     * @return a disconnect with this code
     */
    public Disconnect because(String otherReason) {
        return new Disconnect(code, otherReason);
    }

    /**
     * What a client does after this end.
     *
     * @return from the class of our codes; {@link Reconnect#NEVER} after 1000, {@link Reconnect#WITH_BACKOFF} after any other
     *     code of WebSocket's own
     */
    public Reconnect reconnect() {
        if (code < 4000) {
            return code == 1000 ? Reconnect.NEVER : Reconnect.WITH_BACKOFF;
        }
        return switch (code / 100 % 10) {
            case 1 -> Reconnect.WITH_BACKOFF;
            case 2 -> Reconnect.AT_ONCE;
            default -> Reconnect.NEVER;
        };
    }

    /**
     * The HTTP status that says the same, for transports that answer in HTTP.
     *
     * @return a status; 500 for a code that has none
     */
    public int httpStatus() {
        return HTTP_STATUS.getOrDefault(code, 500);
    }

    /** As many whole characters as fit. Looks no further, because a reason may be long. */
    private static String cut(String reason) {
        int end = 0;
        while (end < reason.length()) {
            int next = reason.offsetByCodePoints(end, 1);
            if (Text.utf8Length(reason, next) > MAX_REASON_BYTES) {
                return reason.substring(0, end);
            }
            end = next;
        }
        return reason;
    }
}
