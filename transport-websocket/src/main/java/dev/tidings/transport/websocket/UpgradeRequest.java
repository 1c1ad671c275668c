package dev.tidings.transport.websocket;

import dev.tidings.spi.Handshake;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
     * @return the handshake, or null if the query is not well-formed
     */
    static @Nullable Handshake read(HttpServletRequest request, SubProtocol chosen) {
        Handshake.Builder handshake = Handshake.builder(WebSocketLink.TRANSPORT)
                .remoteAddress(Objects.requireNonNullElse(request.getRemoteAddr(), ""))
                .codec(chosen.codec())
                .acknowledging(chosen.acknowledging());
        for (String name : Collections.list(request.getHeaderNames())) {
            handshake.header(name, Collections.list(request.getHeaders(name)));
        }
        Principal principal = request.getUserPrincipal();
        handshake.principal(principal == null ? null : principal.getName());
        try {
            Map<String, List<String>> parameters = parameters(request.getQueryString());
            parameters.forEach(handshake::parameter);
            handshake.resuming(chosen.acknowledging()
                    && parameters.getOrDefault("resume", List.of()).contains("true"));
        } catch (IllegalArgumentException e) {
            return null;
        }
        return handshake.build();
    }

    /** Only from the URL: the container's own map would read a body, and what filters add to it. */
    static Map<String, List<String>> parameters(@Nullable String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                if (!name.isEmpty()) {
                    parameters
                            .computeIfAbsent(name, missing -> new ArrayList<>(1))
                            .add(value);
                }
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
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
