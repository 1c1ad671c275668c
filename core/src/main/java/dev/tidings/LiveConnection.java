package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.EventName;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.protocol.Text;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
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
    private static final Duration RETRY_POST = Duration.ofMillis(500);
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
    /** For plain clients of one-way wires that named channels in their URL. */
    private final @Nullable Bookmark bookmark;

    /** The number of the last poll that carried it; also while something else does, so that no old one comes back. */
    @GuardedBy("handover")
    private long pollNumber;

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
        }
    }

    // ---- Life -------------------------------------------------------------------------------------------------------

    /** Goes on with another link. False if it has ended. */
    boolean resume(LinkAttachment link, long received) {
        Life.State before;
        long expects = 0;
        handover.lock();
        try {
            if (link.pollNumber() > 0 && link.pollNumber() <= pollNumber) {
                // An old request that was late or came twice; the newer one stays.
                link.finish(Disconnect.IN_USE);
                return true;
            }
            before = life.carry(link);
            if (before != null) {
                pollNumber = Math.max(pollNumber, link.pollNumber());
                transport = link.transport();
                if (before.link() != null) {
                    outbox.detach(before.link());
                }
                expects = mailbox.attach(link);
            }
        } finally {
            handover.unlock();
        }
        if (before == null) {
            return lastCall(link, received);
        }
        if (before.link() != null) {
            before.link().finish(Disconnect.IN_USE);
        }
        link.bind(this, expects, false);
        if (before.isPolled() && link.handshake().isPolling()) {
            polled(link, received);
        } else {
            long next = expects;
            subscriptions.authorizeAgain().whenComplete((done, failure) -> resumed(link, received, next));
        }
        return true;
    }

    /** Poll after poll: nobody need hear of it, and nothing need be asked again. */
    private void polled(LinkAttachment link, long received) {
        Outbox.Lost lost;
        handover.lock();
        try {
            if (life.link() != link) {
                return;
            }
            if (received + 1 < outbox.nextNumber()) {
                // An answer was lost, and perhaps an acknowledgement with it.
                acknowledgeAgain();
            }
            lost = outbox.resume(link, null, received, 0, subscriptions.names());
        } finally {
            handover.unlock();
        }
        carriedOn(link, lost);
    }

    /** It ended while it was polled: another poll takes what is left, and hears why. */
    private boolean lastCall(LinkAttachment link, long received) {
        Life.State before = life.lastCall(link);
        if (before == null) {
            return false;
        }
        if (before.link() != null) {
            before.link().finish(Disconnect.IN_USE);
        }
        long expects = mailbox.expects();
        link.bind(this, expects, false);
        String told = link.handshake().isPolling() ? null : id;
        if (outbox.resume(link, told, received, expects, Set.of()) == null) {
            link.finish(Disconnect.BAD_REQUEST);
        } else {
            link.settle();
            signal();
        }
        return true;
    }

    private void carriedOn(LinkAttachment link, Outbox.@Nullable Lost lost) {
        if (lost == null) {
            link.fail(Disconnect.BAD_REQUEST.because("More frames received than were sent"));
            return;
        }
        if (lost.direct()) {
            subscriptions.tellAgain();
        }
        memberships.showAll();
        link.settle();
        signal();
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
        carriedOn(link, lost);
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

    /** A link is gone. */
    void linkGone(LinkAttachment link, Disconnect cause) {
        if (handshake.isAcknowledging() && cause.reconnect() != Disconnect.Reconnect.NEVER) {
            drop(link, null);
        } else {
            end(cause, false, link);
        }
        outbox.detach(link);
        if (!isOpen() && life.part(link)) {
            part(link);
        }
    }

    /** The last link of an ended connection is gone. A poll may have been answered before all was said: the next one takes the rest. */
    private void part(LinkAttachment link) {
        if (!link.handshake().isPolling() || link.hasToldItsEnd()) {
            engine.connections().parted(this);
        }
        if (!engine.connections().isParting(this)) {
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
            if (before != null && !link.handshake().isPolling()) {
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
        if (before.isPolled() && handshake.isAcknowledging()) {
            engine.part(this);
        }
        engine.ended(this);
        Set<String> ended = subscriptions.end();
        requests.end();
        leavePresence(cause);
        ended.forEach(channel ->
                engine.listeners().later(this, () -> engine.listeners().unsubscribed(this, channel)));
        engine.listeners().later(this, () -> engine.listeners().disconnected(this, cause));
        LinkAttachment link = before.link();
        if (link == null) {
            if (!orderly || !before.isBetweenPolls()) {
                outbox.clear();
            }
        } else if (orderly) {
            engine.drainUntilGrace(link, cause);
            signal();
            if (link.isGone() && !before.isPolled()) {
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
        } else if (current.isBetweenPolls()) {
            if (now - current.since() > limits.pollGap.toNanos()) {
                lapse(current);
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

    /** The next poll did not come. */
    private void lapse(Life.State between) {
        boolean start;
        handover.lock();
        try {
            start = life.lapse(between)
                    && engine.listeners().queue(this, () -> engine.listeners().detached(this));
        } finally {
            handover.unlock();
        }
        if (start) {
            mailbox.start();
        }
    }

    /** It ended while it was polled, and no other poll came. */
    void forget() {
        if (life.link() == null) {
            outbox.clear();
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
        // A poll has one answer: the last word is in it, or in none.
        if (end == null || !outbox.isDrained(link, !link.handshake().isPolling())) {
            return false;
        }
        link.finish(end);
        return true;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    /** A client's frame; false if the link has ended by it. */
    boolean receive(LinkAttachment link, Inbound inbound, long number, int size) {
        Taken taken = take(link, inbound, number, size);
        if (taken.fault() != null) {
            link.fail(taken.fault());
        }
        return taken.goesOn();
    }

    /**
     * Frames that came by a request of their own. A fault is answered to the request and ends nothing, because the client can send them
     * again.
     */
    Posted post(long first, Iterable<String> frames) {
        LinkAttachment link = life.link();
        if (link != null) {
            link.heard(engine.now());
        }
        if (first < mailbox.expects()) {
            // It would not repeat them if it knew.
            acknowledgeAgain();
            signal();
        }
        long number = first;
        for (String text : frames) {
            int size = Text.utf8Length(text);
            if (size > engine.limits().maxFrameBytes) {
                return new Posted(mailbox.expects(), new Refusal(Disconnect.TOO_LARGE, null));
            }
            for (Inbound inbound : LinkAttachment.decode(text, codec, engine.frameLimits())) {
                Taken taken = Taken.YES;
                if (!inbound.isCounted()) {
                    taken = take(null, inbound, 0, size);
                } else if (number++ >= mailbox.expects()) {
                    taken = take(null, inbound, number - 1, size);
                }
                if (!taken.goesOn()) {
                    return new Posted(mailbox.expects(), taken.fault() == null ? null : refusal(taken.fault()));
                }
            }
        }
        return new Posted(mailbox.expects(), null);
    }

    private static Refusal refusal(Disconnect fault) {
        boolean passes = fault.reconnect() == Disconnect.Reconnect.WITH_BACKOFF;
        return new Refusal(fault, passes ? RETRY_POST : null);
    }

    /**
     * What became of a frame.
     *
     * @param goesOn whether the next one may be taken
     * @param fault the rule that the client broke
     */
    private record Taken(boolean goesOn, @Nullable Disconnect fault) {
        static final Taken YES = new Taken(true, null);
        static final Taken OVER = new Taken(false, null);

        static Taken not(Disconnect fault) {
            return new Taken(false, fault);
        }
    }

    /** Takes a frame that came on a link, or, without one, beside it. */
    private Taken take(@Nullable LinkAttachment link, Inbound inbound, long number, int size) {
        if (!rates.admits(inbound, size, engine.now())) {
            return Taken.not(Disconnect.RATE_LIMITED);
        }
        if (!inbound.isCounted()) {
            return control(link, inbound, size);
        }
        Mailbox.Receipt receipt =
                mailbox.accept(link, number, size, () -> engine.commands().handle(this, inbound));
        return switch (receipt) {
            case ACCEPTED -> {
                requests.answered(inbound);
                yield Taken.YES;
            }
            case DUPLICATE -> Taken.YES;
            case STALE -> Taken.OVER;
            case FULL -> Taken.not(Disconnect.RATE_LIMITED.because(UNHANDLED));
            case HOLE -> Taken.not(Disconnect.BAD_REQUEST.because("A frame is missing before number " + number));
        };
    }

    /** What the protocol itself answers, at once. */
    private Taken control(@Nullable LinkAttachment link, Inbound inbound, int size) {
        if (inbound instanceof Inbound.Ping) {
            outbox.owePong();
            signal();
        } else if (inbound instanceof Inbound.Ack ack) {
            if (!outbox.acknowledge(ack.received())) {
                return Taken.not(Disconnect.BAD_REQUEST.because("More frames acknowledged than were sent"));
            }
        } else if (inbound instanceof Inbound.Close) {
            end(Disconnect.NORMAL, true, link);
            return Taken.OVER;
        } else if (inbound instanceof Inbound.Authenticate auth) {
            // It waits like any other frame, and within the same bounds.
            if (mailbox.accept(link, 0, size, () -> engine.refresh(this, auth)) == Mailbox.Receipt.FULL) {
                return Taken.not(Disconnect.RATE_LIMITED.because(UNHANDLED));
            }
        } else if (inbound instanceof Inbound.Resume) {
            fault(null, ErrorCode.BAD_REQUEST, "The connection is open already", null);
        }
        return Taken.YES;
    }

    /** An acknowledgement for a share of frames, so that it costs little; the sweep sends what is left over. */
    private void handled(long number) {
        boolean due = number % ackEvery == 0;
        outbox.oweAck(number, due);
        if (due) {
            signal();
        }
    }

    private void acknowledgeAgain() {
        long handled = mailbox.handledNumber();
        if (handled > 0) {
            outbox.oweAck(handled, true);
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
        Frame frame = outbox.poll(link, engine.now());
        if (frame != null && bookmark != null) {
            bookmark.passed(frame);
        }
        return frame;
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
        return isAttached() ? Optional.of(transport) : Optional.empty();
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
