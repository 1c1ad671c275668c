package dev.tidings.testkit;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.TransportHost;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Opens memory links for the contract: good ones. */
final class MemoryFixture implements TransportContract.Fixture {

    @Override
    public TransportContract.Peer open(TransportHost host) {
        MemoryPeer peer = new MemoryPeer();
        MemoryLink link = new MemoryLink("memory", host, peer);
        peer.link = link;
        link.open(Handshake.builder(link.transport()).build());
        return peer;
    }

    /** What a peer of any link in memory has seen. */
    static class Seen {
        final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        final CompletableFuture<Disconnect> end = new CompletableFuture<>();

        Optional<String> receive(Duration patience) {
            try {
                return Optional.ofNullable(texts.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }

        Optional<Disconnect> closed(Duration patience) {
            try {
                return Optional.of(end.get(patience.toNanos(), TimeUnit.NANOSECONDS));
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (InterruptedException | ExecutionException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static final class MemoryPeer implements TransportContract.Peer, Wire.Peer {
        private final Seen seen = new Seen();
        private MemoryLink link;

        @Override
        public void arrived(Wire on, String text, String position) {
            seen.texts.add(text);
        }

        @Override
        public void ended(Wire on, Disconnect disconnect) {
            seen.end.complete(disconnect);
        }

        @Override
        public void send(String text) {
            link.send(0, java.util.List.of(text));
            link.pump();
        }

        @Override
        public Optional<String> receive(Duration patience) {
            return seen.receive(patience);
        }

        @Override
        public void stopReading() {
            link.stall();
        }

        @Override
        public void read() {
            link.unstall();
        }

        @Override
        public void cut() {
            link.end(Disconnect.LINK_LOST);
        }

        @Override
        public void close() {
            link.end(Disconnect.NORMAL);
        }

        @Override
        public Optional<Disconnect> closed(Duration patience) {
            return seen.closed(patience);
        }

        @Override
        public boolean breakWrites() {
            link.breakWrites(new IllegalStateException("The container is broken"));
            return true;
        }
    }
}
