package dev.tidings.transport.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.RecordingHost;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One servlet for whatever transports there are, and what is answered to posts. */
class TidingsServletTest {

    private static final TransportSettings SETTINGS =
            new TransportSettings(1_000, 8, Duration.ofSeconds(10), Duration.ofSeconds(105), 16);

    private final RecordingHost host = new RecordingHost(SETTINGS);
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void tearDown() {
        host.close();
    }

    private static EmbeddedServer start(Container container, Consumer<ServletContext> application) {
        return EmbeddedServer.start(container, 0, "/app", new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
                application.accept(event.getServletContext());
            }
        });
    }

    private EmbeddedServer start(Container container) {
        return start(container, context -> TidingsServlet.register(context, host, "/realtime"));
    }

    private HttpResponse<String> ask(EmbeddedServer server, String method, String path, String... headers)
            throws Exception {
        return send(server, method, path, "", headers);
    }

    private HttpResponse<String> send(EmbeddedServer server, String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/app" + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static List<String> with(String... more) {
        List<String> headers = new ArrayList<>(List.of(
                "Tidings-Protocol", "tidings.v1", "Tidings-Connection", "a.b", "Content-Type", "application/x-ndjson"));
        headers.addAll(List.of(more));
        return headers;
    }

    private HttpResponse<String> post(EmbeddedServer server, String body, String... more) throws Exception {
        return send(server, "POST", "/realtime/echo", body, with(more).toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource
    void get_ofTheBase_listsWhatThereIs(Container container) throws Exception {
        try (EmbeddedServer server = start(container)) {
            for (String path : List.of("/realtime", "/realtime/", "/realtime/info")) {
                HttpResponse<String> info = ask(server, "GET", path);
                assertThat(info.statusCode()).isEqualTo(200);
                assertThat(info.body()).isEqualTo("{\"protocol\":\"tidings.v1\",\"transports\":[\"echo\"]}");
                assertThat(info.headers().firstValue("Content-Type").orElse(""))
                        .isEqualToIgnoringCase("application/json;charset=utf-8");
                assertThat(info.headers().firstValue("Cache-Control")).hasValue("no-cache, no-store, no-transform");
            }
            assertThat(ask(server, "GET", "/realtime/echo").body()).isEqualTo("echo in /app");
        }
    }

    @ParameterizedTest
    @EnumSource
    void request_anythingElse_isRefusedInJson(Container container) throws Exception {
        try (EmbeddedServer server = start(container)) {
            for (String path : List.of("/realtime/websocket", "/realtime/echo/x", "/realtime/Echo")) {
                HttpResponse<String> missing = ask(server, "GET", path);
                assertThat(missing.statusCode()).isEqualTo(404);
                assertThat(missing.body()).startsWith("{\"code\":4000,").contains("echo");
            }
            HttpResponse<String> put = ask(server, "PUT", "/realtime");
            assertThat(put.statusCode()).isEqualTo(405);
            assertThat(put.headers().firstValue("Allow")).hasValue("GET, OPTIONS");
            assertThat(ask(server, "GET", "/realtime?a=%ff").statusCode()).isEqualTo(400);

            host.refuse(new Refusal(Disconnect.FORBIDDEN.because("Origin not allowed"), null));
            assertThat(ask(server, "GET", "/realtime", "Origin", "https://evil.example")
                            .statusCode())
                    .isEqualTo(403);
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusal_thatPasses_isReadableForThePage(Container container) throws Exception {
        try (EmbeddedServer server = start(container)) {
            for (Disconnect passing : List.of(Disconnect.TOO_MANY_CONNECTIONS, Disconnect.SHUTTING_DOWN)) {
                host.refuse(new Refusal(passing, Duration.ofSeconds(5)));
                HttpResponse<String> later = ask(server, "GET", "/realtime", "Origin", "https://good.example");
                assertThat(later.statusCode()).isEqualTo(passing.httpStatus());
                assertThat(later.headers().firstValue("Access-Control-Allow-Origin"))
                        .hasValue("https://good.example");
                assertThat(later.headers().firstValue("Access-Control-Expose-Headers"))
                        .get()
                        .asString()
                        .contains("Retry-After");
            }
            host.refuse(new Refusal(Disconnect.FORBIDDEN.because("Origin not allowed"), null));
            HttpResponse<String> never = ask(server, "GET", "/realtime", "Origin", "https://evil.example");
            assertThat(never.headers().firstValue("Access-Control-Allow-Origin"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void preflight_whateverPasses_isAnswered(Container container) throws Exception {
        try (EmbeddedServer server = start(container)) {
            String[] origin = {"Origin", "https://good.example"};
            for (Disconnect passing : List.of(Disconnect.TOO_MANY_CONNECTIONS, Disconnect.SHUTTING_DOWN)) {
                host.refuse(new Refusal(passing, Duration.ofSeconds(5)));
                HttpResponse<String> good = ask(server, "OPTIONS", "/realtime/echo", origin);
                assertThat(good.statusCode()).isEqualTo(204);
                assertThat(good.headers().firstValue("Access-Control-Allow-Origin"))
                        .hasValue("https://good.example");
            }
            host.refuse(new Refusal(Disconnect.FORBIDDEN, null));
            HttpResponse<String> bad = ask(server, "OPTIONS", "/realtime/echo", origin);
            assertThat(bad.statusCode()).isEqualTo(403);
            assertThat(bad.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void init_hostInTheContext_isFound(Container container) throws Exception {
        try (EmbeddedServer server = start(container, context -> {
            context.setAttribute(TransportHost.ATTRIBUTE, host);
            ServletRegistration.Dynamic servlet = context.addServlet("tidings", TidingsServlet.class);
            servlet.addMapping("/realtime/*");
            servlet.setAsyncSupported(true);
        })) {
            assertThat(ask(server, "GET", "/realtime").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void init_noHost_teaches() {
        ServletContext context = (ServletContext) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ServletContext.class}, (self, method, arguments) -> null);
        jakarta.servlet.ServletConfig config = (jakarta.servlet.ServletConfig) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {jakarta.servlet.ServletConfig.class},
                (self, method, arguments) -> method.getName().equals("getServletContext") ? context : null);
        assertThatThrownBy(() -> new TidingsServlet().init(config))
                .isInstanceOf(ServletException.class)
                .hasMessageContaining("context.setAttribute(TransportHost.ATTRIBUTE, tidings)")
                .hasMessageContaining("TidingsServlet.register");
        assertThatThrownBy(() -> TidingsServlet.register(context, host, "/x"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/x/*");
    }

    /** A servlet or a filter that nobody declared to support it: each answer says what to do, and the log says it once. */
    @ParameterizedTest
    @EnumSource
    void f47_servletOrFilterWithoutAsyncSupport_saysWhatIsMissing(Container container) throws Exception {
        Consumer<ServletContext> servletLacksIt = context ->
                context.addServlet("tidings", new TidingsServlet(host)).addMapping("/realtime/*");
        Consumer<ServletContext> filterLacksIt = context -> {
            TidingsServlet.register(context, host, "/realtime");
            Filter filter = (request, response, chain) -> chain.doFilter(request, response);
            FilterRegistration.Dynamic old = context.addFilter("old", filter);
            // What is not said counts as true in Tomcat, unless it is not said in a descriptor.
            old.setAsyncSupported(false);
            old.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        };
        for (Consumer<ServletContext> application : List.of(servletLacksIt, filterLacksIt)) {
            List<LogRecord> said = new CopyOnWriteArrayList<>();
            Logger log = Logger.getLogger("dev.tidings");
            Keeping keep = new Keeping(said);
            log.setUseParentHandlers(false);
            log.addHandler(keep);
            try (EmbeddedServer server = start(container, application)) {
                for (int i = 0; i < 3; i++) {
                    HttpResponse<String> answer = post(server, "{}");
                    assertThat(answer.statusCode()).isEqualTo(500);
                    assertThat(answer.body())
                            .startsWith("{\"code\":4100,")
                            .contains("async-supported", "setAsyncSupported(true)", "every filter");
                }
                // What needs no asynchronous answer works all the same.
                assertThat(ask(server, "GET", "/realtime").statusCode()).isEqualTo(200);
            } finally {
                log.removeHandler(keep);
                log.setUseParentHandlers(true);
            }
            assertThat(said).hasSize(1);
            assertThat(said.get(0).getLevel()).isEqualTo(Level.SEVERE);
            assertThat(said.get(0).getMessage()).contains("async-supported");
        }
    }

    /** Keeps what is logged. */
    private static final class Keeping extends Handler {
        private final List<LogRecord> said;

        Keeping(List<LogRecord> said) {
            this.said = said;
        }

        @Override
        public void publish(LogRecord record) {
            said.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @EnumSource
    void post_anyVerdict_isAnswered(Container container) throws Exception {
        try (EmbeddedServer server = start(container)) {
            List<List<String>> seen = new ArrayList<>();
            host.onPost((frames, first) -> {
                seen.add(frames);
                return new Posted(first + frames.size(), null);
            });
            assertThat(post(server, "1\n\n2\r\n3\n", "Tidings-First", "5").body())
                    .isEqualTo("{\"expects\":8}");
            assertThat(post(server, "").body()).isEqualTo("{\"expects\":1}");
            assertThat(seen).containsExactly(List.of("1", "2\r", "3"), List.of());

            host.onPost(
                    (frames, first) -> new Posted(3, new Refusal(Disconnect.RATE_LIMITED, Duration.ofMillis(1_200))));
            HttpResponse<String> limited = post(server, "1");
            assertThat(limited.statusCode()).isEqualTo(429);
            assertThat(limited.body())
                    .isEqualTo("{\"code\":4129,\"reason\":\"Rate limited\",\"retryAfter\":1200,\"expects\":3}");
            assertThat(limited.headers().firstValue("Retry-After")).hasValue("2");

            host.onPost((frames, first) -> Posted.GONE);
            HttpResponse<String> gone = post(server, "1");
            assertThat(gone.statusCode()).isEqualTo(404);
            assertThat(gone.body()).isEqualTo("{\"code\":4108,\"reason\":\"That connection is not here any more\"}");

            host.onPost((frames, first) -> new Posted(1, new Refusal(Disconnect.SLOW_CONSUMER, null)));
            // A 408 would make some clients repeat it by themselves.
            assertThat(post(server, "1").statusCode()).isEqualTo(503);
        }
    }

    @ParameterizedTest
    @EnumSource
    void post_verdictComesLaterOrNever_isAnswered(Container container) throws Exception {
        CompletableFuture<Posted> verdict = new CompletableFuture<>();
        TransportHost slow = new Slow(host, verdict);
        Logger log = Logger.getLogger("dev.tidings");
        try (EmbeddedServer server = start(container, context -> TidingsServlet.register(context, slow, "/realtime"))) {
            CompletableFuture<HttpResponse<String>> later = CompletableFuture.supplyAsync(() -> {
                try {
                    return post(server, "1");
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            Thread.sleep(200);
            assertThat(later).isNotDone();
            verdict.complete(new Posted(2, null));
            assertThat(later.join().body()).isEqualTo("{\"expects\":2}");
        }
        log.setLevel(Level.OFF);
        try (EmbeddedServer server = start(
                container,
                context -> TidingsServlet.register(
                        context,
                        new Slow(host, CompletableFuture.failedFuture(new IllegalStateException("for the test"))),
                        "/realtime"))) {
            assertThat(post(server, "1").statusCode()).isEqualTo(500);
        } finally {
            log.setLevel(null);
        }
    }

    /** A host that takes its time. */
    private record Slow(RecordingHost host, CompletableFuture<Posted> verdict) implements TransportHost {
        @Override
        public java.util.Optional<Refusal> refuse(dev.tidings.spi.Handshake handshake) {
            return host.refuse(handshake);
        }

        @Override
        public dev.tidings.spi.Attachment attach(dev.tidings.spi.Handshake handshake, dev.tidings.spi.Link link) {
            return host.attach(handshake, link);
        }

        @Override
        public CompletionStage<Posted> post(dev.tidings.spi.Handshake handshake, long first, List<String> frames) {
            return verdict;
        }

        @Override
        public dev.tidings.spi.Time time() {
            return host.time();
        }

        @Override
        public TransportSettings settings() {
            return host.settings();
        }

        @Override
        public java.util.concurrent.Executor executor() {
            return host.executor();
        }

        @Override
        public java.util.concurrent.Executor blocking() {
            return host.blocking();
        }
    }
}
