package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.testkit.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a browser has by itself, and the browser client, against each container: see {@code wire.mjs}. */
class BrowserWireTest {

    @ParameterizedTest
    @EnumSource(Container.class)
    @Timeout(180)
    void browser_getsWhatItAsksFor_fromItsOwnOriginOnly(Container container) throws Exception {
        Node.requireBrowser();
        ChatApplication application = new ChatApplication();
        HttpServer control = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (EmbeddedServer server = EmbeddedServer.start(container, 0, "", application);
                FaultProxy proxy = FaultProxy.to(server.port())) {
            on(control, "/cut", () -> {
                proxy.refuse();
                proxy.reset();
            });
            on(control, "/heal", proxy::admit);
            control.start();

            assertThat(Node.run(
                            150,
                            Map.of(
                                    "SERVER", "http://127.0.0.1:" + server.port(),
                                    "ELSEWHERE", "http://localhost:" + server.port(),
                                    "THROUGH_PROXY", "http://127.0.0.1:" + proxy.port(),
                                    "CONTROL",
                                            "http://127.0.0.1:"
                                                    + control.getAddress().getPort()),
                            "wire.mjs"))
                    .containsExactly(
                            "passed websocket",
                            "passed eventSource",
                            "passed fetchPolls",
                            "passed fetchStreams",
                            "passed otherOrigin",
                            "passed client");
            application.close();
        } finally {
            control.stop(0);
        }
    }

    private static void on(HttpServer server, String path, Runnable action) {
        server.createContext(path, exchange -> {
            try (exchange) {
                action.run();
                exchange.sendResponseHeaders(204, -1);
            }
        });
    }
}
