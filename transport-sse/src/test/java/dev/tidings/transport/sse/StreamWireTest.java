package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.Authentication;
import dev.tidings.Connection;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams, by the clients that people have. */
class StreamWireTest {

    private static final List<String> HOSTILE = List.of(
            "a\nb",
            "a\rb",
            "a\r\nb",
            "\n\n",
            "data: x\n\ndata: y",
            "id: 1\nevent: error\nretry: 1\n\n",
            "\uFEFF",
            ":\n\n",
            "\u2028\u2029\u0085\u000b\u000c",
            "\u0000",
            "\uD83C\uDF89 gr\u00fc\u00dfe",
            " leading",
            "");

    private static void publish(WireServer server, String channel, Payload payload) {
        server.tidings.channel(channel).publish(payload).toCompletableFuture().join();
    }

    @ParameterizedTest
    @EnumSource
    void f46_streamPlain_hasTheHeadersAndTheBeginningAtOnce(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.plain(server, "?channel=open:a")) {
            assertThat(client.headers().get("Content-Type")).isEqualToIgnoringCase("text/event-stream;charset=utf-8");
            assertThat(client.headers())
                    .containsEntry("Cache-Control", "no-cache, no-store, no-transform")
                    .containsEntry("X-Accel-Buffering", "no")
                    .containsEntry("X-Content-Type-Options", "nosniff")
                    .containsEntry("Vary", "Origin")
                    .doesNotContainKeys("Content-Length", "Access-Control-Allow-Origin");
            assertThat(client.event().comment()).isTrue();
            assertThat(client.event().retry()).isBetween(1_000, 5_000);
            EventParser.Event welcome = client.event();
            assertThat(welcome.name()).isEqualTo("welcome");
            assertThat(welcome.id()).isNotNull();
            Handshake handshake = WireServer.take(server.connected).handshake();
            assertThat(handshake.transport()).isEqualTo("sse");
            assertThat(handshake.isAcknowledging()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f44_textThatLooksLikeFraming_arrivesAsItIs(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient plain = StreamClient.plain(server, "?channel=open:a");
                StreamClient acknowledging = StreamClient.acknowledging(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 2);
            for (String text : HOSTILE) {
                publish(server, "open:a", Payload.string(text));
            }
            publish(server, "open:a", Payload.json("{\n\"a\"\r\n:\r1}"));
            publish(server, "open:a", Payload.bytes(new byte[] {10, 13}));
            for (StreamClient client : List.of(plain, acknowledging)) {
                for (String text : HOSTILE) {
                    assertThat(client.next("message").get("data").getAsString()).isEqualTo(text);
                }
                assertThat(client.next("message")
                                .get("data")
                                .getAsJsonObject()
                                .get("a")
                                .getAsInt())
                        .isEqualTo(1);
                assertThat(client.next("message").get("bytes").getAsString()).isEqualTo("Cg0=");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void events_ofAPlainClient_haveNames(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.plain(server, "?channel=open:a&channel=forbidden")) {
            client.event("failure");
            server.awaitSubscribers("open:a", 1);
            Connection connection = WireServer.take(server.connected);
            for (String event : List.of("flash", "a/b:c~d-e.f_g", "open", "error", "message")) {
                server.publish("open:a", event, Payload.json("1"));
            }
            server.publish("open:a", "2");
            connection.send("notice", Payload.json("3"));
            List<String> names = new ArrayList<>();
            while (names.size() < 7) {
                EventParser.Event event = client.event();
                if (event.data() != null && !event.name().equals("subscribed")) {
                    names.add(event.name());
                }
            }
            // Which of the two comes first is not said.
            assertThat(names).contains("notice");
            names.remove("notice");
            assertThat(names).containsExactly("flash", "a/b:c~d-e.f_g", "message", "message", "message", "message");
        }
    }

    @ParameterizedTest
    @EnumSource
    void events_ofAnAcknowledgingClient_haveNothingButData(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 1);
            server.publish("open:a", "flash", Payload.json("1"));
            EventParser.Event event = client.event();
            while (event.data() == null || !event.data().contains("\"flash\"")) {
                event = client.event();
            }
            assertThat(event.name()).isEqualTo("message");
            assertThat(event.id()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_bytheJdk_isReadAsItComes(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            HttpClient http = HttpClient.newHttpClient();
            HttpResponse<Stream<String>> response = http.send(
                    HttpRequest.newBuilder(server.uri("?channel=open:a")).build(), HttpResponse.BodyHandlers.ofLines());
            assertThat(response.statusCode()).isEqualTo(200);
            server.awaitSubscribers("open:a", 1);
            Iterator<String> lines = response.body().iterator();
            for (int i = 0; i < 100; i++) {
                server.publish("open:a", i);
                String line = lines.next();
                while (!line.startsWith("data: {\"type\":\"message\"")) {
                    line = lines.next();
                }
                assertThat(JsonParser.parseString(line.substring(6))
                                .getAsJsonObject()
                                .get("data")
                                .getAsInt())
                        .isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_byCurl_isReadAsItComes(Container container) throws Exception {
        NodeWireTest.require(NodeWireTest.runs("curl") ? null : "there is no curl on the PATH");
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.stream(Duration.ofMillis(300), Duration.ofHours(1))))) {
            Process curl = new ProcessBuilder(
                            "curl", "-sN", server.uri("?channel=open:a").toString())
                    .start();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(curl.getInputStream(), StandardCharsets.UTF_8))) {
                server.awaitSubscribers("open:a", 1);
                server.publish("open:a", "\"grüße\"");
                String line = lines.readLine();
                while (!line.contains("grüße")) {
                    line = lines.readLine();
                }
                assertThat(line).startsWith("data: {\"type\":\"message\",\"channel\":\"open:a\"");
            } finally {
                curl.destroyForcibly();
            }
            assertThat(WireServer.take(server.disconnected)).isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f43_anyLastEventId_isAGapAtWorst(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            List<String> ids = new ArrayList<>(
                    List.of("1", "-1", "0-unknown", "99999999999999999999-x", "a,b", "\u00e9", "?", "x".repeat(1_025)));
            try (StreamClient client = StreamClient.plain(server, "?channel=open:a")) {
                ids.add(client.event("welcome").id());
            }
            for (String id : ids) {
                try (StreamClient client = StreamClient.plain(server, "?channel=open:a", "Last-Event-ID: " + id)) {
                    assertThat(JsonParser.parseString(client.event("gap").data())
                                    .getAsJsonObject()
                                    .get("reason")
                                    .getAsString())
                            .as(id)
                            .isEqualTo("NO_HISTORY");
                }
            }
            for (String id : List.of("a\u0000b", "x".repeat(1_000_000))) {
                try (RawHttp http = RawHttp.connect(server.port())) {
                    int status;
                    try {
                        http.request("GET", "?channel=open:a", "Last-Event-ID: " + id);
                        status = http.head().status();
                    } catch (java.io.IOException e) {
                        // The container has closed before it had read all of it.
                        status = 431;
                    }
                    assertThat(status).as("container's answer").isIn(200, 400, 431, 413);
                }
            }
            // And nothing is broken afterwards.
            StreamClient.plain(server, "?channel=open:a").close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void ids_ofManyChannels_areAbsent(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            StringBuilder query = new StringBuilder("?x=y");
            for (int i = 0; i < 17; i++) {
                query.append("&channel=open:").append(i);
            }
            try (StreamClient client = StreamClient.plain(server, query.toString())) {
                assertThat(client.event("welcome").id()).isNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void silence_isBrokenByComments_andAgeEndsThePlainStream(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                        container, b -> b.limits(l -> l.stream(Duration.ofMillis(200), Duration.ofSeconds(2))));
                StreamClient plain = StreamClient.plain(server, "?channel=open:a");
                StreamClient acknowledging = StreamClient.acknowledging(server, "")) {
            long begun = System.nanoTime();
            int comments = 0;
            for (EventParser.Event event = plain.event(); event != null; event = plain.event()) {
                comments += event.comment() ? 1 : 0;
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
            assertThat(millis).isBetween(1_500L, 4_000L);
            assertThat(comments).isBetween(5, 13);
            assertThat(WireServer.take(server.disconnected).code()).isEqualTo(1000);
            // Acknowledging ones show by themselves that they live.
            assertThat(acknowledging.event().comment()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f32_clientThatLeft_isNoticedByTheComments(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.stream(Duration.ofMillis(300), Duration.ofHours(1))))) {
            try (StreamClient client = StreamClient.plain(server, "?channel=open:a")) {
                client.event("welcome");
            }
            assertThat(WireServer.take(server.disconnected).code()).isEqualTo(1006);
            StreamClient reset = StreamClient.acknowledging(server, "");
            reset.wire.reset();
            WireServer.take(server.detached);
        }
    }

    @ParameterizedTest
    @EnumSource
    void f04_clientThatDoesNotRead_isEndedAndHoldsUpNobody(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                        container,
                        b -> b.limits(l -> l.sendTimeout(Duration.ofSeconds(2)).outbox(64 * 1024 * 1024, 100_000)));
                RawHttp stuck = RawHttp.connectNarrow(server.port());
                StreamClient good = StreamClient.plain(server, "?channel=open:a")) {
            stuck.request("GET", "?channel=open:a");
            server.awaitSubscribers("open:a", 2);
            String text = "x".repeat(32 * 1024);
            for (int i = 0; i < 300; i++) {
                publish(server, "open:a", Payload.string(text));
                assertThat(good.next("message").get("data").getAsString()).hasSize(text.length());
            }
            assertThat(WireServer.take(server.disconnected).code()).isEqualTo(4108);
            server.awaitSubscribers("open:a", 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void close_byTheServer_isTheLastEvent(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            try (StreamClient plain = StreamClient.plain(server, "")) {
                plain.event("welcome");
                WireServer.take(server.connected).disconnect(Disconnect.FORBIDDEN.because("Banned until Monday"));
                JsonObject close = plain.last();
                assertThat(close.get("type").getAsString()).isEqualTo("close");
                assertThat(close.get("code").getAsInt()).isEqualTo(4003);
                assertThat(plain.event()).isNull();
            }
            try (StreamClient acknowledging = StreamClient.acknowledging(server, "");
                    StreamClient plain = StreamClient.plain(server, "")) {
                plain.event("welcome");
                server.tidings.close();
                assertThat(acknowledging.last().get("code").getAsInt()).isEqualTo(4203);
                EventParser.Event close = plain.event("close");
                assertThat(close.data()).contains("4203");
                assertThat(plain.event()).isNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shutdownOfTheContainer_withOpenStreams_isQuick(Container container) throws Exception {
        long begun;
        try (WireServer server = WireServer.start(container);
                StreamClient one = StreamClient.plain(server, "?channel=open:a");
                StreamClient two = StreamClient.acknowledging(server, "")) {
            server.awaitSubscribers("open:a", 1);
            begun = System.nanoTime();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            for (StreamClient client : List.of(one, two)) {
                try {
                    client.last();
                } catch (java.io.EOFException e) {
                    // Some containers cut their connections before they tell the application to stop.
                }
            }
            closing.get(30, TimeUnit.SECONDS);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    }

    @ParameterizedTest
    @EnumSource
    void credentials_wrongOrMissing_are401(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                container,
                b -> b.authenticator(c -> CompletableFuture.completedStage(c.token()
                        .map(t -> t.equals("good") ? Authentication.user("ada") : Authentication.refused())
                        .orElseGet(Authentication::missing))))) {
            for (String[] headers : List.of(
                    new String[] {},
                    new String[] {"Authorization: Bearer bad"},
                    new String[] {"Tidings-Protocol: tidings.v1"},
                    new String[] {"Tidings-Protocol: tidings.v1", "Tidings-Connection: a.b"})) {
                try (RawHttp http = RawHttp.connect(server.port())) {
                    RawHttp.Response response = http.request("GET", "", headers).response();
                    assertThat(response.status()).isEqualTo(401);
                    assertThat(response.headers().get("Content-Type"))
                            .isEqualToIgnoringCase("application/json;charset=utf-8");
                    assertThat(response.json().get("code").getAsInt()).isEqualTo(4001);
                    assertThat(response.json().get("reason").getAsString()).isEqualTo("Unauthorized");
                }
            }
            try (StreamClient client = StreamClient.plain(server, "?token=good")) {
                assertThat(client.next("welcome").get("user").getAsString()).isEqualTo("ada");
            }
            try (StreamClient client = StreamClient.plain(server, "", "Authorization: Bearer good")) {
                assertThat(client.next("welcome").get("user").getAsString()).isEqualTo("ada");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusals_thatPass_areAStreamForEventSource(Container container) throws Exception {
        try (WireServer server = WireServer.start(container, b -> b.limits(l -> l.connections(0, 0, 1)));
                StreamClient first = StreamClient.plain(server, "")) {
            first.event("welcome");
            await().until(() -> !server.connected.isEmpty());
            assertRefused(server, 429, 4129);
            server.tidings.close();
            assertRefused(server, 503, 4203);
        }
    }

    private static void assertRefused(WireServer server, int status, int code) throws Exception {
        try (StreamClient plain = StreamClient.plain(server, "")) {
            assertThat(plain.event().retry()).isBetween(5_000, 10_000);
            EventParser.Event close = plain.event();
            assertThat(close.name()).isEqualTo("close");
            JsonObject frame = JsonParser.parseString(close.data()).getAsJsonObject();
            assertThat(frame.get("code").getAsInt()).isEqualTo(code);
            assertThat(frame.get("retryAfter").getAsInt()).isEqualTo(5_000);
            assertThat(plain.event()).isNull();
        }
        try (RawHttp http = RawHttp.connect(server.port())) {
            RawHttp.Response response =
                    http.request("GET", "", "Tidings-Protocol: tidings.v1").response();
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.headers()).containsEntry("Retry-After", "5");
            assertThat(response.json().get("code").getAsInt()).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @EnumSource
    void channels_allForbidden_are403(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            RawHttp.Response response =
                    http.request("GET", "?channel=a&channel=b").response();
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.json().get("code").getAsInt()).isEqualTo(4003);
            // The connection is as good as before.
            assertThat(http.request("GET", "?channel=open:a").head().status()).isEqualTo(200);
        }
    }
}
