package dev.tidings.transport.websocket;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.TransportContract;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Nested;

/** The contract of links, over real WebSockets. */
class WebSocketContractTest {

    @Nested
    class OnJetty extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Sockets(Container.JETTY);
        }
    }

    @Nested
    class OnTomcat extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Sockets(Container.TOMCAT);
        }
    }

    /** A server whose links go to whatever host the contract brings. */
    private static final class Sockets implements TransportContract.Fixture, ServletContextListener, TransportHost {
        private final HttpClient http = HttpClient.newHttpClient();
        private final EmbeddedServer server;
        private volatile TransportHost host;

        Sockets(Container container) {
            server = EmbeddedServer.start(container, 0, "", this);
        }

        @Override
        public void contextInitialized(ServletContextEvent event) {
            WebSocketServlet.register(event.getServletContext(), this, "/websocket");
        }

        @Override
        public TransportContract.Peer open(TransportHost contract) {
            host = contract;
            SocketPeer peer = new SocketPeer();
            URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/websocket");
            peer.socket = http.newWebSocketBuilder().buildAsync(uri, peer).join();
            return peer;
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
        public java.util.concurrent.CompletionStage<dev.tidings.spi.Posted> post(
                dev.tidings.spi.Handshake handshake, long first, java.util.List<String> frames) {
            throw new UnsupportedOperationException();
        }

        @Override
        public dev.tidings.spi.Time time() {
            throw new UnsupportedOperationException();
        }

        @Override
        public TransportSettings settings() {
            return host().settings();
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

    /** The JDK's client, which reads only what it asks for. */
    private static final class SocketPeer implements TransportContract.Peer, WebSocket.Listener {
        private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        private final CompletableFuture<Disconnect> end = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private final ReentrantLock sending = new ReentrantLock();
        private volatile boolean reading = true;
        private volatile WebSocket socket;

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                texts.add(text.toString());
                text.setLength(0);
            }
            if (reading) {
                from.request(1);
            }
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            boolean told = code != 1006;
            end.complete(told ? new Disconnect(code, reason.isBlank() ? "No reason" : reason) : Disconnect.LINK_LOST);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            end.complete(Disconnect.LINK_LOST);
        }

        /** One at a time: this client takes the next message only when the one before is written. */
        @Override
        public void send(String frame) {
            sending.lock();
            try {
                socket.sendText(frame, true).join();
            } finally {
                sending.unlock();
            }
        }

        @Override
        public Optional<String> receive(Duration patience) {
            try {
                return Optional.ofNullable(texts.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }

        @Override
        public void stopReading() {
            reading = false;
        }

        @Override
        public void read() {
            reading = true;
            socket.request(1);
        }

        @Override
        public void cut() {
            socket.abort();
        }

        @Override
        public void close() {
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "Bye").join();
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

        @Override
        public boolean breakWrites() {
            return false;
        }
    }
}
