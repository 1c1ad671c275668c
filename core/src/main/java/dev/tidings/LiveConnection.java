package dev.tidings;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.EventName;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A connection that lives on this node. It ties together what each has one job: {@link Outbox}, {@link Mailbox},
 * {@link Subscriptions}, {@link Memberships}, {@link Requests}, {@link Incoming}.
 *
 * <p>{@link Handover} says what it is at the moment, and which link carries it; whoever ends it, and nobody else, does what belongs to
 * the end.
 */
final class LiveConnection implements Connection {

    private static final int ACK_EVERY = 16;

    private final Engine engine;
    private final String id;
    private final String secret;
    private final Handshake handshake;
    private final Codec codec;
    private final Outbox outbox;
    private final Mailbox mailbox;
    private final Subscriptions subscriptions;
    private final Memberships memberships;
    private final Requests requests;
    private final Rates rates;
    private final ConcurrentHashMap<String, Object> attributes = new ConcurrentHashMap<>();
    private final Handover handover;
    private final Incoming incoming;
    /** Whether it has begun; an end that comes before waits in {@code early}, so that listeners hear of the beginning first. */
    private volatile boolean begun;

    private final AtomicReference<Disconnect> early = new AtomicReference<>();
    private final AtomicBoolean waking = new AtomicBoolean();
    /** Whether it counts for its address; whoever ends that says so to the counters. */
    private final AtomicBoolean counted = new AtomicBoolean(true);

    private final Runnable signalled = this::wakeSignalled;
    private final int ackEvery;
    /** For plain clients of one-way wires that named channels in their URL. */
    private final @Nullable Bookmark bookmark;

    /** What carries it, or carried it last. */
    private volatile String transport;

    private volatile Authentication authentication;

    LiveConnection(Engine engine, LinkAttachment link, Authentication authentication, String id, String secret) {
        this.engine = engine;
        this.id = id;
        this.secret = secret;
        this.handshake = link.handshake();
        this.codec = handshake.codec();
        this.authentication = authentication;
        this.transport = link.transport();
        this.attributes.putAll(authentication.attributes());
        Limits limits = engine.limits();
        this.ackEvery = Math.max(1, Math.min(ACK_EVERY, limits.mailboxFrames / 4));
        this.outbox = engine.newOutbox(handshake);
        this.handover = new Handover(engine, this, outbox, link);
        this.mailbox = new Mailbox(
                engine.threads().callbacks(),
                limits.mailboxFrames,
                limits.mailboxBytes,
                this::handled,
                () -> end(Disconnect.INTERNAL_ERROR, false));
        this.memberships = new Memberships(
                id, authentication.user(), engine.presence(), engine.threads().delivery(), limits.subscriptions);
        this.subscriptions = new Subscriptions(engine, this);
        this.requests = new Requests(engine, this);
        this.rates = new Rates(limits, engine.now());
        this.incoming = new Incoming(engine, this, outbox, mailbox, requests);
        List<String> channels = handshake.parameters("channel");
        boolean oneWay = !handshake.allowsAuthFrame() && !handshake.isAcknowledging();
        this.bookmark = oneWay && !channels.isEmpty() ? new Bookmark(channels) : null;
    }

    /** Begins on its first link. */
    void begin(LinkAttachment link, @Nullable Frame accepted, @Nullable Frame welcome) {
        if (accepted != null) {
            outbox.offerCarrier(accepted);
        }
        if (welcome != null) {
            outbox.offerCarrier(welcome);
        }
        outbox.attach(link);
        long expects = mailbox.attach(link);
        engine.listeners().later(this, () -> engine.listeners().connected(this));
        link.bind(this, expects, true);
        if (bookmark == null) {
            link.settle();
        }
        signal();
        begun = true;
        Disconnect ended = early.getAndSet(null);
        if (ended != null) {
            end(ended, true);
            LinkAttachment present = handover.link();
            if (present != null && present.isGone()) {
                // It went while the connection began, this link or one that took over: nobody else will say so.
                handover.gone(present, false);
            }
        }
    }

    // ---- Life -------------------------------------------------------------------------------------------------------

    /** Goes on with another link. False if it has ended. */
    boolean resume(LinkAttachment link, long received) {
        return handover.resume(link, received);
    }

    /** For one of the channels in the URL it is decided whether the client is subscribed. */
    void decided(LinkAttachment link, String channel) {
        if (bookmark == null || !bookmark.decided(subscriptions.contains(channel))) {
            return;
        }
        if (bookmark.stands()) {
            link.settle();
            signal();
        } else {
            end(Disconnect.FORBIDDEN.because("None of the channels may be subscribed to"), false, link);
        }
    }

    /** Where a plain client stands in the channels of its URL. */
    @Nullable
    String position() {
        return bookmark == null ? null : bookmark.text();
    }

    /**
     * A link is gone.
     *
     * @param told whether it has said why it ends
     */
    void linkGone(LinkAttachment link, Disconnect cause, boolean told) {
        if (handshake.isAcknowledging() && cause.reconnect() != Disconnect.Reconnect.NEVER) {
            handover.drop(link, null);
        } else {
            end(cause, false, link);
        }
        handover.gone(link, told);
    }

    /** Lets go of a link, with a word why if there is one; the connection waits for another. */
    void drop(LinkAttachment link, @Nullable Disconnect cause) {
        handover.drop(link, cause);
    }

    /** The client broke a rule. */
    void fail(LinkAttachment link, Disconnect disconnect) {
        if (handshake.isAcknowledging() && disconnect.reconnect() == Disconnect.Reconnect.WITH_BACKOFF) {
            drop(link, disconnect);
        } else {
            end(disconnect, false, link);
        }
    }

    /** The client does not read: what it does not read cannot tell it so. */
    void tooSlow(LinkAttachment link) {
        if (handshake.isAcknowledging()) {
            drop(link, null);
        } else {
            end(Disconnect.SLOW_CONSUMER, false, link);
        }
        link.close(Disconnect.SLOW_CONSUMER);
    }

    /** The client has said that it leaves for good, on a link or beside it. If no link is there, nothing waits for another. */
    void closed(@Nullable LinkAttachment link) {
        end(Disconnect.NORMAL, handover.link() != null, link);
    }

    private void end(Disconnect cause, boolean orderly) {
        end(cause, orderly, null);
    }

    /**
     * Ends it, once.
     *
     * @param orderly whether what waits still leaves
     * @param only if given, only while this link carries it
     */
    private void end(Disconnect cause, boolean orderly, @Nullable LinkAttachment only) {
        if (!begun) {
            early.set(cause);
            // It ends when it has begun, but whoever ends it is told now that nothing is said afterwards.
            outbox.seal();
            if (!begun || early.getAndSet(null) == null) {
                return;
            }
        }
        Life.State before = handover.end(cause, only);
        if (before == null) {
            return;
        }
        if (before.isPolled() && handshake.isAcknowledging()) {
            // Before it leaves the map: the next poll is to find it in one or the other.
            handover.part();
        }
        outbox.seal();
        mailbox.close();
        engine.ended(this);
        Set<String> ended = subscriptions.end();
        requests.end();
        leavePresence(cause);
        ended.forEach(channel ->
                engine.listeners().later(this, () -> engine.listeners().unsubscribed(this, channel)));
        engine.listeners().later(this, () -> engine.listeners().disconnected(this, cause));
        leave(before, cause, orderly && handover.isLetIn());
    }

    /** Lets what waits leave, or throws it away, and says why. */
    private void leave(Life.State before, Disconnect cause, boolean orderly) {
        LinkAttachment link = before.link();
        if (link == null) {
            if (!orderly || !before.isBetweenPolls()) {
                outbox.clear();
            }
            // The next poll may have come already, and wait for the end of this.
            signal();
        } else if (orderly && (handshake.isAcknowledging() || link.isSettled())) {
            engine.drainUntilGrace(link, cause);
            signal();
        } else {
            outbox.clear();
            link.finish(cause);
        }
    }

    /** A member whose link broke stays for the grace, because its client is likely to be back. */
    private void leavePresence(Disconnect cause) {
        memberships.end();
        if (memberships.isEmpty()) {
            return;
        }
        if (cause.code() == Disconnect.NORMAL.code() || cause.code() >= 4000) {
            memberships.hideAll();
        } else {
            engine.time().schedule(engine.limits().presenceGrace, memberships::hideAll);
        }
    }

    /** Once a sweep: what takes too long ends. */
    void sweep(long now, Instant wallClock) {
        Life.State current = handover.now();
        Limits limits = engine.limits();
        if (outbox.ackIsDue()) {
            signal();
        }
        if (isExpired(wallClock)) {
            end(Disconnect.TOKEN_EXPIRED, true);
        } else if (current.isBetweenPolls()) {
            if (now - current.since() > limits.pollGap.toNanos()) {
                handover.lapse(current, now);
            }
        } else if (current.phase() == Life.Phase.DETACHED) {
            long away = now - current.since();
            if (away > limits.resumeWindow.toNanos()) {
                end(Disconnect.RESUME_EXPIRED, false);
            } else if (away > limits.presenceGrace.toNanos()) {
                memberships.hideAll();
                if (isAttached()) {
                    // It has resumed in between.
                    memberships.showAll();
                }
            }
        }
    }

    /** True for whoever is the one to uncount it. */
    boolean stopsCounting() {
        return counted.compareAndSet(true, false);
    }

    /** It has ended, and no other poll came to hear so. */
    void forget() {
        handover.forget();
    }

    /** Whether its credentials ran out, and their grace too. */
    boolean isExpired(Instant wallClock) {
        Instant expiry = authentication.expiresAt();
        return expiry != null && wallClock.minus(engine.limits().tokenGrace).isAfter(expiry);
    }

    /** After the last of an ended connection has left: its link says why and closes. */
    boolean finishIfDrained(LinkAttachment link) {
        Disconnect end = handover.now().end();
        if (end == null || !outbox.isDrained(link, !link.handshake().isPolling())) {
            return false;
        }
        link.finish(end);
        return true;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    /** A client's frame; false if the link has ended by it. */
    boolean receive(LinkAttachment link, Inbound inbound, long number, int size) {
        return incoming.receive(link, inbound, number, size);
    }

    /** Frames that came beside the link, which proves that the client is there. */
    Posted post(long first, Iterable<String> frames) {
        LinkAttachment link = handover.link();
        if (link != null) {
            link.heard(engine.now());
        }
        return incoming.post(first, frames);
    }

    /** An acknowledgement for a share of frames, so that it costs little; the sweep sends what is left over. */
    private void handled(long number) {
        boolean due = number % ackEvery == 0;
        outbox.oweAck(number, due);
        if (due) {
            signal();
        }
    }

    /** Tells the client that it made a mistake; too many of them end the link. */
    void fault(@Nullable String command, ErrorCode code, String reason, @Nullable String channel) {
        tell(new Outbound.Failure(command, code, reason, channel));
        if (!rates.admitsError(engine.now())) {
            Disconnect tooMany = Disconnect.BAD_REQUEST.because("Too many errors");
            LinkAttachment link = handover.link();
            if (link != null) {
                link.fail(tooMany);
            } else {
                end(tooMany, false);
            }
        }
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    Codec codec() {
        return codec;
    }

    /** On the fan-out path: offers, in the delivery's thread, which wakes the link when it has offered all it has. */
    boolean deliver(Subscription subscription, Frame frame) {
        return taken(outbox.offer(subscription.lane(), frame));
    }

    boolean deliverPresence(Subscription subscription, Frame frame, long version) {
        return taken(outbox.offerPresence(subscription.lane(), frame, version));
    }

    private boolean taken(Outbox.Offer offer) {
        if (offer == Outbox.Offer.OVERFLOW) {
            overflowed();
        }
        return offer == Outbox.Offer.TAKEN;
    }

    /** The outbox has got more than an offer, and perhaps more than it holds. */
    void refilled() {
        if (outbox.hasOverflowed()) {
            overflowed();
        } else {
            signal();
        }
    }

    /** Says something to this client; false if it cannot be taken. */
    boolean tell(Outbound message) {
        Frame frame = codec().encode(message);
        if (frame == null || !offer(frame)) {
            return false;
        }
        signal();
        return true;
    }

    /** Queues a frame without waking the link. */
    boolean offer(Frame frame) {
        return taken(outbox.offer(frame));
    }

    private void overflowed() {
        LinkAttachment link = handover.link();
        if (link != null) {
            engine.deliver(() -> tooSlow(link));
        } else if (!handshake.isAcknowledging()) {
            engine.deliver(() -> end(Disconnect.SLOW_CONSUMER, false));
        }
    }

    void ping() {
        tell(new Outbound.Ping());
    }

    void welcome(Frame frame) {
        outbox.offerCarrier(frame);
        signal();
    }

    /** Wakes the link soon, by a thread that may write. Whoever sends is not to become a writer. */
    void signal() {
        if (waking.compareAndSet(false, true) && !engine.deliver(signalled)) {
            waking.set(false);
            end(Disconnect.INTERNAL_ERROR, false);
        }
    }

    private void wakeSignalled() {
        waking.set(false);
        wake();
    }

    /** Wakes the link now, in a thread that may write. */
    void wake() {
        LinkAttachment link = handover.link();
        if (link != null) {
            link.wake();
        }
    }

    @Nullable
    Frame poll(LinkAttachment link) {
        Frame frame = outbox.poll(link, engine.now());
        if (frame != null && bookmark != null) {
            bookmark.passed(frame);
        }
        return frame;
    }

    /** True if that was the last of an ended connection. */
    boolean written(LinkAttachment link) {
        outbox.written(link);
        return handover.isEnded();
    }

    long writingSince(LinkAttachment link, long now) {
        return outbox.writingSince(link, now);
    }

    long nextNumber() {
        return outbox.nextNumber();
    }

    // ---- Parts ------------------------------------------------------------------------------------------------------

    Outbox outbox() {
        return outbox;
    }

    Mailbox mailbox() {
        return mailbox;
    }

    Subscriptions subscribed() {
        return subscriptions;
    }

    Memberships memberships() {
        return memberships;
    }

    Rates rates() {
        return rates;
    }

    boolean isSecret(String offered) {
        return Ids.same(secret, offered);
    }

    /**
     * Whether what the client sent is not to be handled any more. After other ends it still is: a client that sends and closes
     * has sent.
     */
    boolean isRevoked() {
        Disconnect end = handover.now().end();
        return end != null
                && (end.code() == Disconnect.UNAUTHORIZED.code() || end.code() == Disconnect.FORBIDDEN.code());
    }

    boolean isAttached() {
        return handover.now().phase() == Life.Phase.OPEN;
    }

    void carriedBy(String name) {
        transport = name;
    }

    Authentication authentication() {
        return authentication;
    }

    void refreshed(Authentication renewed) {
        authentication = renewed;
        attributes.putAll(renewed.attributes());
    }

    // ---- The application's view -------------------------------------------------------------------------------------

    @Override
    public String id() {
        return id;
    }

    @Override
    public Optional<String> user() {
        return Optional.ofNullable(authentication.user());
    }

    @Override
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(authentication.expiresAt());
    }

    @Override
    public Handshake handshake() {
        return handshake;
    }

    @Override
    public Optional<String> transport() {
        return isAttached() ? Optional.of(transport) : Optional.empty();
    }

    @Override
    public boolean isOpen() {
        return !handover.isEnded();
    }

    @Override
    public Map<String, Object> attributes() {
        return attributes;
    }

    @Override
    public Set<String> subscriptions() {
        return subscriptions.names();
    }

    @Override
    public boolean send(String event, Payload payload) {
        return tell(new Outbound.Direct(EventName.require(event), engine.checked(payload)));
    }

    @Override
    public CompletionStage<Payload> request(String event, Payload payload, Duration timeout) {
        return requests.ask(EventName.require(event), engine.checked(payload), timeout);
    }

    @Override
    public CompletionStage<Boolean> subscribe(String channel) {
        return subscriptions.subscribeByServer(channel);
    }

    @Override
    public boolean unsubscribe(String channel) {
        return subscriptions.unsubscribeByServer(channel, ErrorCode.FORBIDDEN, "The server ended the subscription");
    }

    @Override
    public void disconnect(Disconnect disconnect) {
        end(disconnect, true);
    }

    @Override
    public String toString() {
        return "Connection(" + id + ")";
    }
}
