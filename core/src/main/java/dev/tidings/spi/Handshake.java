package dev.tidings.spi;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.JsonCodec;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a client said when it opened a link, copied from the container's request, which does not live as long.
 *
 * <p>Immutable. A transport builds it; the application sees it in its authenticator and at the connection.
 *
 * <pre>{@code
 * Handshake handshake = Handshake.builder("websocket")
 *         .remoteAddress(request.getRemoteAddr())
 *         .headers(headers)
 *         .parameters(request.getParameterMap())
 *         .principal(request.getUserPrincipal() == null ? null : request.getUserPrincipal().getName())
 *         .acknowledging(true)
 *         .build();
 * }</pre>
 */
public final class Handshake {

    private final String transport;
    private final String remoteAddress;
    private final Map<String, List<String>> headers;
    private final Map<String, List<String>> parameters;
    private final @Nullable String principal;
    private final Codec codec;
    private final boolean acknowledging;
    private final boolean resuming;
    private final boolean authFrames;
    private final boolean polling;
    private final @Nullable Resume resume;
    private final @Nullable String since;

    /**
     * Which connection a request goes on with, where the carrier says so beside its frames.
     *
     * @param token the resume token
     * @param received the number of the last counted frame that the client has
     * @param poll the number that the client gave this poll, growing for the life of the connection; 0 where the link is no poll
     */
    public record Resume(String token, long received, long poll) {

        /** Without the token. */
        @Override
        public String toString() {
            return "Resume[received=" + received + ", poll=" + poll + "]";
        }
    }

    private Handshake(Builder builder) {
        this.transport = builder.transport;
        this.remoteAddress = builder.remoteAddress;
        TreeMap<String, List<String>> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        builder.headers.forEach((name, values) -> byName.put(name, List.copyOf(values)));
        this.headers = byName;
        this.parameters = Map.copyOf(builder.parameters);
        this.principal = builder.principal;
        this.codec = builder.codec;
        this.acknowledging = builder.acknowledging;
        this.resuming = builder.resuming;
        this.authFrames = builder.authFrames;
        this.polling = builder.polling;
        this.resume = builder.resume;
        this.since = builder.since;
    }

    /**
     * Starts a handshake.
     *
     * @param transport the transport's name
     * @return a builder
     */
    public static Builder builder(String transport) {
        return new Builder(transport);
    }

    /**
     * The transport's name.
     *
     * @return a short constant such as {@code websocket}
     */
    public String transport() {
        return transport;
    }

    /**
     * The peer's address, as the container knows it.
     *
     * @return a literal address, or an empty text where there is none
     */
    public String remoteAddress() {
        return remoteAddress;
    }

    /**
     * A header's first value.
     *
     * @param name the name, in any case
     * @return the value
     */
    public Optional<String> header(String name) {
        List<String> values = headers.get(name);
        return values == null || values.isEmpty() ? Optional.empty() : Optional.of(values.get(0));
    }

    /**
     * A header's values, one for each line that it came in.
     *
     * @param name the name, in any case
     * @return the values in the order of the lines, possibly empty
     */
    public List<String> headers(String name) {
        return headers.getOrDefault(name, List.of());
    }

    /**
     * A query parameter's first value.
     *
     * @param name the name
     * @return the value
     */
    public Optional<String> parameter(String name) {
        return parameters(name).stream().findFirst();
    }

    /**
     * A query parameter's values.
     *
     * @param name the name
     * @return the values in the order of the URL, possibly empty
     */
    public List<String> parameters(String name) {
        return parameters.getOrDefault(name, List.of());
    }

    /**
     * A cookie's value. Only cookies that RFC 6265 allows are found.
     *
     * @param name the cookie's name
     * @return the value, without quotes around it
     */
    public Optional<String> cookie(String name) {
        for (String header : headers.getOrDefault("Cookie", List.of())) {
            for (String pair : header.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
                    return Optional.of(unquoted(pair.substring(equals + 1).strip()));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The token that came with the handshake: the parameter {@code token}, or {@code Authorization: Bearer}.
     *
     * @return the token
     */
    public Optional<String> token() {
        Optional<String> parameter = parameter("token");
        if (parameter.isPresent()) {
            return parameter;
        }
        return header("Authorization")
                .filter(Handshake::isBearer)
                .map(value -> value.substring("bearer ".length()).strip());
    }

    /**
     * The name of the user that the container authenticated.
     *
     * @return the principal's name
     */
    public Optional<String> principal() {
        return Optional.ofNullable(principal);
    }

    /**
     * The protocol of this connection.
     *
     * @return the codec
     */
    public Codec codec() {
        return codec;
    }

    /**
     * Whether the client counts, acknowledges and resumes.
     *
     * @return false for plain receivers
     */
    public boolean isAcknowledging() {
        return acknowledging;
    }

    /**
     * Whether the client goes on with an earlier connection: by {@link #resume}, or else by its first frame.
     *
     * @return true if it said so
     */
    public boolean isResuming() {
        return resuming || resume != null;
    }

    /**
     * Which connection the client goes on with, where the carrier says so.
     *
     * @return empty where there is none, or where the first frame says it
     */
    public Optional<Resume> resume() {
        return Optional.ofNullable(resume);
    }

    /**
     * Whether each link is one poll: it ends with its answer, and the client comes back by another one at once.
     *
     * @return false for wires that stay
     */
    public boolean isPolling() {
        return polling;
    }

    /**
     * Where a plain client stood in the channels of its URL, by {@link Attachment#position}. It comes from a stranger.
     *
     * @return what the client gave back
     */
    public Optional<String> since() {
        return Optional.ofNullable(since);
    }

    /**
     * Whether a client without credentials may send them in a first {@code auth} frame. Where it may not, the wire is one-way, and
     * a refusal is a status of HTTP and no frame: the link is closed before it has had anything to write.
     *
     * @return false where the wire cannot bring one in before it has answered
     */
    public boolean allowsAuthFrame() {
        return authFrames;
    }

    /**
     * The same handshake without what a browser sends by itself: cookies, {@code Authorization} other than a bearer token, and the
     * container's principal. It is what counts when
     * nothing shows which page opened the link.
     *
     * @return a copy
     */
    public Handshake withoutAmbientCredentials() {
        Builder copy = new Builder(transport);
        copy.remoteAddress = remoteAddress;
        headers.forEach(copy.headers::put);
        copy.headers.remove("Cookie");
        if (!isBearer(header("Authorization").orElse(""))) {
            copy.headers.remove("Authorization");
        }
        copy.parameters.putAll(parameters);
        copy.codec = codec;
        copy.acknowledging = acknowledging;
        copy.resuming = resuming;
        copy.authFrames = authFrames;
        copy.polling = polling;
        copy.resume = resume;
        copy.since = since;
        return copy.build();
    }

    /** The transport and the address; neither headers nor parameters, which hold secrets. */
    @Override
    public String toString() {
        return "Handshake(" + transport + ", " + remoteAddress + ")";
    }

    /** A bearer token is put there by a program; other schemes a browser answers by itself. */
    private static boolean isBearer(String authorization) {
        return authorization.toLowerCase(Locale.ROOT).startsWith("bearer ");
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
    }

    /** Collects what a handshake holds. Not for several threads. */
    public static final class Builder {

        private final String transport;
        private String remoteAddress = "";
        private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        private final Map<String, List<String>> parameters = new TreeMap<>();
        private @Nullable String principal;
        private Codec codec = JsonCodec.INSTANCE;
        private boolean acknowledging;
        private boolean resuming;
        private boolean authFrames = true;
        private boolean polling;
        private @Nullable Resume resume;
        private @Nullable String since;

        private Builder(String transport) {
            this.transport = Objects.requireNonNull(transport, "transport");
        }

        /**
         * The peer's address.
         *
         * @param address a literal address
         * @return this builder
         */
        public Builder remoteAddress(String address) {
            this.remoteAddress = Objects.requireNonNull(address, "address");
            return this;
        }

        /**
         * Adds a header.
         *
         * @param name its name
         * @param values its values
         * @return this builder
         */
        public Builder header(String name, List<String> values) {
            headers.put(name, List.copyOf(values));
            return this;
        }

        /**
         * Adds a query parameter.
         *
         * @param name its name
         * @param values its values, in the order of the URL
         * @return this builder
         */
        public Builder parameter(String name, List<String> values) {
            parameters.put(name, List.copyOf(values));
            return this;
        }

        /**
         * The name of the user that the container authenticated.
         *
         * @param name the name, or null
         * @return this builder
         */
        public Builder principal(@Nullable String name) {
            this.principal = name;
            return this;
        }

        /**
         * The protocol; the native one if this is not called.
         *
         * @param chosen the codec
         * @return this builder
         */
        public Builder codec(Codec chosen) {
            this.codec = Objects.requireNonNull(chosen, "codec");
            return this;
        }

        /**
         * Whether the client counts, acknowledges and resumes.
         *
         * @param value true if it does
         * @return this builder
         */
        public Builder acknowledging(boolean value) {
            this.acknowledging = value;
            return this;
        }

        /**
         * Whether the client's first frame is {@code resume}.
         *
         * @param value true if it is
         * @return this builder
         */
        public Builder resuming(boolean value) {
            this.resuming = value;
            return this;
        }

        /**
         * Which connection the client goes on with, where the carrier says so.
         *
         * @param connection the connection
         * @return this builder
         */
        public Builder resume(Resume connection) {
            this.resume = Objects.requireNonNull(connection, "connection");
            return this;
        }

        /**
         * Whether each link is one poll.
         *
         * @param value true if it is
         * @return this builder
         */
        public Builder polling(boolean value) {
            this.polling = value;
            return this;
        }

        /**
         * Where a plain client stood in the channels of its URL.
         *
         * @param position what the client gave back, or null
         * @return this builder
         */
        public Builder since(@Nullable String position) {
            this.since = position;
            return this;
        }

        /**
         * Whether credentials may come in a first {@code auth} frame; true if this is not called.
         *
         * @param value false where the wire cannot bring one in
         * @return this builder
         */
        public Builder allowsAuthFrame(boolean value) {
            this.authFrames = value;
            return this;
        }

        /**
         * Makes the handshake.
         *
         * @return the handshake
         */
        public Handshake build() {
            return new Handshake(this);
        }
    }
}
