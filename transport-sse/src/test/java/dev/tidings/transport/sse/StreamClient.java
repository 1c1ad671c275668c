package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client of streams: one connection reads, another posts. It counts as an acknowledging client does. */
final class StreamClient implements AutoCloseable {

    private static final String PROTOCOL = "Tidings-Protocol: tidings.v1";

    private final URI uri;
    final RawHttp wire;
    final RawHttp.Head head;
    private final EventParser events;

    /** Numbers of the frame layer, for acknowledging clients. */
    long received;

    long sent;

    @Nullable
    String token;

    private StreamClient(URI uri, RawHttp wire, String... headers) throws IOException {
        this.uri = uri;
        this.wire = wire;
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        wire.requestAt("GET", uri.getRawPath() + query, headers);
        this.head = wire.head();
        this.events = new EventParser(wire.body(head));
        if (head.status() != 200) {
            throw new AssertionError("No stream: " + head);
        }
    }

    static StreamClient plain(WireServer server, String query, String... headers) throws IOException {
        return new StreamClient(server.uri(query), RawHttp.connect(server.port()), headers);
    }

    static StreamClient acknowledging(WireServer server, String query) throws IOException {
        StreamClient client = new StreamClient(server.uri(query), RawHttp.connect(server.port()), PROTOCOL);
        client.token = client.next("welcome").get("resume").getAsString();
        return client;
    }

    /** Goes on with the connection of another; {@code resumed} is the next frame. */
    static StreamClient resume(StreamClient from, String... headers) throws IOException {
        List<String> all = new ArrayList<>(
                List.of(PROTOCOL, "Tidings-Connection: " + from.token, "Tidings-Received: " + from.received));
        all.addAll(List.of(headers));
        StreamClient client =
                new StreamClient(from.uri, RawHttp.connect(from.uri.getPort()), all.toArray(String[]::new));
        client.token = from.token;
        client.received = from.received;
        client.sent = from.sent;
        return client;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    EventParser.@Nullable Event event() throws IOException {
        return events.next();
    }

    /** The next event of a name; others are skipped. */
    EventParser.Event event(String name) throws IOException {
        for (EventParser.Event event = event(); event != null; event = event()) {
            if (event.data() != null && event.name().equals(name)) {
                return event;
            }
        }
        throw new AssertionError("The stream ended without " + name);
    }

    /** The next frame; null at the end. */
    @Nullable
    JsonObject frame() throws IOException {
        for (EventParser.Event event = event(); event != null; event = event()) {
            if (event.data() != null) {
                JsonObject frame = JsonParser.parseString(event.data()).getAsJsonObject();
                String type = frame.get("type").getAsString();
                if (!List.of("welcome", "resumed", "auth_success", "ack", "ping", "pong", "close")
                        .contains(type)) {
                    received++;
                }
                return frame;
            }
        }
        return null;
    }

    /** The next frame of a type; others are skipped. */
    JsonObject next(String type) throws IOException {
        for (JsonObject frame = frame(); frame != null; frame = frame()) {
            if (frame.get("type").getAsString().equals(type)) {
                return frame;
            }
        }
        throw new AssertionError("The stream ended without " + type);
    }

    /** Reads to the end and gives the last frame. */
    JsonObject last() throws IOException {
        JsonObject last = null;
        for (JsonObject frame = frame(); frame != null; frame = frame()) {
            last = frame;
        }
        if (last == null) {
            throw new AssertionError("There was no frame");
        }
        return last;
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    /** Posts counted frames. */
    JsonObject post(String... frames) throws IOException {
        RawHttp.Response response = post(sent + 1, String.join("\n", frames));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        sent += frames.length;
        return response.json();
    }

    /** Posts frames that are not counted. */
    void say(String frame) throws IOException {
        RawHttp.Response response = post(sent + 1, frame);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
    }

    RawHttp.Response post(long first, String body) throws IOException {
        return post(uri, token, first, body);
    }

    static RawHttp.Response post(URI uri, @Nullable String token, long first, String body) throws IOException {
        try (RawHttp http = RawHttp.connect(uri.getPort())) {
            byte[] bytes = body.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            return http.requestAt(
                            "POST",
                            uri.getRawPath(),
                            PROTOCOL,
                            "Tidings-Connection: " + token,
                            "Tidings-First: " + first,
                            "Content-Type: application/x-ndjson",
                            "Content-Length: " + bytes.length)
                    .write(bytes)
                    .response();
        }
    }

    Map<String, String> headers() {
        return head.headers();
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}
