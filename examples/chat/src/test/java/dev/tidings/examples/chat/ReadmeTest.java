package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The lines of the README for terminals and browsers, as they are printed. */
class ReadmeTest {

    private static final String PRINTED = "127.0.0.1:8080";
    private static final Pattern CURL =
            Pattern.compile("^curl (?:-N )?'?(http://127\\.0\\.0\\.1:8080/realtime[^'\\s]*)", Pattern.MULTILINE);
    private static final Pattern SCRIPT = Pattern.compile("```js\n(.*?)```", Pattern.DOTALL);

    private final HttpClient client = HttpClient.newHttpClient();
    private Chat chat;
    private String readme;

    @BeforeEach
    void start() throws Exception {
        readme = Files.readString(Path.of("../../README.md"));
        chat = Chat.start(Options.parse("--port", "0"));
    }

    @AfterEach
    void stop() {
        chat.close();
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private HttpRequest get(String printed) {
        return HttpRequest.newBuilder(URI.create(printed.replace(PRINTED, "127.0.0.1:" + chat.port())))
                .build();
    }

    @Test
    void terminal_hears() throws Exception {
        List<String> lines = all(CURL, readme);
        assertThat(lines).hasSize(3);
        var stream = client.send(get(lines.get(0)), BodyHandlers.ofInputStream());
        var poll = client.sendAsync(get(lines.get(1)), BodyHandlers.ofString());

        // The poll may come after a message, so there is one until it is answered.
        while (!poll.isDone()) {
            chat.application().talk().say("lobby", "Ada", "for the terminal", "");
            Thread.onSpinWait();
        }

        assertThat(poll.get().body()).contains("for the terminal", "\"next\":");
        try (BufferedReader events = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(Stream.generate(() -> line(events))
                            .anyMatch(line -> line.startsWith("data:") && line.contains("for the terminal")))
                    .isTrue();
        }
        assertThat(client.send(get(lines.get(2)), BodyHandlers.ofString()).body())
                .contains("websocket", "sse", "poll");
    }

    private static String line(BufferedReader events) {
        try {
            return String.valueOf(events.readLine());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    @Timeout(180)
    void browser_hearsAndSpeaks() throws Exception {
        Node.requireBrowser();
        List<String> scripts = all(SCRIPT, readme);
        assertThat(scripts).hasSize(3);
        try (ReadmeServer server = new ReadmeServer(scripts.get(2))) {
            assertThat(Node.run(
                            150,
                            Map.of(
                                    "CHAT",
                                    "http://127.0.0.1:" + chat.port() + "/",
                                    "README_SERVER",
                                    "http://127.0.0.1:" + server.port() + "/",
                                    "EVENT_SOURCE",
                                    scripts.get(0),
                                    "WEB_SOCKET",
                                    scripts.get(1).replace(PRINTED, "127.0.0.1:" + chat.port())),
                            "readme.mjs"))
                    .containsExactly("passed listener", "passed speaker", "passed module");
        }
    }
}
