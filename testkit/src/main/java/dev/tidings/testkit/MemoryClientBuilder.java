package dev.tidings.testkit;

import com.google.gson.JsonPrimitive;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.TransportHost;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link MemoryClient} before it connects. Each of its links has the same handshake.
 *
 * <p>Not for several threads.
 *
 * <pre>{@code
 * MemoryClient client = MemoryClient.plain(tidings)
 *         .token("secret").channel("news").header("Origin", "https://app.example.com").connect();
 * }</pre>
 */
public final class MemoryClientBuilder {

    private final TransportHost host;
    private final boolean acknowledging;
    private final List<Consumer<Handshake.Builder>> parts = new ArrayList<>();
    private final List<String> channels = new ArrayList<>();
    private String transport = "memory";
    private MemoryWire wire = MemoryWire.SOCKET;
    private boolean autoAck = true;
    private boolean autoPong = true;

    MemoryClientBuilder(TransportHost host, boolean acknowledging) {
        this.host = host;
        this.acknowledging = acknowledging;
        // A page of the same origin, so that cookies and the principal count.
        header("Host", "app.example.com");
        header("Origin", "https://app.example.com");
    }

    private MemoryClientBuilder with(Consumer<Handshake.Builder> part) {
        parts.add(part);
        return this;
    }

    /**
     * The name of the transport, which is {@code memory} if this is not called.
     *
     * @param name the name
     * @return this builder
     */
    public MemoryClientBuilder transport(String name) {
        transport = name;
        return this;
    }

    /**
     * What sort of link it opens, which is {@link MemoryWire#SOCKET} if this is not called; see {@link MemoryClient#wire}.
     *
     * @param sort the sort
     * @return this builder
     */
    public MemoryClientBuilder wire(MemoryWire sort) {
        wire = sort;
        return this;
    }

    /**
     * The token in the URL.
     *
     * @param token the token
     * @return this builder
     */
    public MemoryClientBuilder token(String token) {
        return parameter("token", token);
    }

    /**
     * A channel in the URL, in addition to others.
     *
     * @param name the channel's name
     * @return this builder
     */
    public MemoryClientBuilder channel(String name) {
        channels.add(name);
        return parameter("channel", channels.toArray(String[]::new));
    }

    /**
     * A parameter of the URL.
     *
     * @param name its name
     * @param values its values
     * @return this builder
     */
    public MemoryClientBuilder parameter(String name, String... values) {
        List<String> all = List.of(values);
        return with(builder -> builder.parameter(name, all));
    }

    /**
     * A header. If this is not called there are {@code Host} and an {@code Origin} that is the same.
     *
     * @param name its name
     * @param values its values; none removes the header
     * @return this builder
     */
    public MemoryClientBuilder header(String name, String... values) {
        List<String> all = List.of(values);
        return with(builder -> builder.header(name, all));
    }

    /**
     * The user that the container authenticated.
     *
     * @param name the principal's name
     * @return this builder
     */
    public MemoryClientBuilder principal(@Nullable String name) {
        return with(builder -> builder.principal(name));
    }

    /**
     * The client's address, which is empty if this is not called.
     *
     * @param literal a literal address
     * @return this builder
     */
    public MemoryClientBuilder address(String literal) {
        return with(builder -> builder.remoteAddress(literal));
    }

    /**
     * Any other part of the handshake.
     *
     * @param part sets it
     * @return this builder
     */
    public MemoryClientBuilder handshake(Consumer<Handshake.Builder> part) {
        return with(part);
    }

    /**
     * Whether frames are acknowledged when they arrive; see {@link MemoryClient#autoAck}.
     *
     * @param on false to do it by hand
     * @return this builder
     */
    public MemoryClientBuilder autoAck(boolean on) {
        autoAck = on;
        return this;
    }

    /**
     * Whether pings are answered; see {@link MemoryClient#autoPong}.
     *
     * @param on false for a client that does not answer
     * @return this builder
     */
    public MemoryClientBuilder autoPong(boolean on) {
        autoPong = on;
        return this;
    }

    /**
     * Connects, unless the host refuses.
     *
     * @return the client; see {@link MemoryClient#refused}
     */
    public MemoryClient connect() {
        List<Consumer<Handshake.Builder>> all = List.copyOf(parts);
        UnaryOperator<Handshake.Builder> handshake = builder -> {
            all.forEach(part -> part.accept(builder));
            return builder;
        };
        MemoryClient client = new MemoryClient(host, transport, acknowledging, handshake);
        client.autoAck(autoAck);
        client.autoPong(autoPong);
        client.wire(wire);
        client.begin();
        return client;
    }

    /** A text as a JSON string. */
    static String quoted(String text) {
        return new JsonPrimitive(text).toString();
    }
}
