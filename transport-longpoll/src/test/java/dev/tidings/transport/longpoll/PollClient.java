package dev.tidings.transport.longpoll;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** An acknowledging client, as the protocol wants it, on the JDK's HTTP client. Used by one thread, but for {@link #post}. */
final class PollClient {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    final URI uri;
    /** Headers for every request besides those of the protocol. */
    final Map<String, String> headers = new ConcurrentHashMap<>();
    /** All frames of all answers that arrived. */
    final List<JsonObject> wire = new ArrayList<>();
    /** Counted frames, each once. */
    final List<JsonObject> received = new ArrayList<>();

    volatile String token = "";
    long has;
    long number;

    PollClient(WireServer server) {
        this.uri = server.uri("");
    }

    HttpRequest request(String query) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri + query))
                .timeout(Duration.ofSeconds(60))
                .header("Tidings-Protocol", "tidings.v1")
                .header("Tidings-Poll", Long.toString(++number));
        headers.forEach(request::header);
        if (!token.isEmpty()) {
            request.header("Tidings-Connection", token).header("Tidings-Received", Long.toString(has));
        }
        return request.build();
    }

    static CompletableFuture<HttpResponse<String>> send(HttpRequest request) {
        return HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> pollAsync(String query) {
        return send(request(query));
    }

    /** Polls and takes the answer, which must be a good one. */
    List<JsonObject> poll(String query) {
        return take(pollAsync(query).join());
    }

    List<JsonObject> poll() {
        return poll("");
    }

    /** Begins a connection. */
    PollClient begin(String query) {
        List<JsonObject> first = poll(query);
        if (token.isEmpty()) {
            throw new AssertionError("No welcome: " + first);
        }
        return this;
    }

    List<JsonObject> take(HttpResponse<String> response) {
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + response.body());
        }
        long next = response.headers().firstValueAsLong("Tidings-First").orElseThrow();
        List<JsonObject> frames = frames(response.body());
        for (JsonObject frame : frames) {
            wire.add(frame);
            String type = type(frame);
            if (type.equals("welcome")) {
                token = frame.get("resume").getAsString();
                has = 0;
            } else if (isCounted(type)) {
                if (next > has) {
                    if (next != has + 1 && !type.equals("gap")) {
                        throw new AssertionError("A hole: " + next + " after " + has);
                    }
                    has = next;
                    received.add(frame);
                }
                next++;
            }
        }
        return frames;
    }

    static List<JsonObject> frames(String body) {
        return body.lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    static boolean isCounted(String type) {
        return !List.of("welcome", "resumed", "auth_success", "ack", "ping", "pong", "close")
                .contains(type);
    }

    static String type(JsonObject frame) {
        return frame.get("type").getAsString();
    }

    /** The data of messages and of direct messages. */
    static List<String> data(List<JsonObject> frames) {
        return frames.stream()
                .filter(frame -> List.of("message", "direct").contains(type(frame)))
                .map(frame -> frame.get("data").toString())
                .toList();
    }

    CompletableFuture<HttpResponse<String>> postAsync(long first, List<String> frames) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .header("Tidings-Protocol", "tidings.v1")
                .header("Tidings-Connection", token)
                .header("Tidings-First", Long.toString(first))
                .header("Content-Type", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofString(String.join("\n", frames)));
        headers.forEach(request::header);
        return send(request.build());
    }

    HttpResponse<String> post(long first, String... frames) {
        return postAsync(first, List.of(frames)).join();
    }
}
