package dev.tidings;

import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Outbound;
import dev.tidings.spi.PresenceStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of one connection.
 *
 * <p>Without a lock: whoever adds looks afterwards whether the connection has ended, whoever ends it removes afterwards what is there,
 * and removing happens once. So no subscription outlives its connection.
 */
final class Subscriptions {

    private final Engine engine;
    private final LiveConnection connection;
    private final ConcurrentHashMap<String, Subscription> byChannel = new ConcurrentHashMap<>(4);
    private final AtomicInteger count = new AtomicInteger();
    /** What the server ended, to be told again should the word be lost; of very many the first ones. */
    private final ConcurrentHashMap<String, Outbound.Unsubscribed> withdrawn = new ConcurrentHashMap<>(1);

    Subscriptions(Engine engine, LiveConnection connection) {
        this.engine = engine;
        this.connection = connection;
    }

    Set<String> names() {
        return new TreeSet<>(byChannel.keySet());
    }

    boolean contains(String channel) {
        return byChannel.containsKey(channel);
    }

    /** What became of a wish to subscribe. */
    enum Result {
        /** The subscription stands from now on. */
        SUBSCRIBED,
        /** The subscription stood before. */
        ALREADY,
        /** The connection has as many as it may have. */
        TOO_MANY,
        /** The connection has ended, or the subscription was ended while it began. */
        ENDED,
        /** The broker cannot bring the channel's publications. */
        UNAVAILABLE
    }

    /**
     * Subscribes, without asking a rule and without telling the listeners.
     *
     * @param asked whether the client wants it
     * @param id what to answer to, or null: then the server's wish is told, and the client's is not answered
     * @param presence whether members and their changes are wanted
     */
    CompletionStage<Result> subscribe(String channel, boolean asked, @Nullable String id, boolean presence) {
        Subscription fresh = new Subscription(connection, channel, asked);
        if (count.incrementAndGet() > engine.limits().subscriptions && !contains(channel)) {
            count.decrementAndGet();
            return CompletableFuture.completedStage(Result.TOO_MANY);
        }
        Subscription present = byChannel.putIfAbsent(channel, fresh);
        if (present != null) {
            count.decrementAndGet();
            return again(present, id, presence);
        }
        withdrawn.remove(channel);
        engine.channels().add(fresh);
        if (!connection.isOpen()) {
            remove(fresh);
            return CompletableFuture.completedStage(Result.ENDED);
        }
        return fresh.ready().handle((ready, failure) -> {
            if (failure != null) {
                remove(fresh);
                return Result.UNAVAILABLE;
            }
            return opened(fresh, id, presence);
        });
    }

    private Result opened(Subscription subscription, @Nullable String id, boolean presence) {
        String channel = subscription.channel();
        boolean told = id != null || !subscription.isAsked();
        Frame word = told ? connection.codec().encode(new Outbound.Subscribed(id, channel, null, null)) : null;
        if (!connection.outbox().open(subscription.lane(), word)) {
            return Result.ENDED;
        }
        connection.refilled();
        if (presence) {
            showPresence(subscription);
        }
        return Result.SUBSCRIBED;
    }

    /** It stands already: answer, and add what is new. */
    private CompletionStage<Result> again(Subscription subscription, @Nullable String id, boolean presence) {
        return subscription.ready().handle((ready, failure) -> {
            if (failure != null) {
                return Result.UNAVAILABLE;
            }
            if (subscription.hasEnded()) {
                return Result.ENDED;
            }
            if (id != null) {
                connection.tell(new Outbound.Subscribed(id, subscription.channel(), null, null));
            }
            if (presence) {
                showPresence(subscription);
            }
            return Result.ALREADY;
        });
    }

    /** Holds changes, reads the members, sends the snapshot, lets pass the changes that follow it. */
    private void showPresence(Subscription subscription) {
        if (!connection.outbox().holdPresence(subscription.lane())) {
            return;
        }
        subscription.wantPresence();
        String channel = subscription.channel();
        members(channel).whenComplete((snapshot, failure) -> {
            if (failure != null || snapshot == null) {
                connection.outbox().openPresence(subscription.lane(), null, 0);
                connection.tell(
                        new Outbound.Failure(null, ErrorCode.UNAVAILABLE, "The members cannot be read now", channel));
                return;
            }
            Frame frame = connection
                    .codec()
                    .encode(new Outbound.PresenceSnapshot(channel, snapshot.version(), snapshot.members()));
            boolean tooLarge = frame != null && frame.size() > engine.limits().outboxBytes / 2;
            connection.outbox().openPresence(subscription.lane(), tooLarge ? null : frame, snapshot.version());
            connection.refilled();
            if (tooLarge) {
                connection.tell(new Outbound.Failure(null, ErrorCode.LIMIT, "Too many members to list", channel));
            }
        });
    }

    private CompletionStage<PresenceStore.Snapshot> members(String channel) {
        try {
            return engine.presence().members(channel);
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    CompletionStage<Boolean> subscribeByServer(String channel) {
        engine.rules().require(channel);
        return subscribe(channel, false, null, false).thenApply(result -> {
            if (result == Result.SUBSCRIBED) {
                engine.listeners().later(connection, () -> engine.listeners().subscribed(connection, channel));
            }
            return result == Result.SUBSCRIBED || result == Result.ALREADY;
        });
    }

    /** Ends a subscription without telling the listeners. */
    boolean unsubscribe(String channel) {
        Subscription subscription = byChannel.get(channel);
        return subscription != null && remove(subscription);
    }

    /** Ends a subscription that the client did not ask to end, and tells it. */
    boolean unsubscribeByServer(String channel, ErrorCode code, String reason) {
        if (!unsubscribe(channel)) {
            return false;
        }
        Outbound.Unsubscribed notice = new Outbound.Unsubscribed(channel, code, reason);
        if (withdrawn.size() < engine.limits().subscriptions) {
            withdrawn.put(channel, notice);
        }
        connection.tell(notice);
        engine.listeners().later(connection, () -> engine.listeners().unsubscribed(connection, channel));
        return true;
    }

    /** Words to the client were lost: it is told again which subscriptions the server began and ended. */
    void tellAgain() {
        withdrawn.values().forEach(connection::tell);
        for (Subscription subscription : byChannel.values()) {
            if (!subscription.isAsked()) {
                connection.tell(new Outbound.Subscribed(null, subscription.channel(), null, null));
            }
        }
    }

    private boolean remove(Subscription subscription) {
        if (!subscription.end()) {
            return false;
        }
        // The lane first: closing it drops what waits of the channel, which must not be a later subscription's.
        connection.outbox().close(subscription.lane());
        engine.channels().remove(subscription);
        byChannel.remove(subscription.channel(), subscription);
        count.decrementAndGet();
        return true;
    }

    /** The connection has ended. Returns the channels whose subscription ended with it. */
    Set<String> end() {
        Set<String> ended = new TreeSet<>();
        for (Subscription subscription : byChannel.values()) {
            if (remove(subscription)) {
                ended.add(subscription.channel());
            }
        }
        return ended;
    }

    /** Asks the rules again for what the client had asked for, and ends what is not allowed any more. */
    CompletionStage<Void> authorizeAgain() {
        List<Subscription> asked = new ArrayList<>();
        byChannel.values().stream().filter(Subscription::isAsked).forEach(asked::add);
        if (asked.isEmpty()) {
            return CompletableFuture.completedStage(null);
        }
        CompletableFuture<Void> all = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(asked.size());
        for (Subscription subscription : asked) {
            engine.runCallback(() -> {
                allowedAgain(subscription).whenComplete((allowed, failure) -> {
                    if (failure != null || !Boolean.TRUE.equals(allowed)) {
                        withdraw(subscription);
                    }
                    if (open.decrementAndGet() == 0) {
                        all.complete(null);
                    }
                });
            });
        }
        return all;
    }

    private CompletionStage<Boolean> allowedAgain(Subscription subscription) {
        Optional<ChannelRules.Match> match = engine.rules().match(subscription.channel());
        return match.isEmpty()
                ? CompletableFuture.completedStage(false)
                : engine.rules().allows(match.get(), connection, ChannelRule::subscribe);
    }

    private void withdraw(Subscription subscription) {
        String channel = subscription.channel();
        if (unsubscribeByServer(channel, ErrorCode.FORBIDDEN, "The subscription is not allowed any more")) {
            Frame gap = connection.codec().encode(new Outbound.Gap(channel, GapReason.FORBIDDEN));
            connection.outbox().withhold(subscription.lane(), gap != null ? gap : Frame.counted(""));
        }
    }
}
