package dev.tidings.transport.longpoll;

import static dev.tidings.transport.longpoll.PollClient.data;
import static dev.tidings.transport.longpoll.PollClient.type;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Connection;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Polls on real containers, with the real core. */
class PollWireTest {

    private static final String HEADER = "Tidings-Protocol: tidings.v1\r\n";

    private static JsonObject json(HttpResponse<String> response) {
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static HttpResponse<String> get(WireServer server, String query, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri(query)).timeout(Duration.ofSeconds(60));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return PollClient.send(request.build()).join();
    }

    private static void say(Connection connection, int value) {
        assertThat(connection.send("e", Payload.json("" + value))).isTrue();
    }

    private static List<String> events(WireServer server) {
        return server.events.stream().filter(e -> !e.startsWith("subscribe")).toList();
    }

    // ---- Acknowledging ----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void poll_first_isWelcomed(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server);
            HttpResponse<String> response = client.pollAsync("").join();
            assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("application/x-ndjson");
            assertThat(response.headers().firstValue("Tidings-First")).hasValue("1");
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-cache, no-store, no-transform");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().allValues("Vary")).contains("Origin");
            assertThat(client.take(response))
                    .singleElement()
                    .satisfies(f -> assertThat(type(f)).isEqualTo("welcome"));
            assertThat(WireServer.take(server.connected).transport()).hasValue("poll");
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_afterPoll_isHeardOfByNobody(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                CompletableFuture<HttpResponse<String>> held = client.pollAsync("");
                server.publish("open:a", i);
                client.take(held.join());
                expected.add("" + i);
            }
            while (client.received.size() < 50) {
                client.poll();
            }
            assertThat(data(client.received)).isEqualTo(expected);
            assertThat(server.events).containsExactly("connect", "subscribe open:a");
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_nothingToSay_isAnsweredWhenItsTimeIsOver(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            long begun = System.nanoTime();
            HttpResponse<String> response = client.pollAsync("?timeout=600").join();
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(Duration.ofMillis(500), Duration.ofSeconds(5));
            assertThat(response.body()).isEmpty();
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Tidings-First")).hasValue("1");

            begun = System.nanoTime();
            assertThat(client.poll("?timeout=0")).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(450));
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_longerThanAllowed_isCapped(Container container) {
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.poll(Duration.ofMillis(300), Duration.ofSeconds(10))))) {
            PollClient client = new PollClient(server).begin("");
            assertThat(client.poll("?timeout=99999999999999999999")).isEmpty();
            assertThat(client.poll()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_answerCutOff_comesAgain(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            String filler = "\"" + "x".repeat(20_000) + "\"";
            RawHttp raw = RawHttp.connect(server.port(), 4_096);
            raw.send(RawHttp.request(
                    "GET",
                    WireServer.PATH,
                    HEADER + "Tidings-Connection: " + client.token + "\r\nTidings-Received: 0\r\nTidings-Poll: "
                            + ++client.number + "\r\n",
                    ""));
            assertThat(raw.isSilentFor(200)).isTrue();
            server.publish("open:a", filler);
            raw.readSome(2_000);
            raw.cut();
            server.publish("open:a", 2);
            while (client.received.size() < 2) {
                client.poll();
            }
            assertThat(data(client.received)).containsExactly(filler, "2");
            assertThat(events(server)).containsExactly("connect");
        }
    }

    @ParameterizedTest
    @EnumSource
    void f37_poll_repeated_isRefusedAndDisturbsNothing(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            HttpRequest request = client.request("");
            CompletableFuture<HttpResponse<String>> one = PollClient.send(request);
            CompletableFuture<HttpResponse<String>> other = PollClient.send(request);
            // Whichever comes second is refused.
            HttpResponse<String> refused = one.applyToEither(other, r -> r).join();
            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(json(refused).get("code").getAsInt()).isEqualTo(4009);
            say(connection, 1);
            CompletableFuture<HttpResponse<String>> held = one.getNow(null) == refused ? other : one;
            assertThat(data(client.take(held.join()))).containsExactly("1");

            // Delayed until a later one is held.
            CompletableFuture<HttpResponse<String>> next = client.pollAsync("");
            next.copy().completeOnTimeout(null, 300, TimeUnit.MILLISECONDS).join();
            assertThat(PollClient.send(request).join().statusCode()).isEqualTo(409);
            say(connection, 2);
            assertThat(data(client.take(next.join()))).containsExactly("2");
            assertThat(events(server)).containsExactly("connect");
        }
    }

    /** The one with the higher number goes on; the other hears that it is not to come back. */
    @ParameterizedTest
    @EnumSource
    void f38_twoPagesWithOneToken_theLaterOneStays(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient page = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            PollClient copy = new PollClient(server);
            copy.token = page.token;
            copy.number = page.number;
            CompletableFuture<HttpResponse<String>> held = page.pollAsync("");
            held.copy().completeOnTimeout(null, 300, TimeUnit.MILLISECONDS).join();
            // As high as the page's own: refused.
            assertThat(copy.pollAsync("").join().statusCode()).isEqualTo(409);
            CompletableFuture<HttpResponse<String>> taking = copy.pollAsync("");
            JsonObject close = page.take(held.join()).get(0);
            assertThat(type(close)).isEqualTo("close");
            assertThat(close.get("code").getAsInt()).isEqualTo(4009);
            assertThat(close.get("reconnect").getAsString()).isEqualTo("never");
            say(connection, 1);
            assertThat(data(copy.take(taking.join()))).containsExactly("1");
            assertThat(events(server)).containsExactly("connect");
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_noneForAWhile_isDetachedAndResumed(Container container) {
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.poll(Duration.ofSeconds(2), Duration.ofMillis(500))))) {
            PollClient client = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            server.awaitEvent("detached");
            say(connection, 1);
            assertThat(client.poll()).extracting(PollClient::type).containsExactly("resumed", "direct");
            server.awaitEvent("resumed");
            assertThat(events(server)).containsExactly("connect", "detached", "resumed");
        }
    }

    /** No container tells that a client is gone while nothing is written to it. */
    @ParameterizedTest
    @EnumSource
    void f32_clientGoneWhileHeld_isDetachedSoonAfterItsTime(Container container) {
        try (WireServer server = WireServer.start(
                container, b -> b.limits(l -> l.poll(Duration.ofMillis(500), Duration.ofMillis(500))))) {
            PollClient client = new PollClient(server).begin("");
            RawHttp raw = RawHttp.connect(server.port());
            raw.send(RawHttp.request(
                    "GET",
                    WireServer.PATH,
                    HEADER + "Tidings-Connection: " + client.token + "\r\nTidings-Poll: " + ++client.number + "\r\n",
                    ""));
            assertThat(raw.isSilentFor(100)).isTrue();
            raw.cut();
            server.awaitEvent("detached");
            assertThat(client.poll()).extracting(PollClient::type).containsExactly("resumed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void disconnect_betweenPolls_isToldByTheNext(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            say(connection, 1);
            connection.disconnect(Disconnect.FORBIDDEN.because("Banned"));
            List<JsonObject> last = client.poll();
            assertThat(last).extracting(PollClient::type).containsExactly("direct", "close");
            assertThat(last.get(1).get("code").getAsInt()).isEqualTo(4003);
            assertThat(last.get(1).get("reason").getAsString()).isEqualTo("Banned");
            assertThat(client.poll()).extracting(PollClient::type).containsExactly("welcome");
        }
    }

    @ParameterizedTest
    @EnumSource
    void disconnect_whileHeld_isTold(Container container) {
        try (WireServer server = WireServer.start(container)) {
            for (int round = 0; round < 20; round++) {
                PollClient client = new PollClient(server).begin("");
                Connection connection = WireServer.take(server.connected);
                CompletableFuture<HttpResponse<String>> held = client.pollAsync("");
                say(connection, 1);
                connection.disconnect(Disconnect.FORBIDDEN.because("Banned"));
                client.take(held.join());
                while (!type(client.wire.get(client.wire.size() - 1)).equals("close")) {
                    client.poll();
                }
                assertThat(client.wire).extracting(PollClient::type).containsExactly("welcome", "direct", "close");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void post_close_endsTheConnection(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            CompletableFuture<HttpResponse<String>> held = client.pollAsync("");
            assertThat(client.post(1, "{\"type\":\"close\"}").statusCode()).isEqualTo(200);
            assertThat(client.take(held.join())).singleElement().satisfies(f -> {
                assertThat(type(f)).isEqualTo("close");
                assertThat(f.get("code").getAsInt()).isEqualTo(1000);
            });
            server.awaitEvent("disconnect 1000");
            HttpResponse<String> gone = client.post(1, "{\"type\":\"ping\"}");
            assertThat(gone.statusCode()).isEqualTo(404);
            assertThat(json(gone).get("code").getAsInt()).isEqualTo(4108);
        }
    }

    @ParameterizedTest
    @EnumSource
    void post_command_isAnsweredByAPoll(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            HttpResponse<String> posted = client.post(
                    1,
                    "{\"type\":\"subscribe\",\"id\":1,\"channel\":\"open:a\"}",
                    "{\"type\":\"publish\",\"id\":2,\"channel\":\"open:a\",\"data\":[1]}");
            assertThat(posted.statusCode()).isEqualTo(200);
            assertThat(posted.body()).isEqualTo("{\"expects\":3}");
            while (client.received.size() < 3) {
                client.poll();
            }
            assertThat(client.received).extracting(PollClient::type).contains("reply", "message");
            while (client.wire.stream().noneMatch(f -> type(f).equals("ack"))) {
                client.poll();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void token_wrong_isANewConnection(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            String token = client.token;
            for (String wrong : List.of(token + "x", token.substring(0, token.indexOf('.')), "x.y", "nonsense")) {
                PollClient thief = new PollClient(server);
                thief.token = wrong;
                assertThat(thief.poll()).extracting(PollClient::type).containsExactly("welcome");
                assertThat(thief.token).isNotEqualTo(token);
                thief.token = wrong;
                HttpResponse<String> posted = thief.post(1, "{\"type\":\"ping\"}");
                assertThat(posted.statusCode()).isEqualTo(404);
            }
            assertThat(client.poll("?timeout=0")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void credentials_wrongOrMissing_areUnauthorized(Container container) {
        try (WireServer server = WireServer.start(
                container,
                b -> b.authenticator(credentials -> CompletableFuture.completedStage(credentials
                        .token()
                        .map(t -> t.equals("good") ? Authentication.user("ada") : Authentication.refused())
                        .orElse(Authentication.missing()))))) {
            for (String query : List.of("?token=expired", "")) {
                for (boolean acknowledging : new boolean[] {true, false}) {
                    HttpResponse<String> refused =
                            acknowledging ? get(server, query, "Tidings-Protocol", "tidings.v1") : get(server, query);
                    assertThat(refused.statusCode()).isEqualTo(401);
                    assertThat(json(refused).get("code").getAsInt()).isEqualTo(4001);
                }
            }
            PollClient client = new PollClient(server);
            client.headers.put("Authorization", "Bearer good");
            assertThat(client.poll().get(0).get("user").getAsString()).isEqualTo("ada");
        }
    }

    // ---- Plain ------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void plain_poll_getsWhatHappensFromNowOn(Container container) {
        try (WireServer server = WireServer.start(container)) {
            server.publish("open:a", 0);
            CompletableFuture<HttpResponse<String>> held =
                    PollClient.send(HttpRequest.newBuilder(server.uri("?channel=open:a&channel=open:b"))
                            .build());
            server.awaitSubscribers("open:a", 1);
            server.awaitSubscribers("open:b", 1);
            server.publish("open:a", 1);
            JsonObject answer = json(held.join());
            assertThat(answer.getAsJsonArray("messages"))
                    .singleElement()
                    .satisfies(m -> assertThat(m.toString())
                            .isEqualTo("{\"type\":\"message\",\"channel\":\"open:a\",\"data\":1}"));
            assertThat(answer.get("next").getAsString()).isEqualTo("0-unknown,0-unknown");
            assertThat(answer.has("gap")).isFalse();
            server.awaitEvent("disconnect 1000");
            server.awaitSubscribers("open:a", 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void plain_since_saysThatSomethingMayBeMissing(Container container) {
        try (WireServer server = WireServer.start(container)) {
            HttpResponse<String> first = get(server, "?channel=open:a&timeout=0");
            assertThat(first.body()).isEqualTo("{\"messages\":[],\"next\":\"0-unknown\"}");
            assertThat(first.headers().firstValue("Content-Type").orElse("")).startsWith("application/json");
            JsonObject second = json(get(server, "?channel=open:a&timeout=0&since=0-unknown"));
            assertThat(second.get("gap").getAsBoolean()).isTrue();
            assertThat(second.get("next").getAsString()).isEqualTo("0-unknown");

            // A channel without history must not make a client's loop a busy one.
            long begun = System.nanoTime();
            get(server, "?channel=open:a&timeout=400&since=0-unknown");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(350));
        }
    }

    @ParameterizedTest
    @EnumSource
    void plain_channelForbidden_isSaid(Container container) {
        try (WireServer server = WireServer.start(container)) {
            HttpResponse<String> refused = get(server, "?channel=secret&channel=other");
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(json(refused).get("code").getAsInt()).isEqualTo(4003);
            HttpResponse<String> some = get(server, "?channel=secret&channel=open:a&timeout=0");
            assertThat(some.statusCode()).isEqualTo(200);
            assertThat(some.body()).contains("forbidden", "\"next\":\"0-unknown,0-unknown\"");
        }
    }

    @ParameterizedTest
    @EnumSource
    void plain_curl_isServed(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            Process curl = new ProcessBuilder(
                            "curl",
                            "-sS",
                            "-m",
                            "30",
                            server.uri("?channel=open:a").toString())
                    .redirectErrorStream(true)
                    .start();
            server.awaitSubscribers("open:a", 1);
            server.publish("open:a", "{\"text\":\"grüezi\"}");
            String said = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(curl.waitFor()).isZero();
            assertThat(said)
                    .isEqualTo(
                            "{\"messages\":[{\"type\":\"message\",\"channel\":\"open:a\",\"data\":{\"text\":\"grüezi\"}}],"
                                    + "\"next\":\"0-unknown\"}");
        }
    }

    @ParameterizedTest
    @EnumSource
    void plain_burstOfPolls_isServed(Container container) {
        try (WireServer server = WireServer.start(container)) {
            List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                all.add(PollClient.send(HttpRequest.newBuilder(server.uri("?channel=open:a&timeout=0"))
                        .build()));
            }
            assertThat(all)
                    .allSatisfy(each -> assertThat(each.join().statusCode()).isEqualTo(200));
            server.awaitSubscribers("open:a", 0);
            assertThat(server.tidings.stats().connections()).isZero();
        }
    }

    // ---- Requests that are not good ---------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeout=x",
                "timeout=-1",
                "timeout=",
                "timeout=1.5",
                "timeout=1&timeout=2",
                "channel=a%20b",
                "channel=open:a&since=nonsense",
                "channel=open:a&since=0-unknown,0-unknown",
                "since=",
                "channel=open:a&since=0-unknown&since=0-unknown",
                "channel=%zz"
            })
    void query_malformed_isABadRequest(String query) {
        for (Container container : Container.values()) {
            try (WireServer server = WireServer.start(container)) {
                RawHttp.Response answer = RawHttp.connect(server.port()).get(WireServer.PATH + "?" + query, "");
                assertThat(answer.status()).as(container + " " + query).isEqualTo(400);
                if (!query.contains("%zz")) {
                    assertThat(answer.body()).contains("\"code\":4000");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void headers_malformed_areABadRequest(Container container) {
        try (WireServer server = WireServer.start(container)) {
            for (String headers : List.of(
                    "Tidings-Protocol: tidings.v9\r\n",
                    HEADER + "Tidings-Connection: a.b\r\nTidings-Received: x\r\nTidings-Poll: 1\r\n",
                    HEADER + "Tidings-Connection: a.b\r\nTidings-Received: -1\r\nTidings-Poll: 1\r\n",
                    HEADER + "Tidings-Connection: a.b\r\nTidings-Poll: x\r\n")) {
                RawHttp.Response answer = RawHttp.connect(server.port()).get(WireServer.PATH, headers);
                assertThat(answer.status()).as(headers).isEqualTo(400);
                assertThat(answer.body()).contains("\"code\":4000");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void method_other_isNotAllowed(Container container) {
        try (WireServer server = WireServer.start(container)) {
            for (String method : List.of("PUT", "DELETE", "PATCH")) {
                RawHttp.Response answer = RawHttp.connect(server.port())
                        .send(RawHttp.request(method, WireServer.PATH, "", "{}"))
                        .receive();
                assertThat(answer.status()).isEqualTo(405);
                assertThat(answer.header("Allow")).contains("GET", "POST", "OPTIONS");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f25_originOfAnother_isForbiddenUnlessAllowed(Container container) {
        try (WireServer server = WireServer.start(container, b -> b.allowOrigin("https://good.example"))) {
            String path = WireServer.PATH + "?channel=open:a&timeout=0";
            RawHttp.Response evil =
                    RawHttp.connect(server.port()).get(path, "Origin: https://good.example.evil.com\r\n");
            assertThat(evil.status()).isEqualTo(403);
            assertThat(evil.header("Access-Control-Allow-Origin")).isEmpty();
            assertThat(evil.header("Vary")).contains("Origin");

            RawHttp.Response good = RawHttp.connect(server.port()).get(path, "Origin: https://good.example\r\n");
            assertThat(good.status()).isEqualTo(200);
            assertThat(good.header("Access-Control-Allow-Origin")).isEqualTo("https://good.example");
            assertThat(good.header("Access-Control-Allow-Credentials")).isEqualTo("true");
            assertThat(good.header("Access-Control-Expose-Headers")).contains("Tidings-First");

            String ask =
                    "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: tidings-protocol, content-type\r\n";
            RawHttp.Response preflight = RawHttp.connect(server.port())
                    .send(RawHttp.request("OPTIONS", WireServer.PATH, "Origin: https://good.example\r\n" + ask, ""))
                    .receive();
            assertThat(preflight.status()).isBetween(200, 204);
            assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("https://good.example");
            assertThat(preflight.header("Access-Control-Allow-Methods")).contains("POST");
            assertThat(preflight.header("Access-Control-Allow-Headers").toLowerCase(java.util.Locale.ROOT))
                    .contains("tidings-protocol", "tidings-connection", "tidings-poll", "content-type");
            RawHttp.Response refused = RawHttp.connect(server.port())
                    .send(RawHttp.request("OPTIONS", WireServer.PATH, "Origin: https://evil.example\r\n" + ask, ""))
                    .receive();
            assertThat(refused.status()).isEqualTo(403);
        }
    }

    @ParameterizedTest
    @EnumSource
    void connections_tooMany_areToldWhenToComeBack(Container container) {
        try (WireServer server = WireServer.start(container, b -> b.limits(l -> l.connections(0, 0, 1)))) {
            PollClient client = new PollClient(server).begin("");
            HttpResponse<String> refused = get(server, "");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            assertThat(client.poll("?timeout=0")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void rule_deniesLater_pollsDoNotAskAgain(Container container) {
        List<String> asked = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (WireServer server = WireServer.start(
                container,
                b -> b.channel(
                        "asked",
                        rule -> rule.subscribe(access -> {
                            asked.add("asked");
                            return Allow.anyone().check(access);
                        })))) {
            PollClient client = new PollClient(server).begin("?channel=asked");
            server.awaitSubscribers("asked", 1);
            for (int i = 0; i < 5; i++) {
                client.poll("?timeout=0&channel=asked");
            }
            assertThat(asked).hasSize(1);
        }
    }
}
