package dev.tidings;

import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.PresenceChange;
import dev.tidings.protocol.Publication;
import dev.tidings.spi.Broker;
import dev.tidings.spi.PresenceStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The channels that have subscribers on this node.
 *
 * <p>The map's bins guard who is first and last; the broker is told outside of them. It counts interests, so the order in which
 * it is told does not matter.
 */
final class Channels implements Broker.Listener, PresenceStore.Listener {

    private static final System.Logger LOG = System.getLogger(Channels.class.getPackageName());

    private final Broker broker;
    private final Executor executor;
    private final Deliveries deliveries;
    private final ConcurrentHashMap<String, LiveChannel> channels = new ConcurrentHashMap<>();
    private final LongAdder subscriptions = new LongAdder();

    Channels(Broker broker, Executor executor, Deliveries deliveries) {
        this.broker = broker;
        this.executor = executor;
        this.deliveries = deliveries;
    }

    /** Adds a subscription; its {@link Subscription#ready} tells when everything reaches it. */
    void add(Subscription subscription) {
        LiveChannel[] first = new LiveChannel[1];
        LiveChannel joined = channels.compute(subscription.channel(), (name, present) -> {
            if (subscription.hasEnded()) {
                // Its successor may be there already.
                return present;
            }
            LiveChannel channel = present != null ? present : new LiveChannel(name, executor, deliveries);
            first[0] = present != null ? null : channel;
            channel.subscribers().put(subscription.connection(), subscription);
            subscriptions.increment();
            return channel;
        });
        if (joined == null || subscription.hasEnded()) {
            subscription.ready().complete(null);
        }
        if (joined == null) {
            return;
        }
        if (first[0] != null) {
            interest(first[0]);
        }
        CompletionStage<Void> ready = joined.ready();
        ready.whenComplete((done, failure) -> {
            if (failure == null) {
                subscription.ready().complete(null);
            } else {
                subscription.ready().completeExceptionally(failure);
            }
        });
        if (subscription.hasEnded()) {
            remove(subscription);
        }
    }

    private void interest(LiveChannel channel) {
        CompletionStage<Void> told;
        try {
            told = broker.subscribe(channel.name());
        } catch (RuntimeException e) {
            told = CompletableFuture.failedFuture(e);
        }
        told.whenComplete((done, failure) -> {
            if (failure == null) {
                channel.ready().complete(null);
            } else {
                channel.ready().completeExceptionally(failure);
            }
        });
    }

    /** Removes a subscription, if it is there. */
    void remove(Subscription subscription) {
        boolean[] removed = new boolean[1];
        boolean[] last = new boolean[1];
        channels.computeIfPresent(subscription.channel(), (name, present) -> {
            removed[0] = present.subscribers().remove(subscription.connection(), subscription);
            last[0] = removed[0] && present.subscribers().isEmpty();
            return last[0] ? null : present;
        });
        if (removed[0]) {
            subscriptions.decrement();
        }
        if (last[0]) {
            uninterest(subscription.channel());
        }
    }

    private void uninterest(String channel) {
        try {
            broker.unsubscribe(channel);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "The broker failed to unsubscribe", e);
        }
    }

    int subscribers(String name) {
        LiveChannel channel = channels.get(name);
        return channel == null ? 0 : channel.subscribers().size();
    }

    int count() {
        return channels.size();
    }

    long subscriptions() {
        return subscriptions.sum();
    }

    @Override
    public void publication(Publication publication) {
        enqueue(publication.channel(), new Outbound.Message(publication));
    }

    @Override
    public void gap(String channel, GapReason reason) {
        enqueue(channel, new Outbound.Gap(channel, reason));
    }

    @Override
    public void changed(PresenceChange change) {
        enqueue(change.channel(), new Outbound.Presence(change));
    }

    private void enqueue(String name, Outbound message) {
        @Nullable LiveChannel channel = channels.get(name);
        if (channel != null) {
            channel.enqueue(message);
        }
    }
}
