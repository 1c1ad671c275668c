package dev.tidings;

import dev.tidings.spi.Handshake;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Which pages may open links: those of the same origin, and those of origins that the application named. */
final class Origins {

    private final Set<String> allowed;

    Origins(Iterable<String> allowed) {
        java.util.HashSet<String> set = new java.util.HashSet<>();
        allowed.forEach(set::add);
        this.allowed = Set.copyOf(set);
    }

    /** An origin in the form that browsers send, or an exception that says what is wrong. */
    static String require(String origin) {
        try {
            URI uri = new URI(origin);
            boolean bare = uri.getScheme() != null
                    && uri.getHost() != null
                    && origin.equals(uri.getScheme() + "://" + uri.getRawAuthority())
                    && uri.getUserInfo() == null;
            if (bare) {
                return origin.toLowerCase(Locale.ROOT);
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("Not an origin: \"" + origin + "\"", e);
        }
        throw new IllegalArgumentException(
                "An origin is scheme, host and perhaps a port, such as https://app.example.com, not \"" + origin
                        + "\"");
    }

    /**
     * Whether the page that opened the link may. A request without an Origin comes from no other site's page: browsers name it
     * on every WebSocket, every POST and every cross-origin GET. Where a browser says by other means where a request comes from,
     * that counts.
     */
    boolean admits(Handshake handshake) {
        Optional<String> origin = handshake.header("Origin").map(o -> o.toLowerCase(Locale.ROOT));
        if (origin.isEmpty()) {
            String site = handshake.header("Sec-Fetch-Site").orElse("none");
            return site.equals("none") || site.equals("same-origin");
        }
        return allowed.contains(origin.get())
                || isSame(origin.get(), handshake.header("Host").orElse(""));
    }

    /** Whether nothing shows which page opened the link, so that what a browser adds by itself must not count. */
    static boolean isUnknown(Handshake handshake) {
        return handshake.header("Origin").isEmpty()
                && handshake.header("Sec-Fetch-Site").isEmpty();
    }

    /**
     * The host and port decide, not the scheme: behind a proxy that ends TLS the container sees http where the page has https, and
     * a host that serves both is one party.
     */
    private static boolean isSame(String origin, String host) {
        int scheme = origin.indexOf("://");
        boolean web = origin.startsWith("http://") || origin.startsWith("https://");
        if (!web || host.isEmpty()) {
            return false;
        }
        String defaultPort = origin.startsWith("https:") ? ":443" : ":80";
        return withoutPort(origin.substring(scheme + 3), defaultPort)
                .equals(withoutPort(host.toLowerCase(Locale.ROOT), defaultPort));
    }

    private static String withoutPort(String authority, String port) {
        return authority.endsWith(port) ? authority.substring(0, authority.length() - port.length()) : authority;
    }
}
