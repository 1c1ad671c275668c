package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The jar as people run it. Part of {@code verify}, when the jar has been made. */
@Tag("jar")
class ChatJarTest {

    private static final Path JAR = Path.of("target", "chat.jar");
    private static final Pattern GREETING = Pattern.compile("Chat on (http://127\\.0\\.0\\.1:\\d+)/");

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

    private static String text(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void jar_servesAllThatThePageNeedsAndStopsInOrder() throws Exception {
        Process process = start("--port", "0");
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            Matcher greeting = GREETING.matcher(String.valueOf(out.readLine()));
            assertThat(greeting.matches()).isTrue();
            HttpClient client = HttpClient.newHttpClient();
            for (String path : List.of("/", "/page/app.js", "/page/chat.css", "/tidings/tidings.js")) {
                assertThat(get(client, greeting.group(1) + path).statusCode())
                        .as(path)
                        .isEqualTo(200);
            }
            assertThat(get(client, greeting.group(1) + "/realtime").body()).contains("websocket", "sse", "poll");
            assertThat(get(client, greeting.group(1) + "/realtime/poll?timeout=0&channel=chat:lobby&token=Ada")
                            .body())
                    .contains("\"messages\":[]");
            // By its handle, because Process.destroy closes the streams, which are still to be read.
            process.toHandle().destroy();

            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(out.readLine()).as("one line is all it says").isNull();
            assertThat(text(process.getErrorStream())).isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }

    private static HttpResponse<String> get(HttpClient client, String uri) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString());
    }

    @Test
    void misuse_isSaidAndEndsWithTwo() throws Exception {
        Process process = start("--port", "x");

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(2);
        assertThat(text(process.getInputStream())).isEmpty();
        assertThat(text(process.getErrorStream())).contains("--port", "Usage:");
    }
}
