package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.server.ServerContainer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the servlet starts, and what it says where an installation is not complete. */
class WebSocketServletTest {

    private static final String CONTAINER = "jakarta.websocket.server.ServerContainer";

    /** A context with nothing but attributes. */
    private static ServletConfig config(Map<String, Object> attributes) {
        ServletContext context = proxy(ServletContext.class, (name, argument) -> switch (name) {
            case "getAttribute" -> attributes.get(argument);
            default -> null;
        });
        return proxy(ServletConfig.class, (name, argument) -> name.equals("getServletContext") ? context : null);
    }

    @FunctionalInterface
    private interface Answers {
        @Nullable
        Object to(String name, @Nullable Object argument);
    }

    private static <T> T proxy(Class<T> type, Answers answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> answers.to(method.getName(), arguments == null ? null : arguments[0])));
    }

    @Test
    void init_noHost_teaches() {
        assertThatThrownBy(() -> new WebSocketServlet().init(config(Map.of())))
                .isInstanceOf(ServletException.class)
                .hasMessageContaining("context.setAttribute(TransportHost.ATTRIBUTE, tidings)");
        assertThatThrownBy(() -> new WebSocketServlet().init(config(Map.of(TransportHost.ATTRIBUTE, "text"))))
                .hasMessageContaining("java.lang.String");
    }

    @Test
    void init_hostInTheContext_isFound() throws Exception {
        new WebSocketServlet().init(config(Map.of(TransportHost.ATTRIBUTE, new FakeHost())));
        WebSocketServlet.builder().build().init(config(Map.of(TransportHost.ATTRIBUTE, new FakeHost())));
        WebSocketServlet.builder().host(new FakeHost()).build().init(config(Map.of()));
    }

    @Test
    void register_pathThatIsTaken_isRefused() {
        ServletContext context = proxy(ServletContext.class, (name, argument) -> null);
        assertThatThrownBy(() -> WebSocketServlet.register(context, new FakeHost(), "/x"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/x");
    }

    /** Passes requests on to a servlet that sees another context than the container's. */
    private static final class Passing extends HttpServlet implements ServletContextListener {
        private static final long serialVersionUID = 1L;
        private final transient WebSocketServlet servlet;

        Passing(WebSocketServlet servlet) {
            this.servlet = servlet;
        }

        @Override
        public void contextInitialized(ServletContextEvent event) {
            event.getServletContext().addServlet("passing", this).addMapping(WireServer.PATH);
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws ServletException, IOException {
            servlet.service((jakarta.servlet.ServletRequest) request, response);
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_noContainer_saysSoAndLogsOnce(Container container) throws Exception {
        assertAnswered(container, Map.of(), 501, "WsSci");
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_containerThatDoesNothing_saysSoAndLogsOnce(Container container) throws Exception {
        ServerContainer idle = proxy(ServerContainer.class, (name, argument) -> null);
        assertAnswered(container, Map.of(CONTAINER, idle), 500, "upgradeHttpToWebSocket");
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_containerThatThrows_saysSoAndLogsOnce(Container container) throws Exception {
        ServerContainer broken = proxy(ServerContainer.class, (name, argument) -> {
            throw new IllegalStateException("for the test");
        });
        assertAnswered(container, Map.of(CONTAINER, broken), 500, "upgradeHttpToWebSocket");
    }

    private static void assertAnswered(Container container, Map<String, Object> attributes, int status, String reason)
            throws Exception {
        WebSocketServlet servlet = new WebSocketServlet(new FakeHost());
        servlet.init(config(attributes));
        try (LogCapture log = LogCapture.start();
                EmbeddedServer server = EmbeddedServer.start(container, 0, "", new Passing(servlet))) {
            for (int i = 0; i < 2; i++) {
                RawClient.Response response = HandshakeWireTest.ask(server.port(), "");
                assertThat(response.status()).isEqualTo(status);
                assertThat(response.body()).contains(reason).startsWith("{\"code\":4100,");
            }
            assertThat(log.warnings)
                    .extracting(LogRecord::getMessage)
                    .hasSize(1)
                    .allMatch(m -> m.contains(reason));
        }
    }
}
