package dev.tidings.transport.websocket;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A host whose attachments are queues, and whose executors run what they are given when the test says so. */
final class FakeHost implements TransportHost {

    /** What the core sees of one link. */
    static final class FakeAttachment implements Attachment {
        final Queue<Frame> outbox = new ConcurrentLinkedQueue<>();
        final List<String> received = Collections.synchronizedList(new ArrayList<>());
        final List<Disconnect> detached = Collections.synchronizedList(new ArrayList<>());
        final AtomicInteger written = new AtomicInteger();
        final AtomicInteger pollers = new AtomicInteger();
        volatile boolean polledByTwo;
        volatile @Nullable RuntimeException receiveFails;

        @Override
        public void receive(String text) {
            if (receiveFails != null) {
                throw receiveFails;
            }
            received.add(text);
        }

        @Override
        public void receive(long first, Iterable<String> frames) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable Frame poll() {
            if (pollers.incrementAndGet() > 1) {
                polledByTwo = true;
            }
            Frame frame = detached.isEmpty() ? outbox.poll() : null;
            pollers.decrementAndGet();
            return frame;
        }

        @Override
        public long nextNumber() {
            return 0;
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public @org.jspecify.annotations.Nullable String position() {
            return null;
        }

        @Override
        public void written() {
            written.incrementAndGet();
        }

        @Override
        public void detached(Disconnect disconnect) {
            detached.add(disconnect);
        }
    }

    final FakeAttachment attachment = new FakeAttachment();
    final Queue<Runnable> blocking = new ConcurrentLinkedQueue<>();
    final Queue<Runnable> elsewhere = new ConcurrentLinkedQueue<>();
    volatile Consumer<Link> onAttach = link -> {};
    volatile @Nullable RuntimeException blockingFails;

    @Override
    public Optional<Refusal> refuse(Handshake handshake) {
        return Optional.empty();
    }

    @Override
    public Attachment attach(Handshake handshake, Link link) {
        onAttach.accept(link);
        return attachment;
    }

    @Override
    public java.util.concurrent.CompletionStage<dev.tidings.spi.Posted> post(
            Handshake handshake, long first, java.util.List<String> frames) {
        throw new UnsupportedOperationException();
    }

    @Override
    public dev.tidings.spi.Time time() {
        throw new UnsupportedOperationException();
    }

    @Override
    public TransportSettings settings() {
        return new TransportSettings(100, 8, Duration.ofSeconds(10), Duration.ofSeconds(105), 64);
    }

    @Override
    public Executor executor() {
        return task -> {
            elsewhere.add(task);
        };
    }

    @Override
    public Executor blocking() {
        return task -> {
            if (blockingFails != null) {
                throw blockingFails;
            }
            blocking.add(task);
        };
    }

    /** Runs what waits on both executors, and what that brings. */
    void runAll() {
        boolean ran;
        do {
            ran = run(elsewhere) || run(blocking);
        } while (ran);
    }

    private static boolean run(Queue<Runnable> tasks) {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }
}
