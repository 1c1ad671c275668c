package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.testkit.FaultProxy;
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
        try (Control control = Control.start();
                EmbeddedServer server = EmbeddedServer.start(container, 0, "", application);
                FaultProxy proxy = FaultProxy.to(server.port())) {
            control.on("/cut", () -> {
                        proxy.refuse();
                        proxy.reset();
                    })
                    .on("/heal", proxy::admit);

            assertThat(Node.run(
                            150,
                            Map.of(
                                    "SERVER", "http://127.0.0.1:" + server.port(),
                                    "ELSEWHERE", "http://localhost:" + server.port(),
                                    "THROUGH_PROXY", "http://127.0.0.1:" + proxy.port(),
                                    "CONTROL", control.address()),
                            "wire.mjs"))
                    .containsExactly(
                            "passed websocket",
                            "passed eventSource",
                            "passed fetchPolls",
                            "passed fetchStreams",
                            "passed otherOrigin",
                            "passed client");
            application.close();
        }
    }
}
