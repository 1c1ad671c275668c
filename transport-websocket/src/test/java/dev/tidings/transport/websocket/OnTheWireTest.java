package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Over real sockets, on every container, with the JDK's client. */
class OnTheWireTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<String> messages = new CopyOnWriteArrayList<>();
    private Tidings tidings;
    private EmbeddedServer server;

    private void start(Container container, Consumer<Tidings.Builder> settings) throws Exception {
        Tidings.Builder builder = Tidings.builder()
                .channel("open:{name}", rule -> rule.subscribe(Allow.anyone()).publish(Allow.anyone()))
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection connection, String event, Payload payload) {
                        messages.add(payload.json());
                    }
                });
        settings.accept(builder);
        tidings = builder.build();
        server = EmbeddedServer.start(container, 0, "", new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
                WebSocketServlet.register(event.getServletContext(), tidings, "/realtime/websocket");
            }
        });
    }

    private String uri() {
        return "ws://127.0.0.1:" + server.port() + "/realtime/websocket";
    }

    @AfterEach
    void stop() throws Exception {
        if (tidings != null) {
            tidings.close();
        }
        if (server != null) {
            server.close();
        }
    }

    /** A client without any knowledge of the protocol. */
    private static final class Plain implements WebSocket.Listener {
        final List<String> frames = new CopyOnWriteArrayList<>();
        final CompletableFuture<String> closed = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                frames.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code + " " + reason);
            return null;
        }

        List<String> of(String type) {
            return frames.stream()
                    .filter(frame -> frame.startsWith("{\"type\":\"" + type + "\""))
                    .toList();
        }
    }

    private WebSocket open(String query, Plain listener) throws Exception {
        return http.newWebSocketBuilder()
                .buildAsync(URI.create(uri() + query), listener)
                .get(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource
    void handshake_otherOrigin_403(Container container) throws Exception {
        start(container, builder -> {});

        for (String origin : List.of("https://evil.example", "null", "http://127.0.0.1.evil.example")) {
            CompletableFuture<WebSocket> refused =
                    http.newWebSocketBuilder().header("Origin", origin).buildAsync(URI.create(uri()), new Plain());
            assertThat(refused)
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(WebSocketHandshakeException.class)
                    .satisfies(e -> assertThat(((WebSocketHandshakeException) e.getCause())
                                    .getResponse()
                                    .statusCode())
                            .isEqualTo(403));
        }
    }

    @ParameterizedTest
    @EnumSource
    void authentication_badAndMissing_closes4001WithTheReason(Container container) throws Exception {
        start(
                container,
                builder -> builder.limits(l -> l.authTimeout(Duration.ofMillis(500)))
                        .authenticator(Authenticator.token(token ->
                                token.equals("right") ? Authentication.user("ada") : Authentication.refused())));
        Plain inUrl = new Plain();
        Plain inFrame = new Plain();
        Plain silent = new Plain();
        Plain good = new Plain();

        open("?token=wrong", inUrl);
        open("", inFrame)
                .sendText("{\"type\":\"auth\",\"token\":\"wrong\"}", true)
                .get(5, TimeUnit.SECONDS);
        open("", silent);
        open("", good).sendText("{\"type\":\"auth\",\"token\":\"right\"}", true).get(5, TimeUnit.SECONDS);

        assertThat(inUrl.closed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("4001 Unauthorized");
        assertThat(inFrame.closed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("4001 Invalid token");
        assertThat(silent.closed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("4001 Auth timeout");
        await().atMost(PATIENCE).until(() -> good.of("welcome").size() == 1);
        assertThat(good.frames.get(0)).isEqualTo("{\"type\":\"auth_success\",\"user\":\"ada\"}");
    }

    @ParameterizedTest
    @EnumSource
    void badFrames_answeredWithErrors_nothingToOthers(Container container) throws Exception {
        start(container, builder -> {});
        Plain bad = new Plain();
        Plain other = new Plain();
        Plain huge = new Plain();
        WebSocket socket = open("", bad);
        open("?channel=open:a", other);
        WebSocket large = open("", huge);
        await().atMost(PATIENCE).until(() -> huge.of("welcome").size() == 1);

        socket.sendText("{a:1}", true).get(5, TimeUnit.SECONDS);
        socket.sendText("{\"type\":\"no such\",\"id\":1}", true).get(5, TimeUnit.SECONDS);
        socket.sendText("{\"type\":\"subscribe\",\"id\":\"x\",\"channel\":\"secret\"}", true)
                .get(5, TimeUnit.SECONDS);
        large.sendText("\"" + "x".repeat(70_000) + "\"", true).get(5, TimeUnit.SECONDS);

        await().atMost(PATIENCE).until(() -> bad.of("error").size() == 3);
        assertThat(bad.of("error").get(0)).contains("\"code\":\"bad_request\"");
        assertThat(bad.of("error").get(1)).contains("\"id\":1", "\"code\":\"unknown\"");
        assertThat(bad.of("error").get(2)).contains("\"id\":\"x\"", "\"code\":\"forbidden\"");
        assertThat(huge.closed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("4013 Frame too large");
        assertThat(other.of("error")).isEmpty();
        assertThat(other.closed).isNotDone();
    }

    @ParameterizedTest
    @EnumSource
    void plainClient_thatNeverSends_livesPastHeartbeatsAndGetsAll(Container container) throws Exception {
        start(container, builder -> builder.limits(l -> l.heartbeat(Duration.ofMillis(100), Duration.ofMillis(100))));
        Plain plain = new Plain();
        open("?channel=open:a", plain);
        await().atMost(PATIENCE).until(() -> tidings.channel("open:a").subscribers() == 1);

        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            expected.add("{\"type\":\"message\",\"channel\":\"open:a\",\"data\":" + i + "}");
            tidings.channel("open:a").publish(Payload.json(Integer.toString(i)));
            if (i % 500 == 499) {
                int sent = i + 1;
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> tidings.stats().deliveries() == sent
                                && tidings.stats().queuedBytes() == 0);
            }
        }

        await().atMost(PATIENCE).until(() -> plain.of("message").size() == 10_000);
        await().atMost(PATIENCE).until(() -> plain.of("ping").size() > 5);
        assertThat(plain.of("message")).isEqualTo(expected);
        assertThat(plain.closed).isNotDone();
    }

    @ParameterizedTest
    @EnumSource
    void acknowledgingClient_cutAtRandom_losesNothingEitherWay(Container container) throws Exception {
        start(
                container,
                builder ->
                        builder.limits(l -> l.messageRate(1_000_000, 1_000_000).byteRate(1 << 30, 1 << 30)));
        long seed = Long.getLong("tidings.seed", new Random().nextLong());
        Random random = new Random(seed);
        List<String> expected = new ArrayList<>();
        try (CountingClient client = new CountingClient(uri())) {
            client.connect();
            await().atMost(PATIENCE).until(client::isOpen);
            client.send("{\"type\":\"subscribe\",\"channel\":\"open:a\"}");
            await().atMost(PATIENCE).until(() -> tidings.channel("open:a").subscribers() == 1);
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < 100; i++) {
                    String number = Integer.toString(expected.size());
                    expected.add(number);
                    client.send("{\"type\":\"send\",\"event\":\"n\",\"data\":" + number + "}");
                    tidings.channel("open:a").publish(Payload.json(number));
                }
                int least = random.nextInt(expected.size());
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> messages.size() > least
                                || client.received("message").size() > least);
                client.cut();
                client.connect();
            }

            await("seed " + seed)
                    .atMost(PATIENCE)
                    .until(() -> client.received("message").size() >= expected.size());
            await("seed " + seed).atMost(PATIENCE).until(() -> messages.size() >= expected.size());
            assertThat(client.received("message").stream()
                            .map(frame -> frame.get("data").getAsString())
                            .toList())
                    .as("seed %d", seed)
                    .isEqualTo(expected);
            assertThat(messages).as("seed %d", seed).isEqualTo(expected);
            assertThat(client.received("gap")).isEmpty();
        }
    }
}
