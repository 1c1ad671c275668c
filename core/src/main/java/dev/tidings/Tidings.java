package dev.tidings;

import dev.tidings.protocol.Payload;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Broker;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import dev.tidings.spi.PresenceStore;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The application's one object: real-time communication with all its clients.
 *
 * <p>It is built once, given to the transports (or put into the {@code ServletContext} under {@link TransportHost#ATTRIBUTE}), and closed
 * when the application stops. It holds all threads, timers and state; there are no static ones.
 *
 * <p>All methods may be called by any thread and return at once, {@link #close()} within 10 seconds.
 *
 * <pre>{@code
 * Tidings tidings = Tidings.builder()
 *         .authenticator(Authenticator.token(tokens::verify))
 *         .channel("chat:{room}", rule -> rule.subscribe(Allow.users()).publish(Allow.users()))
 *         .onRequest("time", (connection, question) ->
 *                 CompletableFuture.completedFuture(Payload.string(Instant.now().toString())))
 *         .build();
 * tidings.channel("chat:lobby").publish(Payload.json("{\"text\":\"hello\"}"));
 * }</pre>
 */
public final class Tidings implements TransportHost, AutoCloseable {

    private final Engine engine;

    private Tidings(Builder builder) {
        this.engine = new Engine(builder);
    }

    /**
     * Starts to build.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A channel.
     *
     * @param name its name
     * @return the channel, whether anybody is subscribed or not
     * @throws IllegalArgumentException if it is not a channel's name
     */
    public Channel channel(String name) {
        return engine.channel(name);
    }

    /**
     * A user.
     *
     * @param id the id that the authenticator gives
     * @return the user, whether it is there or not
     */
    public User user(String id) {
        return engine.user(id);
    }

    /**
     * A connection on this node.
     *
     * @param id its public id
     * @return the connection, unless it has ended
     */
    public Optional<Connection> connection(String id) {
        return engine.connections().byId(id).map(Connection.class::cast);
    }

    /**
     * All connections on this node.
     *
     * @return a view that does not fail when connections come and go
     */
    public Collection<Connection> connections() {
        return engine.connections().all();
    }

    /**
     * Sends a message to all connections.
     *
     * @param event the event's name
     * @param payload the message
     * @throws IllegalArgumentException if the event's name is not one
     */
    public void broadcast(String event, Payload payload) {
        engine.broadcast(event, payload);
    }

    /**
     * What this node has done and holds.
     *
     * @return readings of this moment
     */
    public Stats stats() {
        return engine.stats();
    }

    @Override
    public Optional<Refusal> refuse(Handshake handshake) {
        return engine.refuse(handshake);
    }

    @Override
    public Attachment attach(Handshake handshake, Link link) {
        return engine.attach(handshake, link);
    }

    @Override
    public boolean isHere(Handshake handshake) {
        return engine.posting(handshake).isPresent();
    }

    @Override
    public CompletionStage<Posted> post(Handshake handshake, long first, List<String> frames) {
        return engine.post(handshake, first, frames);
    }

    @Override
    public Time time() {
        return engine.time();
    }

    @Override
    public TransportSettings settings() {
        return engine.settings();
    }

    @Override
    public Executor executor() {
        return engine.threads().delivery();
    }

    @Override
    public Executor blocking() {
        return engine.threads().blocking();
    }

    /**
     * Stops: refuses new links, tells every client when to come back, lets what is queued leave until the close grace, and leaves no
     * thread behind. Takes 10 seconds at most. Calling it again does nothing.
     */
    @Override
    public void close() {
        engine.close();
    }

    /** Collects what Tidings is made of. Not for several threads. */
    public static final class Builder {

        String name = "tidings";
        Authenticator authenticator = Authenticator.principalOrAnonymous();
        final List<ChannelRule> rules = new ArrayList<>();
        final List<ConnectionListener> listeners = new ArrayList<>();
        final Map<String, RequestHandler> requests = new HashMap<>();
        final List<String> allowedOrigins = new ArrayList<>();
        final Limits.Builder limits = new Limits.Builder();

        @Nullable
        String addressHeader;

        @Nullable
        Broker broker;

        @Nullable
        PresenceStore presence;

        @Nullable
        Time time;

        @Nullable
        Executor callbackExecutor;

        @Nullable
        Executor deliveryExecutor;

        private Builder() {}

        /**
         * The name of the threads; of use where one process has several.
         *
         * @param prefix what their names begin with; {@code tidings} by default
         * @return this builder
         */
        public Builder name(String prefix) {
            name = Objects.requireNonNull(prefix, "prefix");
            return this;
        }

        /**
         * Who clients are. By default whoever the container authenticated, and everybody else as anonymous.
         *
         * @param who the authenticator
         * @return this builder
         */
        public Builder authenticator(Authenticator who) {
            authenticator = Objects.requireNonNull(who, "who");
            return this;
        }

        /**
         * Adds a rule for channels. The first one that matches decides; a channel without a rule is refused.
         *
         * @param pattern which channels, see {@link ChannelRule}
         * @param rule fills in what clients may do
         * @return this builder
         * @throws IllegalArgumentException if the pattern cannot be read
         */
        public Builder channel(String pattern, Consumer<ChannelRule.Builder> rule) {
            ChannelRule.Builder builder = new ChannelRule.Builder(pattern);
            rule.accept(builder);
            rules.add(builder.build());
            return this;
        }

        /**
         * Adds a listener. They are called in the order of adding.
         *
         * @param listener the listener
         * @return this builder
         */
        public Builder listener(ConnectionListener listener) {
            listeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * Answers clients' requests.
         *
         * @param event the event's name
         * @param handler who answers
         * @return this builder
         * @throws IllegalArgumentException if the name is not one, or is answered already
         */
        public Builder onRequest(String event, RequestHandler handler) {
            dev.tidings.protocol.EventName.require(event);
            if (requests.putIfAbsent(event, Objects.requireNonNull(handler, "handler")) != null) {
                throw new IllegalArgumentException("Requests for \"" + event + "\" are answered already");
            }
            return this;
        }

        /**
         * Admits pages of another origin. Without a call, only pages of the origin that the client connects to are admitted.
         *
         * @param origin exactly as browsers send it, such as {@code https://app.example.com}
         * @return this builder
         * @throws IllegalArgumentException if it is not scheme, host and perhaps a port
         */
        public Builder allowOrigin(String origin) {
            allowedOrigins.add(Origins.require(origin));
            return this;
        }

        /**
         * Takes the client's address from a header that a trusted proxy sets, for the limits per address. Where the header lists several,
         * the last one counts, which the nearest proxy added.
         *
         * @param header the header's name, such as {@code X-Forwarded-For}
         * @return this builder
         */
        public Builder addressHeader(String header) {
            addressHeader = Objects.requireNonNull(header, "header");
            return this;
        }

        /**
         * Changes limits.
         *
         * @param change changes them
         * @return this builder
         */
        public Builder limits(Consumer<Limits.Builder> change) {
            change.accept(limits);
            return this;
        }

        /**
         * What connects the nodes. By default one that knows this node only. It is started by {@link #build()} and closed with the rest.
         *
         * @param connecting the broker
         * @return this builder
         */
        public Builder broker(Broker connecting) {
            broker = Objects.requireNonNull(connecting, "connecting");
            return this;
        }

        /**
         * Where members are kept. By default in memory, for this node only. It is started by {@link #build()} and closed with the rest.
         *
         * @param store the store
         * @return this builder
         */
        public Builder presenceStore(PresenceStore store) {
            presence = Objects.requireNonNull(store, "store");
            return this;
        }

        /**
         * The clock and timer; for tests.
         *
         * @param source the clock
         * @return this builder
         */
        public Builder time(Time source) {
            time = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Where the application's code runs. By default up to 64 threads, which end when idle. Must run every task or throw; the caller
         * keeps and closes it.
         *
         * @param executor the executor
         * @return this builder
         */
        public Builder callbackExecutor(Executor executor) {
            callbackExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Where publications are delivered and wires are written. By default as many threads as there are processors, at least two. Its
         * tasks are short and never block. The caller keeps and closes it.
         *
         * @param executor the executor
         * @return this builder
         */
        public Builder deliveryExecutor(Executor executor) {
            deliveryExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Builds and starts.
         *
         * @return the application's one object
         */
        public Tidings build() {
            return new Tidings(this);
        }
    }
}
