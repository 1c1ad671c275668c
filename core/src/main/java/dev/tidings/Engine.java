package dev.tidings;

import dev.tidings.protocol.ChannelName;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.EventName;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.protocol.Position;
import dev.tidings.protocol.Publication;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Broker;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import dev.tidings.spi.PresenceStore;
import dev.tidings.spi.PublishResult;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Wires the parts together, and is what they know of each other. It holds no state of its own but counters. */
final class Engine {

    private static final int DRAIN_FRAMES = 64;
    private static final int DRAIN_BYTES = 64 * 1024;
    private static final int MAX_PARTS = 1_024;
    private static final Duration FOREVER = Duration.ofDays(36_500);
    private static final String NO_SUCH_SINCE = "\"since\" is not what \"next\" said for these channels in this order";
    private static final int BACKSTOPS = 3;

    private final Limits limits;
    private final FrameLimits frameLimits;
    private final TransportSettings settings;
    private final Authenticator authenticator;
    private final Ids ids = new Ids();
    private final Threads threads;
    private final Time time;
    private final @Nullable SystemTime ownTime;
    private final Admission admission;
    private final Callbacks callbacks;
    private final ChannelRules rules;
    private final Listeners listeners;
    private final Commands commands;
    private final Broker broker;
    private final PresenceStore presence;
    private final Deliveries deliveries;
    private final Channels channels;
    private final Connections connections = new Connections();
    private final Links links = new Links(connections);
    private final Sweeper sweeper;
    private final Shutdown shutdown;
    private final LongAdder publications = new LongAdder();
    private final LongAdder queuedBytes = new LongAdder();
    private final LongAdder dropped = new LongAdder();

    Engine(Tidings.Builder builder) {
        limits = builder.limits.build();
        frameLimits =
                new FrameLimits(limits.maxFrameBytes, FrameLimits.DEFAULT.maxDepth(), FrameLimits.DEFAULT.maxKeys());
        settings = new TransportSettings(
                limits.maxFrameBytes,
                MAX_PARTS,
                limits.sendTimeout,
                limits.heartbeat.plus(limits.heartbeatTimeout).multipliedBy(BACKSTOPS),
                DRAIN_FRAMES,
                DRAIN_BYTES,
                limits.pollTimeout,
                limits.keepAlive,
                limits.streamAge);
        authenticator = builder.authenticator;
        threads = new Threads(builder.name, builder.callbackExecutor, builder.deliveryExecutor);
        ownTime = builder.time == null ? new SystemTime(Threads.factory(builder.name + "-timer")) : null;
        time = builder.time != null ? builder.time : Objects.requireNonNull(ownTime);
        admission = new Admission(new Origins(builder.allowedOrigins), limits, builder.addressHeader);
        callbacks = new Callbacks(time, limits.requestTimeout);
        rules = new ChannelRules(builder.rules, callbacks);
        listeners = new Listeners(builder.listeners, threads.callbacks());
        commands = new Commands(this, builder.requests);
        broker = builder.broker != null ? builder.broker : new MemoryBroker();
        presence = builder.presence != null ? builder.presence : new MemoryPresence();
        deliveries = new Deliveries(limits);
        channels = new Channels(broker, threads.delivery(), deliveries);
        sweeper = new Sweeper(this);
        shutdown = new Shutdown(this);
        broker.start(channels);
        presence.start(channels);
        sweeper.start();
    }

    // ---- Links ------------------------------------------------------------------------------------------------------

    Optional<Refusal> refuse(Handshake handshake) {
        if (goesOn(handshake)) {
            return admission.refuseOrigin(handshake);
        }
        return admission.refuse(handshake, connections.size(), shutdown.hasBegun());
    }

    /** Whether the carrier names a connection that is here. */
    private boolean goesOn(Handshake handshake) {
        return handshake
                .resume()
                .map(Handshake.Resume::token)
                .filter(token -> connections.resumable(token, handshake) != null)
                .isPresent();
    }

    CompletionStage<Posted> post(Handshake handshake, long first, List<String> frames) {
        return CompletableFuture.completedStage(posting(handshake)
                .map(connection -> connection.post(first, frames))
                .orElse(Posted.GONE));
    }

    /** The connection that a request beside a link is for, if it takes anything. */
    Optional<LiveConnection> posting(Handshake handshake) {
        return handshake
                .resume()
                .map(resume -> connections.resumable(resume.token(), handshake))
                .filter(LiveConnection::isOpen);
    }

    Attachment attach(Handshake handshake, Link link) {
        LinkAttachment attachment = new LinkAttachment(this, handshake, link);
        admission.opened(handshake);
        links.add(attachment);
        if (shutdown.hasEnded()) {
            attachment.close(Disconnect.SHUTTING_DOWN);
        } else if (shutdown.hasBegun() && !goesOn(handshake)) {
            attachment.finish(Disconnect.SHUTTING_DOWN);
        } else {
            attachment.opening().begin();
        }
        return attachment;
    }

    void detached(LinkAttachment attachment, boolean unauthenticated) {
        if (unauthenticated) {
            admission.closed(attachment.handshake(), false);
        }
        links.remove(attachment);
    }

    /**
     * A link carries a connection now. From then on the connection counts for its address in place of the link, until it ends: a client
     * that leaves connections behind is not to get ever more of them.
     *
     * @param fresh whether the connection begins with this link
     * @param counted whether the link still counts itself
     */
    void bound(LinkAttachment attachment, boolean fresh, boolean counted) {
        Handshake handshake = attachment.handshake();
        if (counted) {
            admission.authenticated(handshake);
        }
        if (fresh && !counted) {
            admission.left(handshake);
        } else if (!fresh && counted) {
            admission.closed(handshake, true);
        }
    }

    /** A connection is over, and its client comes by another poll to hear why: it is kept for as long as that takes at most. */
    void part(LiveConnection connection) {
        connections.part(connection);
        time.schedule(limits.pollGap, connection::forget);
    }

    /** The client has heard why, or does not come any more. */
    void parted(LiveConnection connection) {
        connections.parted(connection);
        uncount(connection);
        links.left();
    }

    /** A connection is over. */
    void ended(LiveConnection connection) {
        connections.remove(connection);
        if (!connections.isParting(connection)) {
            uncount(connection);
        }
    }

    /** Nothing is kept for it any more: neither what it was, nor what it is to hear of its end. */
    private void uncount(LiveConnection connection) {
        if (connection.stopsCounting()) {
            admission.closed(connection.handshake(), true);
        }
    }

    /** What of a handshake may count: where nothing shows which page sent it, nothing that a browser adds by itself. */
    Handshake trusted(Handshake handshake) {
        return Origins.isUnknown(handshake) ? handshake.withoutAmbientCredentials() : handshake;
    }

    // ---- Connections ------------------------------------------------------------------------------------------------

    void authenticate(Authenticator.Credentials credentials, Consumer<Authentication> then) {
        boolean asked =
                runCallback(() -> Opening.ask(authenticator, credentials).thenAccept(then));
        if (!asked) {
            then.accept(Authentication.refused());
        }
    }

    /** Makes a connection of an authenticated link; false if there may be no more. */
    boolean open(LinkAttachment link, Authentication verdict, Outbound.@Nullable Authenticated accepted) {
        Handshake handshake = link.handshake();
        if (shutdown.hasBegun()) {
            link.finish(Disconnect.SHUTTING_DOWN);
            return false;
        }
        if (admission.isOver(handshake)) {
            link.finish(Disconnect.TOO_MANY_CONNECTIONS);
            return false;
        }
        List<String> channels = handshake.parameters("channel");
        List<Position> since = since(handshake, channels.size());
        if (since == null && handshake.isPolling() && handshake.since().isPresent()) {
            link.finish(Disconnect.BAD_REQUEST.because(NO_SUCH_SINCE));
            return false;
        }
        String id = ids.id();
        String secret = ids.secret();
        LiveConnection connection = new LiveConnection(this, link, verdict, id, secret);
        Outbound.Welcome welcome = new Outbound.Welcome(
                id,
                verdict.user(),
                handshake.isAcknowledging() ? id + "." + secret : null,
                limits.heartbeat.toMillis(),
                limits.heartbeatTimeout.toMillis(),
                expiresIn(verdict),
                limits.maxFrameBytes,
                limits.mailboxFrames,
                limits.mailboxBytes);
        Frame first = accepted == null ? null : link.codec().encode(accepted);
        Frame second = link.codec().encode(welcome);
        // From here on nothing may fail: who is added must begin, or it would never end.
        if (!connections.add(connection, limits)) {
            link.finish(Disconnect.TOO_MANY_CONNECTIONS);
            return false;
        }
        connection.begin(link, first, second);
        subscribeByUrl(connection, link, channels, since);
        if (shutdown.hasBegun()) {
            connection.disconnect(Disconnect.SHUTTING_DOWN);
        }
        return true;
    }

    /** Where a plain client stood in each channel of its URL; null if it says nothing that can be read. */
    private static @Nullable List<Position> since(Handshake handshake, int channels) {
        return handshake.since().map(text -> Bookmark.read(text, channels)).orElse(null);
    }

    private void subscribeByUrl(
            LiveConnection connection, LinkAttachment link, List<String> channels, @Nullable List<Position> since) {
        for (int i = 0; i < channels.size(); i++) {
            String channel = channels.get(i);
            Position from =
                    since != null ? since.get(i) : link.handshake().since().isPresent() ? Position.UNKNOWN : null;
            Inbound command = ChannelName.isValid(channel)
                    ? new Inbound.Subscribe(null, channel, false, from)
                    : new Inbound.Invalid(
                            null, ErrorCode.BAD_REQUEST, "\"channel\" in the URL is not a channel's name");
            connection.mailbox().post(() -> {
                CompletionStage<?> handled = commands.handle(connection, command);
                if (handled == null) {
                    connection.decided(link, channel);
                    return null;
                }
                return handled.whenComplete((done, failure) -> connection.decided(link, channel));
            });
        }
    }

    /** A token on a living connection: it must stand for the same user. */
    CompletionStage<?> refresh(LiveConnection connection, Inbound.Authenticate auth) {
        Authenticator.Credentials credentials =
                new Authenticator.Credentials(trusted(connection.handshake()), Optional.of(auth.token()));
        return callbacks.bounded(Opening.ask(authenticator, credentials)).handle((verdict, failure) -> {
            boolean good = failure == null
                    && verdict.verdict() == Authentication.Verdict.ACCEPTED
                    && Objects.equals(
                            verdict.user(), connection.authentication().user());
            if (good) {
                connection.refreshed(verdict);
                // New credentials may allow less.
                connection.subscribed().authorizeAgain();
                Frame frame = connection
                        .codec()
                        .encode(new Outbound.Authenticated(auth.id(), verdict.user(), expiresIn(verdict)));
                if (frame != null) {
                    connection.welcome(frame);
                }
            } else {
                connection.disconnect(Disconnect.INVALID_TOKEN);
            }
            return null;
        });
    }

    /** In how many milliseconds credentials run out; null also for what is too far away to count. */
    @Nullable
    Long expiresIn(Authentication verdict) {
        Instant expiry = verdict.expiresAt();
        Instant now = time.now();
        if (expiry == null || expiry.isAfter(now.plus(FOREVER))) {
            return null;
        }
        return expiry.isBefore(now) ? 0 : Duration.between(now, expiry).toMillis();
    }

    Outbox newOutbox(Handshake handshake) {
        return new Outbox(
                handshake.codec(),
                handshake.isAcknowledging(),
                limits.outboxFrames,
                limits.outboxBytes,
                queuedBytes,
                dropped);
    }

    /** When to come back: spread over the close grace, so that not everybody comes at the same moment. */
    @Nullable
    Long retryAfter(Disconnect disconnect) {
        return disconnect.code() == Disconnect.SHUTTING_DOWN.code()
                ? ThreadLocalRandom.current().nextLong(limits.closeGrace.toMillis() + 1)
                : null;
    }

    /** After an orderly end: what does not leave within the grace is given up. */
    void drainUntilGrace(LinkAttachment link, Disconnect cause) {
        time.schedule(limits.closeGrace, () -> {
            if (!link.isGone()) {
                link.close(cause);
            }
        });
    }

    // ---- Messages ---------------------------------------------------------------------------------------------------

    CompletionStage<PublishResult> publish(Publication publication) {
        checked(publication.payload());
        if (shutdown.hasBegun() || !deliveries.hasRoom()) {
            return CompletableFuture.completedStage(PublishResult.FAILED);
        }
        publications.increment();
        return broker.publish(publication);
    }

    void broadcast(String event, Payload payload) {
        Outbound message = new Outbound.Direct(EventName.require(event), checked(payload));
        send(connections.live(), message);
    }

    /** Queues a message everywhere in this thread, so that a sender's order is kept, and wakes the links by another. */
    int send(Iterable<LiveConnection> receivers, Outbound message) {
        Map<Object, Optional<Frame>> encoded = new HashMap<>();
        List<LiveConnection> taken = new ArrayList<>();
        for (LiveConnection connection : receivers) {
            Optional<Frame> frame = encoded.computeIfAbsent(
                    connection.codec(),
                    codec -> Optional.ofNullable(connection.codec().encode(message)));
            if (frame.isPresent() && connection.offer(frame.get())) {
                taken.add(connection);
            }
        }
        taken.forEach(LiveConnection::signal);
        return taken.size();
    }

    /** The payload, if an outbox can take it at all. */
    Payload checked(Payload payload) {
        if (payload.size() > limits.outboxBytes / 2) {
            throw new IllegalArgumentException(
                    "A payload of " + payload.size() + " bytes is more than half of an outbox (" + limits.outboxBytes
                            + " bytes); send a link to it, or raise Limits.outbox");
        }
        return payload;
    }

    /** The data of a member, if it is small enough. */
    void checkMember(Payload data) {
        if (data.size() > limits.memberDataBytes) {
            throw new RequestException(
                    ErrorCode.TOO_LARGE, "The data of a member has at most " + limits.memberDataBytes + " bytes");
        }
    }

    Channel channel(String name) {
        return new ChannelHandle(this, ChannelName.require(name));
    }

    User user(String id) {
        return new UserHandle(this, Objects.requireNonNull(id, "id"));
    }

    Stats stats() {
        int attached = 0;
        for (LiveConnection connection : connections.live()) {
            attached += connection.isAttached() ? 1 : 0;
        }
        return new Stats(
                connections.live().size(),
                attached,
                links.unauthenticated(),
                channels.count(),
                channels.subscriptions(),
                publications.sum(),
                deliveries.count(),
                dropped.sum(),
                queuedBytes.sum());
    }

    // ---- Threads ----------------------------------------------------------------------------------------------------

    /** Runs something that writes and does not block. False if the executor takes no more. */
    boolean deliver(Runnable task) {
        return execute(threads.delivery(), task);
    }

    /** Runs the application's code. False if the executor takes no more. */
    boolean runCallback(Runnable task) {
        return execute(threads.callbacks(), task);
    }

    private static boolean execute(java.util.concurrent.Executor executor, Runnable task) {
        try {
            executor.execute(task);
            return true;
        } catch (Throwable e) {
            System.getLogger(Engine.class.getPackageName())
                    .log(System.Logger.Level.WARNING, "An executor refused a task", e);
            return false;
        }
    }

    void close() {
        shutdown.run(ownTime);
    }

    // ---- Parts ------------------------------------------------------------------------------------------------------

    long now() {
        return time.nanoTime();
    }

    Time time() {
        return time;
    }

    Limits limits() {
        return limits;
    }

    FrameLimits frameLimits() {
        return frameLimits;
    }

    TransportSettings settings() {
        return settings;
    }

    Threads threads() {
        return threads;
    }

    Callbacks callbacks() {
        return callbacks;
    }

    ChannelRules rules() {
        return rules;
    }

    Listeners listeners() {
        return listeners;
    }

    Commands commands() {
        return commands;
    }

    Broker broker() {
        return broker;
    }

    PresenceStore presence() {
        return presence;
    }

    Channels channels() {
        return channels;
    }

    Connections connections() {
        return connections;
    }

    Deliveries deliveries() {
        return deliveries;
    }

    Links links() {
        return links;
    }

    Sweeper sweeper() {
        return sweeper;
    }
}
