package dev.tidings.examples.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmbeddedServerTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @ParameterizedTest
    @EnumSource
    void servesAnAsyncServletAtTheRootAndBelowAPath(Container container) throws Exception {
        for (String contextPath : List.of("", "/app")) {
            try (EmbeddedServer server = EmbeddedServer.start(container, 0, contextPath, new EchoApplication())) {
                HttpResponse<String> response = get(server, contextPath + "/hello");

                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(response.body()).isEqualTo("hello from " + contextPath);
                assertThat(get(server, contextPath + "/nothing").statusCode()).isEqualTo(404);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgradesToWebSocketFromAServlet(Container container) throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start(container, 0, "/app", new EchoApplication())) {
            BlockingQueue<String> received = new LinkedBlockingQueue<>();
            URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/app/socket");
            WebSocket socket = CLIENT.newWebSocketBuilder()
                    .buildAsync(uri, new Collector(received))
                    .get(10, TimeUnit.SECONDS);

            socket.sendText("one", true).get(10, TimeUnit.SECONDS);
            socket.sendText("two", true).get(10, TimeUnit.SECONDS);

            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo("echo one");
            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo("echo two");
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "done").get(10, TimeUnit.SECONDS);
            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo("closed 1000 done");
        }
    }

    @ParameterizedTest
    @EnumSource
    void leavesNothingBehind(Container container) throws Exception {
        Set<Thread> before = nonDaemonThreads();
        EchoApplication application = new EchoApplication();
        EmbeddedServer server = EmbeddedServer.start(container, 0, "", application);
        assertThat(get(server, "/hello").statusCode()).isEqualTo(200);
        CLIENT.newWebSocketBuilder()
                .buildAsync(
                        URI.create("ws://127.0.0.1:" + server.port() + "/socket"),
                        new Collector(new LinkedBlockingQueue<>()))
                .get(10, TimeUnit.SECONDS);
        Path directory = application.directory.get();
        assertThat(directory).exists();
        long start = System.nanoTime();

        server.close();
        server.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        assertThat(application.destroyed).isTrue();
        assertThat(directory).doesNotExist();
        await().pollInSameThread()
                .untilAsserted(() -> assertThat(nonDaemonThreads()).isSubsetOf(before));
    }

    @ParameterizedTest
    @EnumSource
    void reportsAnApplicationThatDoesNotStart(Container container) throws Exception {
        Set<Thread> before = nonDaemonThreads();
        AtomicReference<Path> directory = new AtomicReference<>();
        ServletContextListener broken = new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
                directory.set(temporaryDirectory(event.getServletContext()));
                throw new IllegalArgumentException("out of order");
            }
        };
        int port = freePort();

        assertThatThrownBy(() -> EmbeddedServer.start(container, port, "", broken))
                .isInstanceOf(IllegalStateException.class)
                .hasStackTraceContaining("out of order");

        await().pollInSameThread()
                .untilAsserted(() -> assertThat(nonDaemonThreads()).isSubsetOf(before));
        assertThat(directory.get()).isNotNull().doesNotExist();
        EmbeddedServer.start(container, port, "", new EchoApplication()).close();
    }

    @ParameterizedTest
    @EnumSource
    void reportsAPortThatIsTaken(Container container) throws Exception {
        try (EmbeddedServer first = EmbeddedServer.start(container, 0, "", new EchoApplication())) {
            assertThatThrownBy(() -> EmbeddedServer.start(container, first.port(), "", new EchoApplication()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(String.valueOf(first.port()));
        }
    }

    @Test
    void bothContainersRunSideBySide() throws Exception {
        try (EmbeddedServer jetty = EmbeddedServer.start(Container.JETTY, 0, "", new EchoApplication());
                EmbeddedServer tomcat = EmbeddedServer.start(Container.TOMCAT, 0, "", new EchoApplication())) {
            assertThat(get(jetty, "/hello").statusCode()).isEqualTo(200);
            assertThat(get(tomcat, "/hello").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void refusesAContextPathThatIsNotOne() {
        assertThatThrownBy(() -> EmbeddedServer.start(Container.JETTY, 0, "/", new EchoApplication()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static HttpResponse<String> get(EmbeddedServer server, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        HttpRequest request =
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static Set<Thread> nonDaemonThreads() {
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        threads.removeIf(Thread::isDaemon);
        return threads;
    }

    private static Path temporaryDirectory(ServletContext context) {
        return Path.of(context.getAttribute(ServletContext.TEMPDIR).toString());
    }

    private static final class EchoApplication implements ServletContextListener {
        private volatile boolean destroyed;
        private final AtomicReference<Path> directory = new AtomicReference<>();

        @Override
        public void contextInitialized(ServletContextEvent event) {
            ServletContext context = event.getServletContext();
            directory.set(temporaryDirectory(context));
            register(context, "hello", new HelloServlet());
            register(context, "socket", new SocketServlet());
        }

        @Override
        public void contextDestroyed(ServletContextEvent event) {
            destroyed = true;
        }

        private static void register(ServletContext context, String name, HttpServlet servlet) {
            ServletRegistration.Dynamic registration = context.addServlet(name, servlet);
            registration.setAsyncSupported(true);
            registration.addMapping("/" + name);
        }
    }

    private static final class HelloServlet extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) {
            AsyncContext async = request.startAsync();
            String answer = "hello from " + request.getContextPath();
            async.start(() -> {
                try {
                    response.getOutputStream().write(answer.getBytes(UTF_8));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    async.complete();
                }
            });
        }
    }

    private static final class SocketServlet extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response)
                throws ServletException, IOException {
            ServerContainer container =
                    (ServerContainer) getServletContext().getAttribute("jakarta.websocket.server.ServerContainer");
            ServerEndpointConfig config = ServerEndpointConfig.Builder.create(EchoEndpoint.class, "/socket")
                    .build();
            try {
                container.upgradeHttpToWebSocket(request, response, config, Map.of());
            } catch (DeploymentException e) {
                throw new ServletException(e);
            }
        }
    }

    /** Public, as the container makes it. */
    public static final class EchoEndpoint extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            session.addMessageHandler(String.class, (MessageHandler.Whole<String>) text -> echo(session, text));
        }

        // Blocking: Tomcat refuses a send while the one before is under way.
        private static void echo(Session session, String text) {
            try {
                session.getBasicRemote().sendText("echo " + text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private record Collector(BlockingQueue<String> received) implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            received.add(data.toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            received.add("closed " + status + " " + reason);
            return null;
        }
    }
}
