package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client of another make: {@code ws} on Node. Its script asserts by itself and says what went well, a line each. */
class NodeWireTest {

    private static final Path DIRECTORY = Path.of("src/test/node");

    @ParameterizedTest
    @EnumSource
    void ws_ofNode_isServed(Container container) throws Exception {
        requireNode();
        try (WireServer server = WireServer.start(container)) {
            Process node = new ProcessBuilder(
                            "node", "client.mjs", server.uri("").toString())
                    .directory(DIRECTORY.toFile())
                    .redirectErrorStream(true)
                    .start();
            try {
                String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(node.waitFor(30, TimeUnit.SECONDS)).as(said).isTrue();
                assertThat(node.exitValue()).as(said).isZero();
                assertThat(said.lines())
                        .containsExactly("refused", "plain", "acknowledging", "pong", "binary", "closed");
            } finally {
                node.destroyForcibly();
            }
            assertThat(List.of(WireServer.take(server.disconnected), WireServer.take(server.disconnected)))
                    .contains(Disconnect.NORMAL);
        }
    }

    private static void requireNode() {
        String missing = Files.isDirectory(DIRECTORY.resolve("node_modules/ws"))
                ? runs() ? null : "there is no Node on the PATH"
                : "node_modules is missing; run npm ci in transport-websocket/src/test/node";
        if (missing != null) {
            assertThat(System.getenv("CI"))
                    .as("In CI this test must run, but " + missing)
                    .isNotEqualTo("true");
            System.err.println("NodeWireTest is skipped: " + missing);
        }
        assumeTrue(missing == null, missing);
    }

    private static boolean runs() {
        try {
            return new ProcessBuilder("node", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
