package dev.tidings;

import dev.tidings.protocol.Publication;
import dev.tidings.spi.Broker;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.HistoryRequest;
import dev.tidings.spi.HistoryResult;
import dev.tidings.spi.PublishResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Connections subscribe to a channel while others, or their own end, unsubscribe.
 *
 * <p>It would show a subscription that outlives its end, a channel that stays without a subscriber, and interest at the broker that
 * nobody has or that somebody lacks.
 */
@Tag("lincheck")
public class ChannelsLincheckTest {

    // Only who they are matters here: the channels keep them by identity.
    private static final LiveConnection ANN = connection();
    private static final LiveConnection BOB = connection();

    private final AtomicInteger interest = new AtomicInteger();
    private final Channels channels =
            new Channels(new Counting(interest), Runnable::run, new Deliveries(new Limits.Builder().build()));
    private final Subscription ann = new Subscription(ANN, "c", true);
    private final Subscription bob = new Subscription(BOB, "c", true);

    private static LiveConnection connection() {
        Tidings tidings = Tidings.builder()
                .time(new TestTime())
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .build();
        TestLink.attach(tidings, Handshake.builder("test").build());
        return (LiveConnection) tidings.connections().iterator().next();
    }

    @Operation(runOnce = true)
    public void subscribeAnn() {
        channels.add(ann);
    }

    @Operation(runOnce = true)
    public void subscribeBob() {
        channels.add(bob);
    }

    @Operation(runOnce = true)
    public void endAnn() {
        end(ann);
    }

    @Operation(runOnce = true)
    public void endBob() {
        end(bob);
    }

    private void end(Subscription subscription) {
        if (subscription.end()) {
            channels.remove(subscription);
        }
    }

    @Validate
    public void nothingIsLeftOver() {
        int there = channels.subscribers("c");
        boolean orphan = (ann.hasEnded() && bob.hasEnded()) && there > 0;
        boolean both = !ann.hasEnded() && !bob.hasEnded();
        if (orphan || (!both && there > 1)) {
            throw new IllegalStateException("A subscription outlived its end");
        }
        if (interest.get() != (there > 0 ? 1 : 0) || channels.count() != (there > 0 ? 1 : 0)) {
            throw new IllegalStateException(
                    there + " subscribers, " + interest + " interests, " + channels.count() + " channels");
        }
        if (channels.subscriptions() != there) {
            throw new IllegalStateException("The count of subscriptions is wrong");
        }
    }

    @Test
    void f76_channelsAnyInterleaving_keepNoOrphan() {
        new ModelCheckingOptions()
                .iterations(10)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0)
                .check(ChannelsLincheckTest.class);
    }

    /** Counts who is interested. */
    private record Counting(AtomicInteger interest) implements Broker {
        @Override
        public void start(Listener listener) {}

        @Override
        public CompletionStage<PublishResult> publish(Publication publication) {
            return CompletableFuture.completedFuture(PublishResult.OK);
        }

        @Override
        public CompletionStage<Void> subscribe(String channel) {
            interest.incrementAndGet();
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void unsubscribe(String channel) {
            interest.decrementAndGet();
        }

        @Override
        public CompletionStage<HistoryResult> history(HistoryRequest request) {
            return CompletableFuture.completedFuture(HistoryResult.NONE);
        }

        @Override
        public void close() {}
    }
}
