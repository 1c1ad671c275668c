package dev.tidings;

import dev.tidings.protocol.Publication;
import dev.tidings.spi.Broker;
import dev.tidings.spi.HistoryRequest;
import dev.tidings.spi.HistoryResult;
import dev.tidings.spi.PublishResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A broker for one node: what is published is handed to it at once, in the publisher's thread. It keeps no history. */
final class MemoryBroker implements Broker {

    private static final CompletionStage<PublishResult> OK = CompletableFuture.completedStage(PublishResult.OK);
    private static final CompletionStage<PublishResult> FAILED = CompletableFuture.completedStage(PublishResult.FAILED);
    private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

    private volatile @Nullable Listener listener;

    @Override
    public void start(Listener receiving) {
        listener = receiving;
    }

    /** The receiving channel appends under its own lock: that is the one order. */
    @Override
    public CompletionStage<PublishResult> publish(Publication publication) {
        Listener receiving = listener;
        if (receiving == null) {
            return FAILED;
        }
        receiving.publication(publication);
        return OK;
    }

    @Override
    public CompletionStage<Void> subscribe(String channel) {
        return DONE;
    }

    @Override
    public void unsubscribe(String channel) {}

    @Override
    public CompletionStage<HistoryResult> history(HistoryRequest request) {
        return CompletableFuture.completedStage(HistoryResult.NONE);
    }

    @Override
    public void close() {
        listener = null;
    }
}
