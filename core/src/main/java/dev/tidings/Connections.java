package dev.tidings;

import dev.tidings.spi.Handshake;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The connections that live on this node, by id and by user. */
final class Connections {

    private final ConcurrentHashMap<String, LiveConnection> byId = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, List<LiveConnection>> byUser = new ConcurrentHashMap<>();

    /** Connections that ended between two polls, until the next poll has been told. */
    private final ConcurrentHashMap<String, LiveConnection> parting = new ConcurrentHashMap<>();

    /** Adds a connection, unless the node or its user has as many as it may have. Concurrent ones may each be the last. */
    boolean add(LiveConnection connection, Limits limits) {
        if (limits.connections > 0 && size() >= limits.connections) {
            return false;
        }
        int perUser = limits.connectionsPerUser;
        String user = connection.user().orElse(null);
        if (user != null) {
            boolean[] added = new boolean[1];
            byUser.compute(user, (key, present) -> {
                List<LiveConnection> all = present == null ? List.of() : present;
                added[0] = perUser == 0 || all.size() < perUser;
                return added[0] ? with(all, connection) : present;
            });
            if (!added[0]) {
                return false;
            }
        }
        byId.put(connection.id(), connection);
        return true;
    }

    void remove(LiveConnection connection) {
        byId.remove(connection.id(), connection);
        connection
                .user()
                .ifPresent(user -> byUser.computeIfPresent(user, (key, present) -> without(present, connection)));
    }

    /** It has ended, and its client comes to hear why. */
    void part(LiveConnection connection) {
        parting.put(connection.id(), connection);
    }

    /** Its client has heard why, or does not come any more. */
    void parted(LiveConnection connection) {
        parting.remove(connection.id(), connection);
    }

    boolean isParting(LiveConnection connection) {
        return parting.get(connection.id()) == connection;
    }

    Collection<LiveConnection> parting() {
        return parting.values();
    }

    Optional<LiveConnection> byId(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    List<LiveConnection> ofUser(String user) {
        return byUser.getOrDefault(user, List.of());
    }

    /** How many there are, those whose clients have yet to hear of the end included: a client could make any number of them. */
    int size() {
        return byId.size() + parting.size();
    }

    Collection<LiveConnection> live() {
        return byId.values();
    }

    Collection<Connection> all() {
        return Collections.unmodifiableCollection(byId.values());
    }

    /**
     * The connection that a resume token stands for, if the token is right and whoever the container authenticated, if anybody, is
     * the one who began it. Wrong in any way reads the same.
     */
    @Nullable
    LiveConnection resumable(String token, Handshake handshake) {
        int dot = token.indexOf('.');
        LiveConnection connection = dot < 0 ? null : present(token.substring(0, dot));
        boolean right = connection != null
                && handshake.isAcknowledging()
                && connection.isSecret(token.substring(dot + 1))
                && connection.handshake().isAcknowledging()
                && connection.codec() == handshake.codec()
                && Objects.equals(connection.handshake().principal(), handshake.principal());
        return right ? connection : null;
    }

    private @Nullable LiveConnection present(String id) {
        LiveConnection connection = byId.get(id);
        return connection != null ? connection : parting.get(id);
    }

    private static List<LiveConnection> with(List<LiveConnection> all, LiveConnection one) {
        List<LiveConnection> more = new ArrayList<>(all.size() + 1);
        more.addAll(all);
        more.add(one);
        return Collections.unmodifiableList(more);
    }

    private static @Nullable List<LiveConnection> without(List<LiveConnection> all, LiveConnection one) {
        List<LiveConnection> rest = new ArrayList<>(all);
        rest.remove(one);
        return rest.isEmpty() ? null : Collections.unmodifiableList(rest);
    }
}
