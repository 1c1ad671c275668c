package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Who may open a link: origin, and how many there are from where. */
final class Admission {

    private static final System.Logger LOG = System.getLogger(Admission.class.getPackageName());
    private static final Duration LATER = Duration.ofSeconds(5);

    private record Count(int links, int unauthenticated) {
        static final Count NONE = new Count(0, 0);

        Count plus(int moreLinks, int moreUnauthenticated) {
            return new Count(links + moreLinks, unauthenticated + moreUnauthenticated);
        }
    }

    private final Origins origins;
    private final Limits limits;
    private final @Nullable String addressHeader;
    /** Links of all addresses that carry no connection yet. */
    private final AtomicInteger unauthenticated = new AtomicInteger();

    private final ConcurrentHashMap<String, Count> byAddress = new ConcurrentHashMap<>();

    Admission(Origins origins, Limits limits, @Nullable String addressHeader) {
        this.origins = origins;
        this.limits = limits;
        this.addressHeader = addressHeader;
    }

    Optional<Refusal> refuse(Handshake handshake, int connections, boolean stopping) {
        // First of all: pages of other origins are told nothing else, and what is refused for another reason says that
        // the origin is good.
        Optional<Refusal> stranger = refuseOrigin(handshake);
        if (stranger.isPresent()) {
            return stranger;
        }
        if (stopping) {
            return Optional.of(new Refusal(Disconnect.SHUTTING_DOWN, LATER));
        }
        // Who goes on with a connection counts by that already. If it does not, isOver sees it when it begins a new
        // one.
        boolean goesOn = handshake.isResuming() && handshake.resume().isEmpty();
        int others = goesOn ? 0 : connections;
        if (over(others + unauthenticated.get(), limits.connections)) {
            return Optional.of(new Refusal(Disconnect.TOO_MANY_CONNECTIONS, LATER));
        }
        Count count = count(handshake);
        boolean tooMany = (!goesOn && over(count.links(), limits.connectionsPerAddress))
                || over(count.unauthenticated(), limits.unauthenticatedPerAddress);
        return tooMany ? Optional.of(new Refusal(Disconnect.TOO_MANY_CONNECTIONS, LATER)) : Optional.empty();
    }

    /** Whether an address has more links than it may, the one of this handshake included. */
    boolean isOver(Handshake handshake) {
        return over(count(handshake).links() - 1, limits.connectionsPerAddress);
    }

    private Count count(Handshake handshake) {
        String address = counted(handshake);
        return address == null ? Count.NONE : byAddress.getOrDefault(address, Count.NONE);
    }

    /** For what is no new link: only where it comes from counts. */
    Optional<Refusal> refuseOrigin(Handshake handshake) {
        if (origins.admits(handshake)) {
            return Optional.empty();
        }
        LOG.log(
                System.Logger.Level.DEBUG,
                "Refused a link of another origin. If that page is yours, name it: Tidings.builder().allowOrigin(...)");
        return Optional.of(new Refusal(Disconnect.FORBIDDEN.because("Origin not allowed"), null));
    }

    private static boolean over(int count, int limit) {
        return limit > 0 && count >= limit;
    }

    void opened(Handshake handshake) {
        change(handshake, 1, 1);
    }

    void authenticated(Handshake handshake) {
        change(handshake, 0, -1);
    }

    void closed(Handshake handshake, boolean wasAuthenticated) {
        change(handshake, -1, wasAuthenticated ? 0 : -1);
    }

    /** A link that was counted no more has left a connection behind. */
    void left(Handshake handshake) {
        change(handshake, 1, 0);
    }

    private void change(Handshake handshake, int links, int strangers) {
        unauthenticated.addAndGet(strangers);
        String address = counted(handshake);
        if (address != null) {
            byAddress.compute(address, (key, before) -> {
                Count after = (before == null ? Count.NONE : before).plus(links, strangers);
                return after.links() == 0 ? null : after;
            });
        }
    }

    /**
     * The address that links are counted under, or null. Without a trusted header a loopback or private address is most likely a proxy, with
     * everybody behind it.
     */
    private @Nullable String counted(Handshake handshake) {
        if (addressHeader != null) {
            List<String> lines = handshake.headers(addressHeader);
            if (!lines.isEmpty()) {
                // Some proxies add to the line that is there, some add a line: the nearest proxy's word is the last.
                String list = lines.get(lines.size() - 1);
                return peer(list.substring(list.lastIndexOf(',') + 1).strip());
            }
        }
        String address = handshake.remoteAddress();
        return address.isEmpty() || isLocal(address) ? null : peer(address);
    }

    /** Whoever has an IPv6 address has a whole network of them, mostly of 64 bits. */
    private static String peer(String address) {
        if (address.indexOf(':') >= 0) {
            try {
                byte[] bytes = InetAddress.getByName(address).getAddress();
                if (bytes.length == 16) {
                    return HexFormat.of().formatHex(bytes, 0, 8);
                }
            } catch (UnknownHostException e) {
                // No address: counted as what it is.
            }
        }
        return address;
    }

    private static boolean isLocal(String address) {
        boolean literal =
                address.indexOf(':') >= 0 || address.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
        if (!literal) {
            return true;
        }
        try {
            InetAddress parsed = InetAddress.getByName(address);
            return parsed.isLoopbackAddress()
                    || parsed.isSiteLocalAddress()
                    || parsed.isLinkLocalAddress()
                    || (parsed.getAddress().length == 16 && (parsed.getAddress()[0] & 0xfe) == 0xfc);
        } catch (UnknownHostException e) {
            return true;
        }
    }
}
