package dev.tidings.transport.longpoll;

import static org.awaitility.Awaitility.await;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.transport.websocket.WebSocketServlet;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.security.Principal;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.catalina.Engine;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;

/** An application on a real container. What happens to its connections is on record. */
final class WireServer implements AutoCloseable, ServletContextListener {

    static final String PATH = "/realtime/poll";
    static final String SOCKET = "/realtime/websocket";

    final Tidings tidings;
    final BlockingQueue<Connection> connected = new LinkedBlockingQueue<>();
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<String> messages = new CopyOnWriteArrayList<>();
    private final EmbeddedServer server;

    private final Consumer<ServletContext> prepare;

    private WireServer(
            EmbeddedServer.Container container, Consumer<Tidings.Builder> change, Consumer<ServletContext> prepare) {
        this.prepare = prepare;
        Tidings.Builder builder = Tidings.builder()
                .channel("open:{name*}", rule -> rule.subscribe(Allow.anyone()).publish(Allow.anyone()))
                .listener(new Recorder());
        change.accept(builder);
        tidings = builder.build();
        server = EmbeddedServer.start(container, 0, "", this);
    }

    static WireServer start(EmbeddedServer.Container container) {
        return start(container, builder -> {});
    }

    static WireServer start(EmbeddedServer.Container container, Consumer<Tidings.Builder> change) {
        return start(container, change, context -> {});
    }

    /** With something to do to the context before anything else. */
    static WireServer start(
            EmbeddedServer.Container container, Consumer<Tidings.Builder> change, Consumer<ServletContext> prepare) {
        return new WireServer(container, change, prepare);
    }

    /**
     * Tomcat as some run it: it does not throw away what the application held of a request that is over, so that a late write
     * would reach whoever comes next.
     */
    static void keepFacades(ServletContext context) {
        try {
            Object application = field(context, "context");
            StandardContext tomcat = (StandardContext) field(application, "context");
            Engine engine = (Engine) tomcat.getParent().getParent();
            for (Connector connector : engine.getService().findConnectors()) {
                connector.setDiscardFacades(false);
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("Tomcat has changed", e);
        }
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        prepare.accept(event.getServletContext());
        // A header in place of a login, so that the container has somebody to name.
        var login = event.getServletContext().addFilter("login", (Filter) WireServer::login);
        login.setAsyncSupported(true);
        login.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        LongPollServlet.register(event.getServletContext(), tidings, PATH);
        WebSocketServlet.register(event.getServletContext(), tidings, SOCKET);
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        tidings.close();
    }

    private static void login(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String user = ((HttpServletRequest) request).getHeader("X-User");
        chain.doFilter(
                user == null
                        ? request
                        : new HttpServletRequestWrapper((HttpServletRequest) request) {
                            @Override
                            public Principal getUserPrincipal() {
                                return () -> user;
                            }
                        },
                response);
    }

    int port() {
        return server.port();
    }

    URI uri(String query) {
        return URI.create("http://127.0.0.1:" + port() + PATH + query);
    }

    void publish(String channel, Object json) {
        tidings.channel(channel)
                .publish(Payload.json(json.toString()))
                .toCompletableFuture()
                .join();
    }

    /** Nobody is told that a channel of the URL is subscribed to; a client that must know asks. */
    void awaitSubscribers(String channel, int count) {
        await().atMost(20, TimeUnit.SECONDS)
                .until(() -> tidings.channel(channel).subscribers() == count);
    }

    void awaitEvent(String event) {
        await().atMost(20, TimeUnit.SECONDS).until(() -> events.contains(event));
    }

    static <T> T take(BlockingQueue<T> queue) {
        try {
            T taken = queue.poll(20, TimeUnit.SECONDS);
            if (taken == null) {
                throw new AssertionError("Nothing came within 20 s");
            }
            return taken;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.close();
    }

    private final class Recorder implements ConnectionListener {
        @Override
        public void onConnect(Connection connection) {
            events.add("connect");
            connected.add(connection);
        }

        @Override
        public void onDetached(Connection connection) {
            events.add("detached");
        }

        @Override
        public void onResumed(Connection connection) {
            events.add("resumed");
        }

        @Override
        public void onSubscribe(Connection connection, String channel) {
            events.add("subscribe " + channel);
        }

        @Override
        public void onMessage(Connection connection, String event, Payload payload) {
            messages.add(payload.json());
        }

        @Override
        public void onDisconnect(Connection connection, Disconnect disconnect) {
            events.add("disconnect " + disconnect.code());
        }
    }
}
