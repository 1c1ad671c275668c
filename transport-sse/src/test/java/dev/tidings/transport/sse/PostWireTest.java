package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is answered to requests, good and bad. */
class PostWireTest {

    private static final String PROTOCOL = "Tidings-Protocol: tidings.v1";
    private static final String LINES = "Content-Type: application/x-ndjson";

    private static String publish(int number) {
        return "{\"type\":\"publish\",\"channel\":\"open:a\",\"data\":" + number + "}";
    }

    private static RawHttp.Response ask(WireServer server, String method, String body, String... headers)
            throws IOException {
        return ask(server, method, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    private static RawHttp.Response ask(WireServer server, String method, byte[] body, String... headers)
            throws IOException {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Content-Length: " + body.length);
        try (RawHttp http = RawHttp.connect(server.port())) {
            return http.request(method, "", all.toArray(String[]::new))
                    .write(body)
                    .response();
        }
    }

    private static void assertAnswer(RawHttp.Response response, int status, int code) {
        assertThat(response.status()).as(response.toString()).isEqualTo(status);
        assertThat(response.headers())
                .containsEntry("Cache-Control", "no-cache, no-store, no-transform")
                .containsEntry("X-Content-Type-Options", "nosniff")
                .containsEntry("Vary", "Origin");
        assertThat(response.json().get("code").getAsInt()).isEqualTo(code);
        assertThat(response.json().get("reason").getAsString()).isNotBlank();
    }

    @ParameterizedTest
    @EnumSource
    void post_malformed_isToldWhatIsWrong(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "")) {
            String connection = "Tidings-Connection: " + client.token;
            assertAnswer(ask(server, "POST", "", LINES), 400, 4000);
            assertAnswer(ask(server, "POST", "", LINES, PROTOCOL), 400, 4000);
            assertAnswer(ask(server, "POST", "", LINES, connection), 400, 4000);
            assertAnswer(ask(server, "POST", "", LINES, "Tidings-Protocol: tidings.v9", connection), 400, 4000);
            for (String first : List.of("0", "-1", "x", "1.5", "99999999999999999999", "9223372036854775808")) {
                assertAnswer(
                        ask(server, "POST", "", LINES, PROTOCOL, connection, "Tidings-First: " + first), 400, 4000);
            }
            assertAnswer(ask(server, "POST", "{}", PROTOCOL, connection), 415, 4000);
            assertAnswer(ask(server, "POST", "{}", PROTOCOL, connection, "Content-Type: text/plain"), 415, 4000);
            assertAnswer(
                    ask(server, "POST", "{}", PROTOCOL, connection, "Content-Type: application/json; charset=utf-16"),
                    415,
                    4000);
            assertAnswer(
                    ask(server, "POST", new byte[] {'"', (byte) 0xc3, 0x28, '"'}, LINES, PROTOCOL, connection),
                    400,
                    4000);
            assertAnswer(
                    ask(
                            server,
                            "POST",
                            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                            LINES,
                            PROTOCOL,
                            connection),
                    400,
                    4000);
            assertAnswer(ask(server, "POST", "x".repeat(64 * 1024 + 1), LINES, PROTOCOL, connection), 413, 4013);
            assertAnswer(ask(server, "POST", "", LINES, PROTOCOL, "Tidings-Connection: a.b"), 404, 4108);
            // A hole.
            RawHttp.Response hole = ask(server, "POST", publish(1), LINES, PROTOCOL, connection, "Tidings-First: 7");
            assertThat(hole.status()).isEqualTo(400);
            // None of it has broken the connection, or counted.
            RawHttp.Response good = ask(
                    server,
                    "POST",
                    "{\"type\":\n\"ping\"}",
                    PROTOCOL,
                    connection,
                    "Content-Type: Application/JSON; Charset=\"UTF-8\"");
            assertThat(good.status()).as(good.toString()).isEqualTo(200);
            assertThat(good.json().get("expects").getAsInt()).isEqualTo(1);
            client.next("pong");
        }
    }

    @ParameterizedTest
    @EnumSource
    void methods_others_areNotAllowed(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            for (String method : List.of("PUT", "DELETE", "PATCH")) {
                RawHttp.Response response = ask(server, method, "");
                assertAnswer(response, 405, 4000);
                assertThat(response.headers()).containsEntry("Allow", "GET, POST, OPTIONS");
            }
            try (RawHttp http = RawHttp.connect(server.port())) {
                assertThat(http.request("HEAD", "").head().status()).isEqualTo(405);
            }
            assertAnswer(get(server, "?channel=%ff"), 400, 4000);
            assertAnswer(get(server, "", "Tidings-Protocol: x"), 400, 4000);
            assertAnswer(get(server, "", PROTOCOL, "Tidings-Connection: a", "Tidings-Received: -1"), 400, 4000);
        }
    }

    private static RawHttp.Response get(WireServer server, String query, String... headers) throws IOException {
        try (RawHttp http = RawHttp.connect(server.port())) {
            return http.request("GET", query, headers).response();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f25_originOfAnother_isRefusedOrEchoed(Container container) throws Exception {
        try (WireServer server = WireServer.start(container, b -> b.allowOrigin("https://good.example"))) {
            for (String origin : List.of("https://evil.example", "null", "https://good.example.evil.com")) {
                for (String method : List.of("GET", "POST", "OPTIONS")) {
                    RawHttp.Response response = ask(server, method, "", "Origin: " + origin, LINES, PROTOCOL);
                    assertAnswer(response, 403, 4003);
                    assertThat(response.headers())
                            .doesNotContainKeys("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials");
                }
            }
            RawHttp.Response preflight = ask(
                    server,
                    "OPTIONS",
                    "",
                    "Origin: https://good.example",
                    "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: tidings-protocol,tidings-connection,content-type");
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.headers())
                    .containsEntry("Access-Control-Allow-Origin", "https://good.example")
                    .containsEntry("Access-Control-Allow-Credentials", "true")
                    .containsEntry("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
                    .containsEntry("Access-Control-Max-Age", "600")
                    .containsEntry("Vary", "Origin");
            assertThat(preflight.headers().get("Access-Control-Allow-Headers"))
                    .contains(
                            "Tidings-Protocol",
                            "Tidings-Connection",
                            "Tidings-Received",
                            "Tidings-Poll",
                            "Tidings-First",
                            "Authorization",
                            "Content-Type");
            RawHttp.Response answer =
                    ask(server, "POST", "", "Origin: https://good.example", LINES, PROTOCOL, "Tidings-Connection: a");
            assertAnswer(answer, 404, 4108);
            assertThat(answer.headers())
                    .containsEntry("Access-Control-Allow-Origin", "https://good.example")
                    .containsEntry("Access-Control-Expose-Headers", "Tidings-First, Retry-After");
            try (StreamClient client = StreamClient.plain(server, "", "Origin: https://good.example")) {
                assertThat(client.headers())
                        .containsEntry("Access-Control-Allow-Origin", "https://good.example")
                        .containsEntry("Access-Control-Allow-Credentials", "true");
            }
            String own = "Origin: http://127.0.0.1:" + server.port();
            try (StreamClient client = StreamClient.plain(server, "", own)) {
                assertThat(client.headers()).doesNotContainKey("Access-Control-Allow-Origin");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f40_postRepeatedAndReordered_isTakenOnceAndInOrder(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "")) {
            client.post("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"open:a\"}");
            client.next("reply");
            String two = publish(2) + "\n" + publish(3) + "\n\r\n\n";
            assertThat(client.post(2, two).json().get("expects").getAsInt()).isEqualTo(4);
            assertThat(client.post(2, two).json().get("expects").getAsInt()).isEqualTo(4);
            // Of what overlaps only the new part is taken.
            assertThat(client.post(3, publish(3) + "\n" + publish(4))
                            .json()
                            .get("expects")
                            .getAsInt())
                    .isEqualTo(5);
            RawHttp.Response tooEarly = client.post(6, publish(6));
            assertThat(tooEarly.status()).isEqualTo(400);
            assertThat(tooEarly.json().get("expects").getAsInt()).isEqualTo(5);
            assertThat(client.post(5, publish(5)).status()).isEqualTo(200);
            assertThat(client.post(6, publish(6)).status()).isEqualTo(200);
            for (int i = 2; i <= 6; i++) {
                assertThat(client.next("message").get("data").getAsInt()).isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f40_postThatIsCut_isNotTaken(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 1);
            String body = publish(1) + "\n" + publish(2);
            for (boolean reset : List.of(false, true)) {
                try (RawHttp http = RawHttp.connect(server.port())) {
                    http.request(
                                    "POST",
                                    "",
                                    PROTOCOL,
                                    LINES,
                                    "Tidings-Connection: " + client.token,
                                    "Content-Length: " + (body.length() + 10))
                            .write(body);
                    Thread.sleep(100);
                    if (reset) {
                        http.reset();
                        continue;
                    }
                    http.finish();
                    // An answer, or the end where the container gives none.
                    String answer = http.rest();
                    assertThat(answer.isEmpty() || answer.startsWith("HTTP/1.1 400"))
                            .as(answer)
                            .isTrue();
                }
            }
            assertThat(client.post(publish(3)).get("expects").getAsInt()).isEqualTo(2);
            assertThat(client.next("message").get("data").getAsInt()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void f41_postThatAnnouncesAGigabyte_isTooLargeAtOnce(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "");
                RawHttp http = RawHttp.connect(server.port())) {
            long begun = System.nanoTime();
            http.request(
                    "POST", "", PROTOCOL, LINES, "Tidings-Connection: " + client.token, "Content-Length: 1073741824");
            assertAnswer(http.response(), 413, 4013);
            assertThat(System.nanoTime() - begun).isLessThan(5_000_000_000L);
            // Some containers wait for what was announced, until they lose patience.
            http.finish();
            assertThat(http.isAtEnd()).isTrue();
        }
    }

    /** A stranger's body is not worth a byte of memory. */
    @ParameterizedTest
    @EnumSource
    void f41_postForAConnectionThatIsNotHere_isAnsweredBeforeItsBody(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            http.request("POST", "", PROTOCOL, LINES, "Tidings-Connection: nobody.knows", "Content-Length: 60000");
            long begun = System.nanoTime();
            assertAnswer(http.response(), 404, 4108);
            assertThat(System.nanoTime() - begun).isLessThan(5_000_000_000L);
        }
    }

    @ParameterizedTest
    @EnumSource
    void f41_postInChunksWithoutEnd_isTooLarge(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "");
                RawHttp http = RawHttp.connect(server.port())) {
            http.request(
                    "POST", "", PROTOCOL, LINES, "Tidings-Connection: " + client.token, "Transfer-Encoding: chunked");
            String chunk = "400\r\n" + "x".repeat(1024) + "\r\n";
            int written = 0;
            try {
                while (written < 200) {
                    http.write(chunk);
                    written++;
                    Thread.sleep(1);
                }
            } catch (IOException e) {
                // The server has closed, as it should.
            }
            try {
                assertAnswer(http.response(), 413, 4013);
            } catch (IOException e) {
                // The answer is lost when a connection is reset.
                assertThat(written).isGreaterThan(64);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f41_postByteByByte_isGivenUpAfterTenSeconds(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "");
                RawHttp http = RawHttp.connect(server.port())) {
            http.request("POST", "", PROTOCOL, LINES, "Tidings-Connection: " + client.token, "Content-Length: 1000");
            long begun = System.nanoTime();
            Thread drip = new Thread(() -> {
                try {
                    for (int i = 0; i < 60; i++) {
                        http.write(" ");
                        Thread.sleep(500);
                    }
                } catch (IOException | InterruptedException e) {
                    // The server has closed, as it should.
                }
            });
            drip.start();
            RawHttp.Response response = http.response();
            assertThat((System.nanoTime() - begun) / 1_000_000).isBetween(9_000L, 13_000L);
            assertAnswer(response, 503, 4108);
            drip.interrupt();
            drip.join();
            assertThat(client.post(publish(1)).get("expects").getAsInt()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void f31_requestsOnOneConnection_neverMix(Container container) throws Exception {
        streamsAndPostsOnOneConnection(WireServer.start(container, PostWireTest::shortLived));
    }

    @Test
    void f31_requestsOnOneConnectionOfATomcatThatKeepsFacades_neverMix() throws Exception {
        streamsAndPostsOnOneConnection(
                WireServer.start(Container.TOMCAT, PostWireTest::shortLived, WireServer::keepFacades));
    }

    private static void shortLived(Tidings.Builder builder) {
        builder.limits(l -> l.stream(Duration.ofMillis(5), Duration.ofMillis(300)));
    }

    private static void streamsAndPostsOnOneConnection(WireServer started) throws Exception {
        try (WireServer server = started) {
            try (StreamClient other = StreamClient.acknowledging(server, "");
                    RawHttp http = RawHttp.connect(server.port())) {
                for (int round = 0; round < 8; round++) {
                    // A stream that ends while it is written to, by its age and by its comments.
                    RawHttp.Head head =
                            http.request("GET", "?channel=open:" + round).head();
                    assertThat(head.status()).isEqualTo(200);
                    String channel = "open:" + round;
                    AtomicBoolean over = new AtomicBoolean();
                    Thread publisher = new Thread(() -> {
                        while (!over.get()) {
                            server.publish(channel, "\"secret\"");
                        }
                        for (int i = 0; i < 200; i++) {
                            server.publish(channel, "\"secret\"");
                        }
                    });
                    publisher.start();
                    EventParser events = new EventParser(http.body(head));
                    int count = 0;
                    for (EventParser.Event event = events.next(); event != null; event = events.next()) {
                        count++;
                    }
                    assertThat(count).isPositive();
                    over.set(true);
                    // The next answer on the same connection has nothing of it, neither now nor after a while.
                    http.request(
                            "POST", "", "Content-Length: 0", LINES, PROTOCOL, "Tidings-Connection: " + other.token);
                    publisher.join();
                    Thread.sleep(20);
                    RawHttp.Response response = http.response();
                    assertThat(response.status()).isEqualTo(200);
                    assertThat(response.body()).isEqualTo("{\"expects\":1}");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void post_manyOnOneConnection_areAnsweredEach(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "?channel=open:a");
                RawHttp http = RawHttp.connect(server.port())) {
            server.awaitSubscribers("open:a", 1);
            for (int i = 1; i <= 50; i++) {
                String body = publish(i);
                http.request(
                                "POST",
                                "",
                                PROTOCOL,
                                LINES,
                                "Tidings-Connection: " + client.token,
                                "Tidings-First: " + i,
                                "Content-Length: " + body.length())
                        .write(body);
                JsonObject answer = http.response().json();
                assertThat(answer.get("expects").getAsInt()).isEqualTo(i + 1);
                assertThat(client.next("message").get("data").getAsInt()).isEqualTo(i);
            }
        }
    }
}
