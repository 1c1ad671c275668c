package dev.tidings.transport.servlet;

import dev.tidings.spi.Handshake;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a request says, as a handshake. Everything is copied: the container's request does not live as long as a connection, and
 * may be another client's by then.
 */
public final class HttpHandshake {

    /** The request header by which a client says that it counts, acknowledges and resumes. */
    public static final String PROTOCOL = "Tidings-Protocol";
    /** The request header with the resume token. */
    public static final String CONNECTION = "Tidings-Connection";
    /** The request header with the number of the last counted frame that the client has. */
    public static final String RECEIVED = "Tidings-Received";
    /** The request header with the number that the client gives its poll. */
    public static final String POLL = "Tidings-Poll";
    /** The header with the number of the first counted frame in a body, in requests and in answers. */
    public static final String FIRST = "Tidings-First";

    /** The one value of {@link #PROTOCOL} that is known. */
    public static final String VERSION = "tidings.v1";

    private static final int MAX_DIGITS = 19;

    private HttpHandshake() {}

    /**
     * Copies what every request has: address, headers, query parameters, and whom the container authenticated.
     *
     * @param request the request
     * @param transport the transport's name
     * @return a builder, for the transport to go on with
     * @throws MalformedRequestException if the query is not percent-encoded UTF-8
     */
    public static Handshake.Builder copy(HttpServletRequest request, String transport)
            throws MalformedRequestException {
        Handshake.Builder handshake =
                Handshake.builder(transport).remoteAddress(Objects.requireNonNullElse(request.getRemoteAddr(), ""));
        for (String name : Collections.list(request.getHeaderNames())) {
            handshake.header(name, Collections.list(request.getHeaders(name)));
        }
        Principal principal = request.getUserPrincipal();
        handshake.principal(principal == null ? null : principal.getName());
        parameters(request.getQueryString()).forEach(handshake::parameter);
        return handshake;
    }

    /**
     * Copies what every request has, and reads the headers by which a client of a one-way wire says which class of client it is and
     * which connection it goes on with.
     *
     * @param request the request
     * @param transport the transport's name
     * @return a builder, for the transport to go on with; it takes no {@code auth} frame
     * @throws MalformedRequestException if the query or one of the headers is not well-formed
     */
    public static Handshake.Builder read(HttpServletRequest request, String transport)
            throws MalformedRequestException {
        Handshake.Builder handshake = copy(request, transport).allowsAuthFrame(false);
        boolean acknowledging = isAcknowledging(request);
        handshake.acknowledging(acknowledging);
        long received = number(request, RECEIVED, 0);
        long poll = number(request, POLL, 0);
        String token = only(request, CONNECTION);
        if (token != null) {
            if (!acknowledging) {
                throw new MalformedRequestException(CONNECTION + " needs \"" + PROTOCOL + ": " + VERSION + "\"");
            }
            if (token.isBlank()) {
                throw new MalformedRequestException(CONNECTION + " is empty");
            }
            handshake.resume(new Handshake.Resume(token.strip(), received, poll));
        }
        return handshake;
    }

    /**
     * Whether a client says that it counts, acknowledges and resumes.
     *
     * @param request the request
     * @return false for a plain client
     * @throws MalformedRequestException if it names a protocol that is not known
     */
    public static boolean isAcknowledging(HttpServletRequest request) throws MalformedRequestException {
        String protocol = only(request, PROTOCOL);
        if (protocol != null && !protocol.strip().equals(VERSION)) {
            throw new MalformedRequestException(PROTOCOL + " is \"" + VERSION + "\" or absent");
        }
        return protocol != null;
    }

    /**
     * A number in a header.
     *
     * @param request the request
     * @param header the header's name
     * @param absent what it is if the header is absent
     * @return the number
     * @throws MalformedRequestException if it is anything but 1 to 19 digits that fit into 64 bits
     */
    public static long number(HttpServletRequest request, String header, long absent) throws MalformedRequestException {
        String text = only(request, header);
        if (text == null) {
            return absent;
        }
        String digits = text.strip();
        boolean good = !digits.isEmpty()
                && digits.length() <= MAX_DIGITS
                && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        try {
            if (good) {
                return Long.parseLong(digits);
            }
        } catch (NumberFormatException e) {
            // Nineteen digits may be more than 64 bits hold.
        }
        throw new MalformedRequestException(header + " is a number from 0 on");
    }

    /**
     * The parameters of a query. Only from the URL: the container's own map would read a body, and what filters add to it.
     *
     * @param query the query, or null
     * @return the values by name, both in the order of the URL
     * @throws MalformedRequestException if it is not percent-encoded UTF-8
     */
    public static Map<String, List<String>> parameters(@Nullable String query) throws MalformedRequestException {
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

    /** The one value of a header that may come once. */
    private static @Nullable String only(HttpServletRequest request, String header) throws MalformedRequestException {
        List<String> values = Collections.list(request.getHeaders(header));
        if (values.size() > 1) {
            throw new MalformedRequestException(header + " comes once");
        }
        return values.isEmpty() ? null : values.get(0);
    }

    private static String decode(String text) throws MalformedRequestException {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c == '%' && i + 2 <= text.length()) {
                bytes.put((byte) (digit(text.charAt(i)) << 4 | digit(text.charAt(i + 1))));
                i += 2;
            } else if (c == '%' || c >= 0x80) {
                throw malformedQuery();
            } else {
                bytes.put((byte) (c == '+' ? ' ' : c));
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(bytes.flip())
                    .toString();
        } catch (CharacterCodingException e) {
            throw malformedQuery();
        }
    }

    private static int digit(char c) throws MalformedRequestException {
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
            throw malformedQuery();
        }
        return digit;
    }

    private static MalformedRequestException malformedQuery() {
        return new MalformedRequestException("The query of the URL is not well-formed: percent-encoded UTF-8");
    }
}
