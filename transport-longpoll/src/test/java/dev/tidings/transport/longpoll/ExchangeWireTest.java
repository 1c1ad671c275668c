package dev.tidings.transport.longpoll;

import static dev.tidings.transport.longpoll.PollClient.data;
import static dev.tidings.transport.longpoll.PollClient.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.Connection;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nothing is lost, nothing comes twice, all is in order, in both directions and through what goes wrong on the way. */
class ExchangeWireTest {

    private static final int MANY = 2_000;
    private static final int WINDOW = 64;

    private static void fast(Tidings.Builder builder) {
        builder.limits(l -> l.messageRate(1_000_000, 1_000_000).byteRate(100_000_000, 100_000_000));
    }

    private static List<String> numbers(int to) {
        return IntStream.range(0, to).mapToObj(Integer::toString).toList();
    }

    private static String event(long value) {
        return "{\"type\":\"send\",\"event\":\"n\",\"data\":" + value + "}";
    }

    /** Sends all numbers, in posts of random sizes, many of them twice, late, or both at once. */
    private static void sendAll(PollClient client, Random random) {
        List<List<String>> past = new ArrayList<>();
        List<Long> pastFirsts = new ArrayList<>();
        List<CompletableFuture<HttpResponse<String>>> strays = new ArrayList<>();
        long next = 1;
        while (next <= MANY) {
            int count = (int) Math.min(1 + random.nextInt(WINDOW / 2), MANY - next + 1);
            List<String> frames = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                frames.add(event(next - 1 + i));
            }
            past.add(frames);
            pastFirsts.add(next);
            int chaos = random.nextInt(4);
            if (chaos == 0) {
                strays.add(client.postAsync(next, frames));
            } else if (chaos == 1) {
                int old = random.nextInt(past.size());
                strays.add(client.postAsync(pastFirsts.get(old), past.get(old)));
            }
            HttpResponse<String> response = client.postAsync(next, frames).join();
            JsonObject answer = JsonParser.parseString(response.body()).getAsJsonObject();
            // 429 where not all could be taken: on from there.
            assertThat(response.statusCode()).as(response.body()).isIn(200, 429);
            long expects = answer.get("expects").getAsLong();
            assertThat(expects).isBetween(next, next + count);
            next = expects;
        }
        strays.forEach(stray -> assertThat(stray.join().statusCode()).isIn(200, 429));
    }

    @ParameterizedTest
    @EnumSource
    void f40_exchange_withRepeatedPostsAndLostAnswers_isWholeAndInOrder(Container container) {
        Random random = new Random(40);
        try (WireServer server = WireServer.start(container, ExchangeWireTest::fast)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            CompletableFuture<Void> down = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < MANY; i++) {
                    server.publish("open:a", i);
                    if (i % 16 == 0) {
                        pause();
                    }
                }
            });
            CompletableFuture<Void> up = CompletableFuture.runAsync(() -> sendAll(client, new Random(41)));
            int lost = 0;
            long acknowledged = 0;
            while (client.received.size() < MANY || acknowledged < MANY) {
                HttpResponse<String> response = client.pollAsync("").join();
                if (random.nextInt(8) == 0) {
                    lost++;
                    if (up.isDone()) {
                        // What only acknowledged shows by nothing that it was lost: the client repeats what it keeps.
                        client.post(MANY, event(MANY - 1));
                    }
                    continue;
                }
                for (JsonObject frame : client.take(response)) {
                    if (type(frame).equals("ack")) {
                        acknowledged =
                                Math.max(acknowledged, frame.get("received").getAsLong());
                    }
                }
            }
            down.join();
            up.join();
            assertThat(lost).isPositive();
            assertThat(data(client.received)).isEqualTo(numbers(MANY));
            assertThat(server.messages).isEqualTo(numbers(MANY));
            assertThat(client.wire).extracting(PollClient::type).doesNotContain("gap", "resumed", "error", "close");
            assertThat(server.events).containsExactly("connect", "subscribe open:a");
            client.post(MANY + 1, "{\"type\":\"ack\",\"received\":" + client.has + "}");
            assertThat(server.tidings.stats().queuedBytes()).isZero();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A body that is cut off is not taken, and a hole is not jumped over. */
    @ParameterizedTest
    @EnumSource
    void f40_post_withAHoleOrCutOff_isNotTaken(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            HttpResponse<String> hole = client.post(2, event(1));
            assertThat(hole.statusCode()).isEqualTo(400);
            assertThat(JsonParser.parseString(hole.body())
                            .getAsJsonObject()
                            .get("expects")
                            .getAsLong())
                    .isEqualTo(1);

            RawHttp raw = RawHttp.connect(server.port());
            raw.send("POST " + WireServer.PATH
                    + " HTTP/1.1\r\nHost: x\r\nTidings-Protocol: tidings.v1\r\nTidings-Connection: " + client.token
                    + "\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n" + event(0) + "\n");
            raw.cut();
            assertThat(client.post(1, event(0), event(1)).body()).isEqualTo("{\"expects\":3}");
            await().atMost(10, TimeUnit.SECONDS).until(() -> server.messages.size() == 2);
            assertThat(server.messages).containsExactly("0", "1");
        }
    }

    // ---- From one transport to another ------------------------------------------------------------------------------

    /** A WebSocket that goes on with the connection of a polling client, and counts on for it. */
    private static final class Socket implements WebSocket.Listener {
        private static final HttpClient HTTP = HttpClient.newHttpClient();
        final BlockingQueue<JsonObject> frames = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final PollClient client;
        private final WebSocket socket;

        Socket(WireServer server, PollClient client) {
            this.client = client;
            socket = HTTP.newWebSocketBuilder()
                    .subprotocols("tidings.v1")
                    .buildAsync(
                            URI.create("ws://127.0.0.1:" + server.port() + WireServer.SOCKET + "?resume=true"), this)
                    .join();
            socket.sendText(
                            "{\"type\":\"resume\",\"token\":\"" + client.token + "\",\"received\":" + client.has + "}",
                            true)
                    .join();
            JsonObject resumed = WireServer.take(frames);
            assertThat(type(resumed)).isEqualTo("resumed");
            assertThat(resumed.get("next").getAsLong()).isEqualTo(client.has + 1);
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                frames.add(JsonParser.parseString(text.toString()).getAsJsonObject());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        /** Counts so many frames for the client. */
        void count(int many) {
            for (int i = 0; i < many; ) {
                JsonObject frame = WireServer.take(frames);
                if (PollClient.isCounted(type(frame))) {
                    client.received.add(frame);
                    client.has++;
                    i++;
                }
            }
        }

        void send(String json) {
            socket.sendText(json, true).join();
        }

        void drop() {
            socket.abort();
        }
    }

    @ParameterizedTest
    @EnumSource
    void resume_fromPollToWebSocketAndBack_losesNothing(Container container) {
        try (WireServer server = WireServer.start(container, ExchangeWireTest::fast)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            Connection connection = WireServer.take(server.connected);
            int number = 0;
            long sent = 0;
            for (int round = 0; round < 10; round++) {
                // By polls, and with one that is held.
                for (int i = 0; i < 5; i++) {
                    server.publish("open:a", number++);
                    if (i == 2) {
                        while (client.received.size() < number) {
                            client.poll();
                        }
                    }
                }
                client.post(sent + 1, event(sent));
                sent++;
                assertThat(connection.transport()).hasValue("poll");
                CompletableFuture<HttpResponse<String>> held = client.pollAsync("");
                if (round % 2 == 0) {
                    held.join();
                }
                // By a WebSocket, which gets what the poll got and did not say to have.
                Socket socket = new Socket(server, client);
                assertThat(connection.transport()).hasValue("websocket");
                server.publish("open:a", number++);
                socket.count(number - client.received.size());
                socket.send(event(sent++));
                held.join();
                server.publish("open:a", number++);
                server.publish("open:a", number++);
                if (round % 3 == 0) {
                    socket.drop();
                }
                long expected = sent;
                await().atMost(10, TimeUnit.SECONDS).until(() -> server.messages.size() == expected);
                // And back.
                List<JsonObject> back = client.poll();
                assertThat(type(back.get(0))).isEqualTo("resumed");
                assertThat(back.get(0).get("expects").getAsLong()).isEqualTo(sent + 1);
                while (client.received.size() < number) {
                    client.poll();
                }
            }
            assertThat(data(client.received)).isEqualTo(numbers(number));
            assertThat(server.messages).isEqualTo(numbers((int) sent));
            assertThat(client.received).hasSize(number);
            assertThat(server.events).doesNotContain("disconnect 1006");
            assertThat(server.connected).isEmpty();
        }
    }

    /** A request that was on its way for long does not take the connection from a WebSocket. */
    @ParameterizedTest
    @EnumSource
    void f37_poll_delayedBehindAWebSocket_isRefused(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            client.poll("?timeout=0");
            client.number--;
            Socket socket = new Socket(server, client);
            assertThat(client.pollAsync("").join().statusCode()).isEqualTo(409);
            assertThat(connection.send("e", Payload.json("0"))).isTrue();
            socket.count(1);
            assertThat(data(client.received)).containsExactly("0");
            socket.drop();
        }
    }

    /** The answer of a poll that has been taken over is frames, or the word that it was. */
    @ParameterizedTest
    @EnumSource
    void poll_takenOverAgainAndAgain_losesNothing(Container container) {
        try (WireServer server = WireServer.start(container, ExchangeWireTest::fast)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            CompletableFuture<Void> down =
                    CompletableFuture.runAsync(() -> numbers(500).forEach(n -> {
                        server.publish("open:a", n);
                        pause();
                    }));
            while (client.received.size() < 500) {
                List<CompletableFuture<HttpResponse<String>>> both =
                        List.of(client.pollAsync(""), client.pollAsync(""));
                HttpResponse<String> second = both.get(1)
                        .completeOnTimeout(null, 30, TimeUnit.SECONDS)
                        .join();
                HttpResponse<String> first = both.get(0).join();
                // The second may have come first, and then the first is refused; else it has frames or is told.
                if (first.statusCode() == 200) {
                    client.take(first);
                } else {
                    assertThat(first.statusCode()).isEqualTo(409);
                }
                client.take(second);
            }
            down.join();
            assertThat(data(client.received)).isEqualTo(numbers(500));
            assertThat(server.events).containsExactly("connect", "subscribe open:a");
        }
    }

    @ParameterizedTest
    @EnumSource
    void poll_awayForAWhile_getsAllThatWasSaid(Container container) {
        try (WireServer server = WireServer.start(container, b -> {
            fast(b);
            b.limits(l -> l.poll(Duration.ofSeconds(5), Duration.ofMillis(400)));
        })) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            server.awaitSubscribers("open:a", 1);
            server.awaitEvent("detached");
            numbers(1_000).forEach(n -> server.publish("open:a", n));
            while (client.received.size() < 1_000) {
                client.poll();
            }
            assertThat(data(client.received)).isEqualTo(numbers(1_000));
            assertThat(client.wire.stream().filter(f -> type(f).equals("resumed")))
                    .hasSize(1);
        }
    }
}
