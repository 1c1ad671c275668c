package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An {@code EventSource} of another make, on Node. Its script asserts by itself and says what went well, a line each. */
class NodeWireTest {

    private static final Path DIRECTORY = Path.of("src/test/node");
    /** Framing in the text: if it got through, the client would see other events. */
    private static final String HOSTILE = "data: one\r\nevent: x\n\n\uFEFFtwo\u2028 gr\u00fc\u00dfe \uD83C\uDF89";

    @ParameterizedTest
    @EnumSource
    void f44_eventsource_ofNode_isServed(Container container) throws Exception {
        requireNode();
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.stream(Duration.ofSeconds(15), Duration.ofSeconds(3))))) {
            Process node = new ProcessBuilder(
                            "node", "client.mjs", server.uri("").toString())
                    .directory(DIRECTORY.toFile())
                    .redirectErrorStream(true)
                    .start();
            try {
                server.awaitSubscribers("open:b", 1);
                server.awaitSubscribers("open:a", 1);
                server.tidings.channel("open:a").publish(Payload.string(HOSTILE));
                server.publish("open:a", "flash/1", Payload.json("1"));
                server.publish("open:a", "error", Payload.json("2"));
                String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(node.waitFor(90, TimeUnit.SECONDS)).as(said).isTrue();
                assertThat(node.exitValue()).as(said).isZero();
                assertThat(said.lines())
                        .containsExactly("welcome", "message", "named", "disguised", "again", "refused");
            } finally {
                node.destroyForcibly();
            }
        }
    }

    private static void requireNode() {
        String missing = Files.isDirectory(DIRECTORY.resolve("node_modules/eventsource"))
                ? runs("node") ? null : "there is no Node on the PATH"
                : "node_modules is missing; run npm ci in transport-sse/src/test/node";
        require(missing);
    }

    /** Skips, and loudly so. */
    static void require(String missing) {
        if (missing != null) {
            assertThat(System.getenv("CI"))
                    .as("In CI this test must run, but " + missing)
                    .isNotEqualTo("true");
            System.err.println("A test with a client of another make is skipped: " + missing);
        }
        assumeTrue(missing == null, missing);
    }

    static boolean runs(String program) {
        try {
            return new ProcessBuilder(program, "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
