package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The README's server in a web application that is deployed: with its descriptor, and with its annotation, as they are printed. */
@Timeout(120)
class WarTest {

    private static final Path README = Path.of("../../README.md");

    private static final String IMPORTS = """
            import dev.tidings.Allow;
            import dev.tidings.Tidings;
            import dev.tidings.client.js.ClientScriptServlet;
            import dev.tidings.spi.TransportHost;
            import dev.tidings.transport.servlet.TidingsServlet;
            import jakarta.servlet.ServletContext;
            import jakarta.servlet.ServletContextEvent;
            import jakarta.servlet.ServletContextListener;
            import jakarta.servlet.annotation.WebListener;
            """;

    /** Whatever makes the objects of an application; the line in it is the README's. */
    private static final String OBJECTS = """
            public final class Objects implements ServletContextListener {
                private Tidings tidings;

                @Override
                public void contextInitialized(ServletContextEvent event) {
                    tidings = Tidings.builder()
                            .channel("news", rule -> rule.subscribe(Allow.anyone()).publish(Allow.anyone()))
                            .build();
                    ServletContext context = event.getServletContext();
                    %s
                }

                @Override
                public void contextDestroyed(ServletContextEvent event) {
                    tidings.close();
                }
            }
            """;

    private static final String LISTENER = "<listener><listener-class>Objects</listener-class></listener>\n";

    /** What applications have in front of everything. */
    private static final String THROUGH = """
            import jakarta.servlet.*;
            public final class Through extends GenericFilter {
                @Override
                public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                        throws java.io.IOException, ServletException {
                    chain.doFilter(request, response);
                }
            }
            """;

    private static final String FILTER = """
            <filter>
              <filter-name>through</filter-name>
              <filter-class>Through</filter-class>
              <async-supported>true</async-supported>
            </filter>
            <filter-mapping>
              <filter-name>through</filter-name>
              <url-pattern>/*</url-pattern>
            </filter-mapping>
            """;

    @TempDir
    Path directory;

    /** The one block of the README in a language that has this in it. */
    private static String printed(String language, String part) throws Exception {
        List<String> blocks = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(README))
                .results()
                .map(block -> block.group(1))
                .filter(block -> block.contains(part))
                .toList();
        assertThat(blocks).hasSize(1);
        return blocks.get(0);
    }

    private War described(String attributes) throws Exception {
        return new War(directory)
                .source("Objects", IMPORTS + OBJECTS.formatted(printed("java", "TransportHost.ATTRIBUTE")))
                .source("Through", THROUGH)
                .descriptor(attributes, LISTENER + FILTER + printed("xml", "<servlet>"));
    }

    @ParameterizedTest
    @EnumSource
    void descriptor_servesAllTransports(Container container) throws Exception {
        try (WarServer server = WarServer.start(container, "", described("").file(), directory)) {
            everyTransport_isReached(server.port(), "");
            // No servlet serves the script here: the container does, from the jar.
            client_ofTheReadme_works(server.port());
        }
    }

    @ParameterizedTest
    @EnumSource
    void completeDescriptor_belowAPath_servesAllTransports(Container container) throws Exception {
        Path war = described(" metadata-complete=\"true\"").file();
        try (WarServer server = WarServer.start(container, "/shop", war, directory)) {
            everyTransport_isReached(server.port(), "/shop");
        }
    }

    @ParameterizedTest
    @EnumSource
    void annotatedListener_servesAllTransports(Container container) throws Exception {
        Path war = new War(directory)
                .source("Realtime", IMPORTS + printed("java", "@WebListener"))
                .file();
        try (WarServer server = WarServer.start(container, "", war, directory)) {
            everyTransport_isReached(server.port(), "");
            client_ofTheReadme_works(server.port());
        }
    }

    private static void everyTransport_isReached(int port, String base) throws Exception {
        Client client = new Client(port);
        assertThat(client.get(base + "/realtime").body()).contains("websocket", "sse", "poll");
        var script = client.get(base + "/tidings/tidings.js");
        assertThat(script.statusCode()).isEqualTo(200);
        assertThat(script.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/javascript");
        assertThat(script.body()).contains("export class Tidings");
        Client.Socket socket = client.open(base + "/realtime/websocket?channel=news");
        assertThat(socket.next()).contains("\"welcome\"");
        try (Stream<String> events =
                client.lines(base + "/realtime/sse?channel=news").body()) {
            CompletableFuture<Boolean> heard = CompletableFuture.supplyAsync(
                    () -> events.anyMatch(line -> line.startsWith("data:") && line.contains("It works")));
            CompletableFuture<String> polled = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.get(base + "/realtime/poll?channel=news").body();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            Awaitility.await().atMost(Client.PATIENCE).until(() -> {
                socket.send("{\"type\":\"publish\",\"channel\":\"news\",\"data\":{\"title\":\"It works\"}}");
                assertThat(socket.next()).contains("\"message\"", "It works");
                return heard.isDone() && polled.isDone();
            });
            assertThat(heard.get(30, TimeUnit.SECONDS)).isTrue();
            assertThat(polled.get(30, TimeUnit.SECONDS)).contains("It works", "\"next\":");
        }
    }

    private static void client_ofTheReadme_works(int port) throws Exception {
        try (Program page = Program.page(port, printed("js", "new Tidings"), "")) {
            page.hear("It works");
        }
    }
}
