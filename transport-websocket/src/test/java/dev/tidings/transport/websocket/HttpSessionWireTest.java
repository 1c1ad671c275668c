package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Connection;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.Principal;
import java.util.EnumSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/**
 * A container ends the WebSockets of an authenticated HTTP session when the session ends. Tomcat does so; Jetty keeps them, as it
 * has no such link, and the embedded one has no sessions at all.
 */
class HttpSessionWireTest {

    private static final String WHO = "ada";

    /** Signs in, signs out, and tells the container who is there. */
    private static final class SignIn extends HttpFilter {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            HttpSession session = request.getSession(request.getRequestURI().equals("/in"));
            if (request.getRequestURI().equals("/out") && session != null) {
                session.invalidate();
            }
            if (request.getRequestURI().equals(WireServer.PATH)) {
                Principal principal = session == null ? null : () -> WHO;
                chain.doFilter(
                        new HttpServletRequestWrapper(request) {
                            @Override
                            public Principal getUserPrincipal() {
                                return principal;
                            }
                        },
                        response);
            }
        }
    }

    @Test
    void f26_httpSessionThatEnds_closes1008AndTheConnectionWaits() throws Exception {
        BlockingQueue<Connection> connected = new LinkedBlockingQueue<>();
        BlockingQueue<Connection> detached = new LinkedBlockingQueue<>();
        BlockingQueue<Connection> resumed = new LinkedBlockingQueue<>();
        Tidings tidings = Tidings.builder()
                .listener(new dev.tidings.ConnectionListener() {
                    @Override
                    public void onConnect(Connection connection) {
                        connected.add(connection);
                    }

                    @Override
                    public void onDetached(Connection connection) {
                        detached.add(connection);
                    }

                    @Override
                    public void onResumed(Connection connection) {
                        resumed.add(connection);
                    }
                })
                .build();
        HttpClient http =
                HttpClient.newBuilder().cookieHandler(new CookieManager()).build();
        try (LogCapture log = LogCapture.start();
                EmbeddedServer server = EmbeddedServer.start(Container.TOMCAT, 0, "", new ServletContextListener() {
                    @Override
                    public void contextInitialized(ServletContextEvent event) {
                        WebSocketServlet.register(event.getServletContext(), tidings, WireServer.PATH);
                        FilterRegistration.Dynamic filter =
                                event.getServletContext().addFilter("sign-in", new SignIn());
                        filter.setAsyncSupported(true);
                        filter.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
                    }

                    @Override
                    public void contextDestroyed(ServletContextEvent event) {
                        tidings.close();
                    }
                })) {
            String cookie = signIn(http, server);
            try (RawClient client = open(server, "", cookie)) {
                String token = client.next("welcome").get("resume").getAsString();
                assertThat(WireServer.take(connected).user()).hasValue(WHO);

                ask(http, server, "/out");

                assertThat(client.closing()).startsWith("1008");
                WireServer.take(detached);
                // Without a session it is not this user who comes.
                try (RawClient stranger = open(server, "?resume=true", "Cookie: none=1")) {
                    stranger.text("{\"type\":\"resume\",\"token\":\"" + token + "\",\"received\":0}");
                    assertThat(stranger.next("error").get("code").getAsString()).isEqualTo("gone");
                }
                String again = signIn(http, server);
                try (RawClient back = open(server, "?resume=true", again)) {
                    back.text("{\"type\":\"resume\",\"token\":\"" + token + "\",\"received\":0}");
                    back.next("resumed");
                    WireServer.take(resumed);
                }
            }
            assertThat(log.said).isEmpty();
        }
    }

    private static RawClient open(EmbeddedServer server, String query, String cookie) throws IOException {
        return RawClient.opened(
                RawClient.connect(server.port()),
                query,
                cookie,
                "Origin: http://127.0.0.1:" + server.port(),
                "Sec-WebSocket-Protocol: tidings.v1");
    }

    private static String signIn(HttpClient http, EmbeddedServer server) throws Exception {
        HttpResponse<Void> answer = ask(http, server, "/in");
        return "Cookie: "
                + answer.headers().firstValue("Set-Cookie").orElseThrow().split(";", 2)[0];
    }

    private static HttpResponse<Void> ask(HttpClient http, EmbeddedServer server, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
    }
}
