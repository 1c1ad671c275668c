package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar as people run it. Part of {@code verify}, when the jar has been made. */
@Tag("jar")
class PlaygroundJarTest {

    private static final Path JAR = Path.of("target", "playground.jar");
    private static final Pattern GREETING = Pattern.compile(
            "Playground on http://127\\.0\\.0\\.1:(\\d+)/ and ws://127\\.0\\.0\\.1:\\1/realtime/websocket \\((\\w+)\\)");

    @BeforeEach
    void needsTheJar() {
        assumeTrue(Files.exists(JAR), () -> "SKIPPED: there is no " + JAR.toAbsolutePath() + "; run ./mvnw verify");
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-jar");
        command.add(JAR.toString());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"jetty", "tomcat"})
    void jar_servesAndStopsInOrder(String container) throws Exception {
        Process process = start("--port", "0", "--container", container);
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            Matcher greeting = GREETING.matcher(String.valueOf(out.readLine()));
            assertThat(greeting.matches()).isTrue();
            assertThat(greeting.group(2)).isEqualTo(container);
            Client client = new Client(Integer.parseInt(greeting.group(1)));
            Client.Socket socket = client.open("/realtime/websocket");
            assertThat(socket.next()).contains("welcome");
            socket.send("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"news\"}");
            assertThat(socket.next()).contains("reply");

            assertThat(client.post("/publish/news", "{\"text\":\"hello\"}").statusCode())
                    .isEqualTo(200);
            assertThat(socket.next()).contains("hello");
            long begun = System.nanoTime();
            // By its handle, because Process.destroy closes the streams, which are still to be read.
            process.toHandle().destroy();

            assertThat(socket.next()).contains("4203");
            assertThat(socket.next()).isEqualTo("closed 4203 Shutting down");
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
            assertThat(out.readLine()).as("one line is all it says").isNull();
            assertThat(text(process.getErrorStream())).isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String text(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({"--frobnicate, 1", "--port, x", "--history, x"})
    void misuse_isSaidAndEndsWithTwo(String option, String value) throws Exception {
        Process process = start(option, value);

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(2);
        assertThat(text(process.getInputStream())).isEmpty();
        assertThat(text(process.getErrorStream())).contains(option, "Usage:");
    }
}
