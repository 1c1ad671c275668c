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
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection that lives on this node. It ties together what each has one job: {@link Outbox}, {@link Mailbox},
 * {@link Subscriptions}, {@link Memberships}, {@link Requests}.
 *
 * <p>{@link Life} says what it is at the moment; whoever ends it, and nobody else, does what belongs to the end.
 */
final class LiveConnection implements Connection {

    private static final int ACK_EVERY = 16;
    private static final String UNHANDLED = "Too many frames unhandled";

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
    private final Life life;
    /**
     * Held while the life changes and what must agree with it does: of two links that resume at the same moment the one that the life
     * names has the mailbox and the outbox too, and listeners hear of changes in their order. Above the locks of mailbox and outbox.
     */
    private final ReentrantLock handover = new ReentrantLock();
    /** Whether it has begun; an end that comes before waits in {@code early}, so that listeners hear of the beginning first. */
    private volatile boolean begun;

    private final AtomicReference<Disconnect> early = new AtomicReference<>();
    private final AtomicBoolean waking = new AtomicBoolean();
    private final Runnable signalled = this::wakeSignalled;
    private final int ackEvery;
    private volatile Authentication authentication;

    LiveConnection(Engine engine, LinkAttachment link, Authentication authentication, String id, String secret) {
        this.engine = engine;
        this.id = id;
        this.secret = secret;
        this.handshake = link.handshake();
        this.codec = handshake.codec();
        this.authentication = authentication;
        this.attributes.putAll(authentication.attributes());
        this.life = new Life(link);
        Limits limits = engine.limits();
        this.ackEvery = Math.max(1, Math.min(ACK_EVERY, limits.mailboxFrames / 4));
        this.outbox = engine.newOutbox(handshake);
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
        signal();
        begun = true;
        Disconnect ended = early.getAndSet(null);
        if (ended != null) {
            end(ended, true);
        }
    }

    // ---- Life -------------------------------------------------------------------------------------------------------

    /** Goes on with another link. False if it has ended. */
    boolean resume(LinkAttachment link, long received) {
        LinkAttachment old;
        long expects;
        handover.lock();
        try {
            Life.State before = life.carry(link);
            if (before == null) {
                return false;
            }
            old = before.link();
            if (old != null) {
                outbox.detach(old);
            }
            expects = mailbox.attach(link);
        } finally {
            handover.unlock();
        }
        if (old != null) {
            old.finish(Disconnect.IN_USE);
        }
        link.bind(this, expects, false);
        subscriptions.authorizeAgain().whenComplete((done, failure) -> resumed(link, received, expects));
        return true;
    }

    private void resumed(LinkAttachment link, long received, long expects) {
        Outbox.Lost lost;
        boolean start = false;
        handover.lock();
        try {
            if (life.isEnded() || life.link() != link) {
                return;
            }
            lost = outbox.resume(link, id, received, expects, subscriptions.names());
            if (lost != null) {
                start = engine.listeners().queue(this, () -> engine.listeners().resumed(this));
            }
        } finally {
            handover.unlock();
        }
        if (start) {
            mailbox.start();
        }
        if (lost == null) {
            link.fail(Disconnect.BAD_REQUEST.because("More frames received than were sent"));
            return;
        }
        if (lost.direct()) {
            subscriptions.tellAgain();
        }
        memberships.showAll();
        signal();
    }

    /** A link is gone. */
    void linkGone(LinkAttachment link, Disconnect cause) {
        if (handshake.isAcknowledging() && cause.reconnect() != Disconnect.Reconnect.NEVER) {
            drop(link, null);
        } else {
            end(cause, false, link);
        }
        outbox.detach(link);
        if (!isOpen()) {
            outbox.clear();
        }
    }

    /** Lets go of a link, with a word why if there is one; the connection waits for another. */
    void drop(LinkAttachment link, @Nullable Disconnect cause) {
        Life.State before;
        boolean start = false;
        handover.lock();
        try {
            before = life.detach(link, engine.now());
            if (before != null) {
                start = engine.listeners().queue(this, () -> engine.listeners().detached(this));
            }
        } finally {
            handover.unlock();
        }
        if (before != null) {
            outbox.detach(link);
        }
        if (start) {
            mailbox.start();
        }
        if (cause != null) {
            link.finish(cause);
        }
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
            if (!begun || early.getAndSet(null) == null) {
                return;
            }
        }
        Life.State before;
        handover.lock();
        try {
            before = life.end(cause, only);
        } finally {
            handover.unlock();
        }
        if (before == null) {
            return;
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
        LinkAttachment link = before.link();
        if (link == null) {
            outbox.clear();
        } else if (orderly) {
            engine.drainUntilGrace(link, cause);
            signal();
            if (link.isGone()) {
                // It went while the connection began: nobody else will say so.
                outbox.clear();
            }
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
        Life.State current = life.now();
        Limits limits = engine.limits();
        if (outbox.ackIsDue()) {
            signal();
        }
        if (isExpired(wallClock)) {
            end(Disconnect.TOKEN_EXPIRED, true);
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

    /** Whether its credentials ran out, and their grace too. */
    boolean isExpired(Instant wallClock) {
        Instant expiry = authentication.expiresAt();
        return expiry != null && wallClock.minus(engine.limits().tokenGrace).isAfter(expiry);
    }

    /** After the last of an ended connection has left: its link says why and closes. */
    boolean finishIfDrained(LinkAttachment link) {
        Disconnect end = life.now().end();
        if (end == null || !outbox.isDrained(link)) {
            return false;
        }
        link.finish(end);
        return true;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    /** A client's frame; false if the link has ended by it. */
    boolean receive(LinkAttachment link, Inbound inbound, long number, int size) {
        long now = engine.now();
        if (!rates.admits(inbound, size, now)) {
            link.fail(Disconnect.RATE_LIMITED);
            return false;
        }
        if (!inbound.isCounted()) {
            return control(link, inbound, size);
        }
        Mailbox.Receipt receipt =
                mailbox.accept(link, number, size, () -> engine.commands().handle(this, inbound));
        switch (receipt) {
            case ACCEPTED -> requests.answered(inbound);
            case DUPLICATE, STALE -> {}
            case FULL -> link.fail(Disconnect.RATE_LIMITED.because(UNHANDLED));
            case HOLE -> link.fail(Disconnect.BAD_REQUEST.because("A frame is missing before number " + number));
        }
        return receipt == Mailbox.Receipt.ACCEPTED || receipt == Mailbox.Receipt.DUPLICATE;
    }

    /** What the protocol itself answers, at once. */
    private boolean control(LinkAttachment link, Inbound inbound, int size) {
        if (inbound instanceof Inbound.Ping) {
            outbox.owePong();
            signal();
        } else if (inbound instanceof Inbound.Ack ack) {
            if (!outbox.acknowledge(ack.received())) {
                link.fail(Disconnect.BAD_REQUEST.because("More frames acknowledged than were sent"));
                return false;
            }
        } else if (inbound instanceof Inbound.Close) {
            end(Disconnect.NORMAL, true, link);
            return false;
        } else if (inbound instanceof Inbound.Authenticate auth) {
            // It waits like any other frame, and within the same bounds.
            if (mailbox.accept(link, 0, size, () -> engine.refresh(this, auth)) == Mailbox.Receipt.FULL) {
                link.fail(Disconnect.RATE_LIMITED.because(UNHANDLED));
                return false;
            }
        } else if (inbound instanceof Inbound.Resume) {
            fault(null, ErrorCode.BAD_REQUEST, "The connection is open already", null);
        }
        return true;
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
        LinkAttachment link = life.link();
        if (!rates.admitsError(engine.now()) && link != null) {
            link.fail(Disconnect.BAD_REQUEST.because("Too many errors"));
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
        LinkAttachment link = life.link();
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
        LinkAttachment link = life.link();
        if (link != null) {
            link.wake();
        }
    }

    @Nullable
    Frame poll(LinkAttachment link) {
        return outbox.poll(link, engine.now());
    }

    /** True if that was the last of an ended connection. */
    boolean written(LinkAttachment link) {
        outbox.written(link);
        return life.isEnded();
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
        Disconnect end = life.now().end();
        return end != null
                && (end.code() == Disconnect.UNAUTHORIZED.code() || end.code() == Disconnect.FORBIDDEN.code());
    }

    boolean isAttached() {
        return life.now().phase() == Life.Phase.OPEN;
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
        Life.State current = life.now();
        LinkAttachment link = current.link();
        return current.phase() == Life.Phase.OPEN && link != null ? Optional.of(link.transport()) : Optional.empty();
    }

    @Override
    public boolean isOpen() {
        return !life.isEnded();
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
