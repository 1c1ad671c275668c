package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlaygroundTest {

    private static final String WEBSOCKET = "/realtime/websocket";

    private static Playground start(Container container) {
        return Playground.start(new Options("127.0.0.1", 0, container, "/realtime", 0, false));
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private static JsonObject json(HttpResponse<String> response) {
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        return json(response.body());
    }

    @ParameterizedTest
    @EnumSource
    void publishedOverHttp_reachesAWebSocket(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());
            Client.Socket socket = client.open(WEBSOCKET + "?channel=news&channel=a/b:c&user=ada");
            JsonObject welcome = json(socket.next());
            assertThat(welcome.get("type").getAsString()).isEqualTo("welcome");
            assertThat(welcome.get("user").getAsString()).isEqualTo("ada");
            awaitSubscriptions(client, 2);

            HttpResponse<String> published = client.post("/publish/news", "{ \"text\":\n \"hello\" }");
            client.post("/publish/a/b:c?event=greeting", "\"h\u00e9llo\"");

            assertThat(published.statusCode()).isEqualTo(200);
            assertThat(json(published)).isEqualTo(json("{'published':1,'outcome':'ok'}"));
            assertThat(json(socket.next()))
                    .isEqualTo(json("{'type':'message','channel':'news','data':{'text':'hello'}}"));
            assertThat(json(socket.next()))
                    .isEqualTo(json("{'type':'message','channel':'a/b:c','event':'greeting','data':'h\u00e9llo'}"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyPublications_allReachAReader(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());
            Client.Socket socket = client.open(WEBSOCKET + "?channel=load");
            assertThat(socket.next()).contains("welcome");
            awaitSubscriptions(client, 1);

            HttpResponse<String> published = client.post("/publish/load?count=25000", "{\"n\":1}");

            assertThat(json(published)).isEqualTo(json("{'published':25000,'outcome':'ok'}"));
            for (int i = 0; i < 25_000; i++) {
                assertThat(socket.next()).contains("\"n\":1");
            }
            JsonObject stats = json(client.get("/stats"));
            assertThat(stats.get("publications").getAsLong()).isEqualTo(25_000);
            assertThat(stats.get("deliveries").getAsLong()).isEqualTo(25_000);
            assertThat(stats.get("dropped").getAsLong()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyChannel_isOpenToClients(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());
            Client.Socket socket = client.open(WEBSOCKET + "?user=ada");
            String connection = json(socket.next()).get("connection").getAsString();

            socket.send("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"any:where\"}");
            assertThat(json(socket.next())).isEqualTo(json("{'type':'reply','id':1,'channel':'any:where'}"));
            socket.send("{\"type\":\"publish\",\"channel\":\"any:where\",\"data\":[1]}");
            assertThat(json(socket.next()))
                    .isEqualTo(json("{'type':'message','channel':'any:where','data':[1],'user':'ada'}"));
            socket.send("{\"type\":\"enter\",\"id\":2,\"channel\":\"any:where\",\"data\":{\"mood\":\"good\"}}");
            assertThat(json(socket.next())).isEqualTo(json("{'type':'reply','id':2}"));
            socket.send("{\"type\":\"request\",\"id\":3,\"event\":\"echo\",\"data\":{\"a\":1}}");
            assertThat(json(socket.next())).isEqualTo(json("{'type':'reply','id':3,'data':{'a':1}}"));

            assertThat(json(client.get("/members/any:where")))
                    .isEqualTo(json("{'channel':'any:where','version':1,'members':[{'connection':'" + connection
                            + "','user':'ada','data':{'mood':'good'}}]}"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void badUser_isRefused(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());
            for (String user : List.of("", "a%20b", "a%0Ab", "x".repeat(65))) {
                Client.Socket socket = client.open(WEBSOCKET + "?user=" + user);

                assertThat(socket.next()).contains("4001");
                assertThat(socket.next()).isEqualTo("closed 4001 Unauthorized");
            }
            Client.Socket good = client.open(WEBSOCKET + "?user=" + "%C3%A5sa.Berg_1@example-site");
            assertThat(json(good.next()).get("user").getAsString()).isEqualTo("\u00e5sa.Berg_1@example-site");
        }
    }

    @ParameterizedTest
    @EnumSource
    void badRequest_isAnsweredInJson(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());

            for (String body : List.of("", "{", "{'a':1}", "1 2", "nope", "[".repeat(100))) {
                assertProblem(client.post("/publish/news", body), 400);
            }
            assertProblem(client.postBytes("/publish/news", new byte[] {'"', (byte) 0xff, '"'}), 400);
            HttpResponse<String> tooLarge = client.post("/publish/news", "\"" + "x".repeat(1024 * 1024) + "\"");
            assertProblem(tooLarge, 413);
            assertThat(tooLarge.headers().firstValue("Connection")).hasValue("close");
            for (String query : List.of("count=0", "count=1000001", "count=x", "count=", "event=", "event=a%20b")) {
                assertProblem(client.post("/publish/news?" + query, "1"), 400);
            }
            for (String channel : List.of("", "/", "/a%20b", "/$x", "/" + "x".repeat(256))) {
                assertProblem(client.post("/publish" + channel, "1"), 404);
                assertProblem(client.get("/members" + channel), 404);
            }
            assertProblem(client.post("/publish/news", "1", "Origin", "https://elsewhere.example"), 403);
            assertProblem(client.get("/publish/news"), 405);
            assertProblem(client.post("/members/news", "1"), 405);
            assertProblem(client.delete("/stats"), 405);
            assertThat(client.get("/publish/news").headers().firstValue("Allow"))
                    .hasValue("POST");

            assertThat(json(client.get("/stats")).get("publications").getAsLong())
                    .isZero();
        }
    }

    private static void assertProblem(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(json(response).get("error").getAsString()).isNotBlank();
    }

    @ParameterizedTest
    @EnumSource
    void sameOriginPage_mayPublish(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());

            HttpResponse<String> published = client.post(
                    "/publish/news",
                    "1",
                    "Origin",
                    "http://127.0.0.1:" + playground.port(),
                    "Content-Type",
                    "application/x-www-form-urlencoded");

            assertThat(published.statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void page_saysWhatThereIs(Container container) throws Exception {
        try (Playground playground = start(container)) {
            Client client = new Client(playground.port());

            HttpResponse<String> page = client.get("/");

            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
            assertThat(page.body())
                    .contains(WEBSOCKET, "/publish/CHANNEL", "http://127.0.0.1:" + playground.port() + "/publish/news");
            assertThat(client.get("/nothing").statusCode()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @EnumSource
    void close_tellsClientsWhenToComeBack(Container container) throws Exception {
        Client.Socket socket;
        long begun = System.nanoTime();
        try (Playground playground = start(container)) {
            socket = new Client(playground.port()).open(WEBSOCKET);
            assertThat(socket.next()).contains("welcome");
        }

        JsonObject close = json(socket.next());
        assertThat(close.get("code").getAsInt()).isEqualTo(4203);
        assertThat(close.get("retryAfter").getAsLong()).isBetween(0L, 5_000L);
        assertThat(socket.next()).isEqualTo("closed 4203 Shutting down");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(25));
    }

    @ParameterizedTest
    @EnumSource
    void otherBase_movesTheTransports(Container container) throws Exception {
        try (Playground playground = Playground.start(new Options("127.0.0.1", 0, container, "/a/b", 0, false))) {
            Client client = new Client(playground.port());

            assertThat(client.open("/a/b/websocket").next()).contains("welcome");
            assertThat(client.get("/").body()).contains("/a/b/websocket");
        }
    }

    @Test
    void takenPort_isSaid() {
        try (Playground first = start(Container.JETTY)) {
            Options same = new Options("127.0.0.1", first.port(), Container.JETTY, "/realtime", 0, false);

            assertThatThrownBy(() -> Playground.start(same))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(String.valueOf(first.port()));
        }
    }

    @Test
    void bodyThatIsNotAscii_passesUnchanged() throws Exception {
        try (Playground playground = start(Container.JETTY)) {
            Client client = new Client(playground.port());
            Client.Socket socket = client.open(WEBSOCKET + "?channel=news");
            assertThat(socket.next()).contains("welcome");
            awaitSubscriptions(client, 1);

            client.postBytes("/publish/news", "\"\u20ac \ud83d\ude00\"".getBytes(StandardCharsets.UTF_8));

            assertThat(socket.next()).contains("\u20ac \ud83d\ude00");
        }
    }

    private static void awaitSubscriptions(Client client, long count) {
        await().untilAsserted(() -> assertThat(
                        json(client.get("/stats")).get("subscriptions").getAsLong())
                .isEqualTo(count));
    }
}
