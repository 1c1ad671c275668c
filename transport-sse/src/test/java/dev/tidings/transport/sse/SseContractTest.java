package dev.tidings.transport.sse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.TransportContract;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Nested;

/** The contract of links, over real streams and posts. */
class SseContractTest {

    private static final String PATH = "/sse";
    private static final String[] ACKNOWLEDGING = {"Tidings-Protocol: tidings.v1"};

    @Nested
    class OnJetty extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Streams(Container.JETTY, ACKNOWLEDGING);
        }
    }

    @Nested
    class OnTomcat extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Streams(Container.TOMCAT, ACKNOWLEDGING);
        }
    }

    @Nested
    class PlainOnJetty extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Streams(Container.JETTY);
        }
    }

    @Nested
    class PlainOnTomcat extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Streams(Container.TOMCAT);
        }
    }

    /** A server whose links go to whatever host the contract brings. */
    private static final class Streams implements TransportContract.Fixture, ServletContextListener, TransportHost {
        private final EmbeddedServer server;
        private final String[] headers;
        private volatile TransportHost host;
        private volatile Hurry time;

        Streams(Container container, String... headers) {
            this.headers = headers;
            server = EmbeddedServer.start(container, 0, "", this);
        }

        @Override
        public void contextInitialized(ServletContextEvent event) {
            SseServlet.register(event.getServletContext(), this, PATH);
        }

        @Override
        public TransportContract.Peer open(TransportHost contract) {
            host = contract;
            time = new Hurry(contract.time());
            return new StreamPeer(server.port(), time, headers);
        }

        /** A stream that ends after it has begun has no other place for a code than a frame of the core's. */
        @Override
        public boolean showsCode() {
            return false;
        }

        @Override
        public void close() {
            server.close();
        }

        private TransportHost host() {
            return Objects.requireNonNull(host);
        }

        @Override
        public Optional<Refusal> refuse(Handshake handshake) {
            return host().refuse(handshake);
        }

        @Override
        public Attachment attach(Handshake handshake, Link link) {
            return host().attach(handshake, link);
        }

        @Override
        public CompletionStage<Posted> post(Handshake handshake, long first, List<String> frames) {
            return host().post(handshake, first, frames);
        }

        @Override
        public Time time() {
            return Objects.requireNonNull(time);
        }

        /** In a hurry, silence is short. */
        @Override
        public TransportSettings settings() {
            TransportSettings of = host().settings();
            return !time.hurried
                    ? of
                    : new TransportSettings(
                            of.maxFrameBytes(),
                            of.maxParts(),
                            of.sendTimeout(),
                            of.idleBackstop(),
                            of.drainFrames(),
                            of.drainBytes(),
                            of.pollTimeout(),
                            Duration.ofMillis(1),
                            of.streamAge());
        }

        @Override
        public Executor executor() {
            return host().executor();
        }

        @Override
        public Executor blocking() {
            return host().blocking();
        }
    }

    /**
     * Only by what it says does a stream find out that its client is gone, and that takes its time. From the moment in which the client
     * goes, the clock is ahead, and what waits for it runs at once.
     */
    private static final class Hurry implements Time {
        private static final Duration AHEAD = Duration.ofSeconds(20);
        private static final Duration AT_ONCE = Duration.ofMillis(20);

        private final Time real;
        private final Queue<Runnable> pending = new ConcurrentLinkedQueue<>();
        private volatile boolean hurried;

        Hurry(Time real) {
            this.real = real;
        }

        void hurry() {
            hurried = true;
            for (Runnable task = pending.poll(); task != null; task = pending.poll()) {
                real.schedule(AT_ONCE, task);
            }
        }

        @Override
        public long nanoTime() {
            return real.nanoTime() + (hurried ? AHEAD.toNanos() : 0);
        }

        @Override
        public Instant now() {
            return real.now();
        }

        @Override
        public Cancellable schedule(Duration delay, Runnable task) {
            if (hurried) {
                return real.schedule(AT_ONCE, task);
            }
            AtomicBoolean over = new AtomicBoolean();
            Runnable once = () -> {
                if (over.compareAndSet(false, true)) {
                    task.run();
                }
            };
            pending.add(once);
            Cancellable timer = real.schedule(delay, once);
            if (hurried) {
                hurry();
            }
            return () -> {
                over.set(true);
                pending.remove(once);
                timer.cancel();
            };
        }
    }

    /** Reads a stream on a thread of its own, and posts. */
    private static final class StreamPeer implements TransportContract.Peer {
        private final URI uri;
        private final RawHttp wire;
        private final Hurry time;
        private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        private final CompletableFuture<Disconnect> end = new CompletableFuture<>();
        private final Semaphore reading = new Semaphore(1);
        /** A client has one post at a time under way. */
        private final ReentrantLock posting = new ReentrantLock();

        private long sent;

        StreamPeer(int port, Hurry time, String... headers) {
            this.time = time;
            uri = URI.create("http://127.0.0.1:" + port + PATH);
            try {
                wire = RawHttp.connectNarrow(port);
                wire.requestAt("GET", PATH, headers);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Thread thread = new Thread(this::run, "stream-peer");
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            try {
                RawHttp.Head head = wire.head();
                if (head.status() != 200) {
                    String body = new String(wire.body(head).readAllBytes(), StandardCharsets.UTF_8);
                    JsonObject json = JsonParser.parseString(body).getAsJsonObject();
                    end.complete(new Disconnect(
                            json.get("code").getAsInt(), json.get("reason").getAsString()));
                    return;
                }
                EventParser events = new EventParser(wire.body(head));
                for (EventParser.Event event = events.next(); event != null; event = events.next()) {
                    if (event.data() != null) {
                        texts.add(event.data());
                    }
                    reading.acquire();
                    reading.release();
                }
            } catch (IOException | InterruptedException e) {
                // As good as the end.
            }
            end.complete(Disconnect.LINK_LOST);
        }

        @Override
        public void send(String frame) {
            posting.lock();
            try {
                RawHttp.Response response = StreamClient.post(uri, "any", sent + 1, frame);
                if (response.status() == 200) {
                    sent++;
                } else {
                    // As if the link had been closed with this code.
                    close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                posting.unlock();
            }
        }

        @Override
        public Optional<String> receive(Duration patience) {
            try {
                long deadline = System.nanoTime() + patience.toNanos();
                while (System.nanoTime() < deadline) {
                    String text = texts.poll(10, TimeUnit.MILLISECONDS);
                    if (text != null) {
                        return Optional.of(text);
                    }
                    if (end.isDone() && texts.isEmpty()) {
                        return Optional.empty();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Optional.empty();
        }

        @Override
        public void stopReading() {
            reading.acquireUninterruptibly();
        }

        @Override
        public void read() {
            reading.release();
        }

        @Override
        public void cut() {
            try {
                wire.reset();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            time.hurry();
        }

        @Override
        public void close() {
            try {
                wire.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            time.hurry();
        }

        @Override
        public Optional<Disconnect> closed(Duration patience) {
            try {
                return Optional.of(end.get(patience.toNanos(), TimeUnit.NANOSECONDS));
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (InterruptedException | ExecutionException e) {
                throw new AssertionError(e);
            }
        }
    }
}
