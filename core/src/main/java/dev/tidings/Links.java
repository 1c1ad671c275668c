package dev.tidings;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** All links that are not gone, whatever they carry. */
final class Links {

    private final Set<LinkAttachment> attached = ConcurrentHashMap.newKeySet();
    private final Connections connections;
    private volatile @Nullable CompletableFuture<Void> empty;

    Links(Connections connections) {
        this.connections = connections;
    }

    void add(LinkAttachment attachment) {
        attached.add(attachment);
    }

    void remove(LinkAttachment attachment) {
        attached.remove(attachment);
        left();
    }

    /** A link is gone, or a connection that waited for one has parted. */
    void left() {
        CompletableFuture<Void> waiting = empty;
        if (waiting != null && isEmpty()) {
            waiting.complete(null);
        }
    }

    private boolean isEmpty() {
        return attached.isEmpty() && connections.parting().isEmpty();
    }

    Iterable<LinkAttachment> all() {
        return attached;
    }

    int unauthenticated() {
        int count = 0;
        for (LinkAttachment attachment : attached) {
            count += attachment.isBound() ? 0 : 1;
        }
        return count;
    }

    /** Waits until all are gone and no ended connection waits for another poll, for a bounded time. */
    void awaitEmpty(long millis) throws InterruptedException {
        CompletableFuture<Void> waiting = new CompletableFuture<>();
        empty = waiting;
        if (isEmpty()) {
            return;
        }
        try {
            waiting.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Then they are closed as they are.
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
