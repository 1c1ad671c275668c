package dev.tidings.transport.websocket;

import dev.tidings.spi.Handshake;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.HttpHandshake;
import dev.tidings.transport.servlet.MalformedRequestException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A request that wants to become a WebSocket: whether it is a good one, and what it says. */
final class UpgradeRequest {

    private static final int KEY_LENGTH = 24;

    private UpgradeRequest() {}

    /** What to answer to a request that is not a WebSocket handshake by RFC 6455, before a container answers in its own way. */
    static Optional<Answer> fault(HttpServletRequest request) {
        if (!hasToken(request, "Upgrade", "websocket")) {
            return Optional.of(Answer.badRequest(
                    426,
                    "This address speaks WebSocket: open it with new WebSocket(url). Where a client did so, a proxy in between"
                            + " does not pass the Upgrade and Connection headers on"));
        }
        if (!hasToken(request, "Connection", "upgrade")) {
            return Optional.of(Answer.badRequest(
                    400, "A WebSocket handshake has \"Connection: Upgrade\"; a proxy in between may have removed it"));
        }
        if (!"13".equals(request.getHeader("Sec-WebSocket-Version"))) {
            return Optional.of(Answer.badRequest(426, "The version of WebSocket is 13"));
        }
        String key = request.getHeader("Sec-WebSocket-Key");
        if (key == null || key.strip().length() != KEY_LENGTH) {
            return Optional.of(
                    Answer.badRequest(400, "A WebSocket handshake has a Sec-WebSocket-Key of 24 characters"));
        }
        return Optional.empty();
    }

    /**
     * Copies everything: the container's request is gone when the socket opens.
     *
     * @throws MalformedRequestException if the query is not well-formed
     */
    static Handshake read(HttpServletRequest request, SubProtocol chosen) throws MalformedRequestException {
        boolean resuming = HttpHandshake.parameters(request.getQueryString())
                .getOrDefault("resume", List.of())
                .contains("true");
        return HttpHandshake.copy(request, WebSocketLink.TRANSPORT)
                .codec(chosen.codec())
                .acknowledging(chosen.acknowledging())
                .resuming(chosen.acknowledging() && resuming)
                .build();
    }

    private static boolean hasToken(HttpServletRequest request, String header, String token) {
        for (String value : Collections.list(request.getHeaders(header))) {
            for (String part : value.split(",", -1)) {
                if (part.strip().toLowerCase(Locale.ROOT).equals(token)) {
                    return true;
                }
            }
        }
        return false;
    }
}
