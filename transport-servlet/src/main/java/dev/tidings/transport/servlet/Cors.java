package dev.tidings.transport.servlet;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Headers for browsers: those that every answer has, and those for pages of other origins. Which origins may is the host's decision; here
 * one is only repeated that the host has admitted.
 */
public final class Cors {

    private static final String METHODS = "GET, POST, OPTIONS";
    private static final String REQUEST_HEADERS = String.join(
            ", ",
            HttpHandshake.PROTOCOL,
            HttpHandshake.CONNECTION,
            HttpHandshake.RECEIVED,
            HttpHandshake.POLL,
            HttpHandshake.FIRST,
            "Authorization",
            "Content-Type");
    private static final String EXPOSED = HttpHandshake.FIRST + ", Retry-After";
    private static final String MAX_AGE_SECONDS = "600";

    private Cors() {}

    /**
     * Sets the headers that every answer has: it is not to be stored, changed on the way, or taken for something else.
     *
     * @param response the response, not committed
     */
    public static void everyAnswer(HttpServletResponse response) {
        response.setHeader("Cache-Control", "no-cache, no-store, no-transform");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Vary", "Origin");
    }

    /**
     * Lets the page that asks read the answer. To be called when the host has not refused it for its origin.
     *
     * @param request the request
     * @param response the response, not committed
     */
    public static void admit(HttpServletRequest request, HttpServletResponse response) {
        String origin = request.getHeader("Origin");
        if (origin != null && !isSame(origin, request.getHeader("Host"))) {
            response.setHeader("Access-Control-Allow-Origin", origin);
            response.setHeader("Access-Control-Allow-Credentials", "true");
            response.setHeader("Access-Control-Expose-Headers", EXPOSED);
        }
    }

    /**
     * Asks the host whether a client may open a link or post, and prepares the response for what it says. A page whose origin may ask
     * may also read why it is refused now.
     *
     * @param host who decides
     * @param handshake what the client said
     * @param request the request
     * @param response the response, not committed
     * @return empty if it may
     */
    public static Optional<Refusal> refuse(
            TransportHost host, Handshake handshake, HttpServletRequest request, HttpServletResponse response) {
        Optional<Refusal> refusal = host.refuse(handshake);
        everyAnswer(response);
        if (!isForItsOrigin(refusal)) {
            admit(request, response);
        }
        return refusal;
    }

    private static boolean isForItsOrigin(Optional<Refusal> refusal) {
        return refusal.isPresent() && refusal.get().disconnect().code() == Disconnect.FORBIDDEN.code();
    }

    /**
     * Answers {@code OPTIONS}: may a page of another origin ask?
     *
     * @param host who decides
     * @param transport the transport's name
     * @param request the request
     * @param response the response
     * @throws IOException if the client is gone
     */
    public static void preflight(
            TransportHost host, String transport, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Handshake handshake;
        try {
            handshake = HttpHandshake.copy(request, transport).build();
        } catch (MalformedRequestException e) {
            e.answer().send(response);
            return;
        }
        Optional<Refusal> refusal = host.refuse(handshake);
        // Anything but the origin is no matter yet: what is asked about may be a post for a connection that is here.
        if (isForItsOrigin(refusal)) {
            refusal.map(Answer::of).orElseThrow().send(response);
            return;
        }
        everyAnswer(response);
        admit(request, response);
        response.setHeader("Allow", METHODS);
        if (response.containsHeader("Access-Control-Allow-Origin")) {
            response.setHeader("Access-Control-Allow-Methods", METHODS);
            response.setHeader("Access-Control-Allow-Headers", REQUEST_HEADERS);
            response.setHeader("Access-Control-Max-Age", MAX_AGE_SECONDS);
        }
        response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    }

    /**
     * Answers a method that is not served.
     *
     * @param response the response
     * @throws IOException if the client is gone
     */
    public static void notAllowed(HttpServletResponse response) throws IOException {
        response.setHeader("Allow", METHODS);
        new Answer(405, Disconnect.BAD_REQUEST.code(), "The methods are " + METHODS, null, 0).send(response);
    }

    /** Only about what to repeat: to repeat a page's own origin to it would do no harm. */
    private static boolean isSame(String origin, @Nullable String host) {
        String page = origin.toLowerCase(Locale.ROOT);
        String defaultPort = page.startsWith("https:") ? ":443" : ":80";
        int scheme = page.indexOf("://");
        return host != null
                && scheme > 0
                && withoutPort(page.substring(scheme + 3), defaultPort)
                        .equals(withoutPort(host.toLowerCase(Locale.ROOT), defaultPort));
    }

    private static String withoutPort(String authority, String port) {
        return authority.endsWith(port) ? authority.substring(0, authority.length() - port.length()) : authority;
    }
}
