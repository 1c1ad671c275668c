package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What passes through an open socket, and what a client may send at most. */
class FramesWireTest {

    private static final String HEAD = "{\"type\":\"";

    @ParameterizedTest
    @EnumSource
    void commands_ofAPlainClient_areAnswered(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                        container,
                        b -> b.onRequest(
                                "twice",
                                (connection, question) -> CompletableFuture.completedFuture(
                                        Payload.json("[" + question.json() + "," + question.json() + "]"))));
                PlainClient client = PlainClient.open(server, "?channel=open:a&channel=open:b")) {
            client.next("welcome");
            server.awaitSubscribers("open:a", 1);
            server.awaitSubscribers("open:b", 1);
            server.publish("open:b", 1);
            server.publish("open:a", 2);
            List<String> messages = new ArrayList<>();
            messages.add(client.next("message").toString());
            messages.add(client.next("message").toString());
            assertThat(messages)
                    .containsExactlyInAnyOrder(
                            HEAD + "message\",\"channel\":\"open:a\",\"data\":2}",
                            HEAD + "message\",\"channel\":\"open:b\",\"data\":1}");

            client.send(HEAD + "subscribe\",\"id\":1,\"channel\":\"open:c\"}");
            assertThat(client.next("reply").get("id").getAsInt()).isEqualTo(1);
            client.send(HEAD + "publish\",\"id\":\"p\",\"channel\":\"open:c\",\"data\":{\"x\":1},\"echo\":false}");
            JsonObject published = client.next("reply");
            assertThat(published.get("id").getAsString()).isEqualTo("p");
            assertThat(published.get("outcome").getAsString()).isEqualTo("ok");
            client.send(HEAD + "request\",\"id\":3,\"event\":\"twice\",\"data\":\"a\"}");
            assertThat(client.next("reply").get("data").toString()).isEqualTo("[\"a\",\"a\"]");
        }
    }

    @ParameterizedTest
    @EnumSource
    void f16_surrogatesWithoutTheirHalf_silenceNobody(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                PlainClient client = PlainClient.open(server, "?channel=open:a");
                PlainClient sender = PlainClient.open(server, "")) {
            server.awaitSubscribers("open:a", 1);
            server.tidings.channel("open:a").publish(Payload.string("a\ud800b"));
            server.tidings.channel("open:a").publish(Payload.json("\"\udc00\""));
            sender.send(HEAD + "publish\",\"channel\":\"open:a\",\"data\":\"\\ud800\"}");

            assertThat(client.next("message").get("data").getAsString()).isEqualTo("a\ufffdb");
            assertThat(client.next("message").get("data").getAsString()).isEqualTo("\ufffd");
            assertThat(client.message()).contains("\"\\ud800\"");
            server.publish("open:a", 1);
            assertThat(client.next("message").get("data").getAsInt()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void publishers_atTheSameTime_oneOrderForAll(Container container) throws Exception {
        ExecutorService publishers = Executors.newFixedThreadPool(8);
        try (WireServer server = WireServer.start(container);
                PlainClient one = PlainClient.open(server, "?channel=open:a");
                PlainClient two = PlainClient.open(server, "?channel=open:a")) {
            server.awaitSubscribers("open:a", 2);
            for (int p = 0; p < 8; p++) {
                int from = p * 1_000;
                publishers.execute(() -> {
                    for (int i = 0; i < 400; i++) {
                        server.publish("open:a", from + i);
                    }
                });
            }
            List<Integer> first = numbers(one, 3_200);
            assertThat(numbers(two, 3_200)).isEqualTo(first);
            for (int p = 0; p < 8; p++) {
                int from = p * 1_000;
                assertThat(first.stream().filter(n -> n >= from && n < from + 1_000))
                        .containsExactlyElementsOf(
                                IntStream.range(from, from + 400).boxed().toList());
            }
        } finally {
            publishers.shutdown();
            assertThat(publishers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static List<Integer> numbers(PlainClient client, int count) {
        List<Integer> numbers = new ArrayList<>();
        while (numbers.size() < count) {
            numbers.add(client.next("message").get("data").getAsInt());
        }
        return numbers;
    }

    @ParameterizedTest
    @EnumSource
    void lines_bothWays_areFramesEach(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                PlainClient client = PlainClient.open(server, "", "tidings.v1.lines")) {
            assertThat(client.subProtocol()).isEqualTo("tidings.v1.lines");
            List<String> frames = new ArrayList<>();
            StringBuilder batch = new StringBuilder("\n");
            for (int i = 0; i < 20; i++) {
                batch.append(HEAD + "subscribe\",\"id\":").append(i).append(",\"channel\":\"open:" + i + "\"}\n");
            }
            client.send(batch.toString());
            while (frames.stream().filter(f -> f.startsWith(HEAD + "reply")).count() < 20) {
                frames.addAll(List.of(client.message().split("\n", -1)));
            }
            for (int i = 0; i < 2_000; i++) {
                server.tidings.channel("open:1").publish(Payload.json(Integer.toString(i)));
            }
            frames.clear();
            while (frames.size() < 2_000) {
                for (String frame : client.message().split("\n", -1)) {
                    if (frame.startsWith(HEAD + "message")) {
                        frames.add(frame);
                    }
                }
            }
            assertThat(frames)
                    .containsExactlyElementsOf(IntStream.range(0, 2_000)
                            .mapToObj(i -> HEAD + "message\",\"channel\":\"open:1\",\"data\":" + i + "}")
                            .toList());
        }
    }

    /** The server may have closed before the last is sent. */
    private static void sendWhileOpen(PlainClient client, String frame, int times) {
        try {
            for (int i = 0; i < times; i++) {
                client.send(frame);
            }
        } catch (CompletionException e) {
            assertThat(e).hasRootCauseInstanceOf(IOException.class);
        }
    }

    // ---- Limits -----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void limits_thatAClientExceeds_endIt(Container container) throws Exception {
        String ping = HEAD + "send\",\"event\":\"e\"}";
        try (WireServer server = WireServer.start(
                container,
                b -> b.limits(
                        l -> l.messageRate(1, 20).errors(3).maxFrame(2_000).subscriptions(2)))) {
            try (PlainClient fast = PlainClient.open(server, "")) {
                fast.next("welcome");
                sendWhileOpen(fast, ping, 30);
                assertThat(fast.next("close").get("code").getAsInt()).isEqualTo(4129);
                assertThat(fast.closing()).isEqualTo("4129 Rate limited");
            }
            try (PlainClient clumsy = PlainClient.open(server, "")) {
                clumsy.next("welcome");
                sendWhileOpen(clumsy, "{", 5);
                assertThat(clumsy.closing()).isEqualTo("4000 Too many errors");
            }
            try (PlainClient big = PlainClient.open(server, "")) {
                assertThat(big.next("welcome")
                                .getAsJsonObject("limits")
                                .get("frameBytes")
                                .getAsInt())
                        .isEqualTo(2_000);
                big.send("x".repeat(2_001));
                assertThat(big.closing()).isEqualTo("4013 Frame too large");
            }
            try (PlainClient greedy = PlainClient.open(server, "?channel=open:a&channel=open:b&channel=open:c")) {
                assertThat(greedy.next("error").get("code").getAsString()).isEqualTo("limit");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void mailbox_thatIsFull_endsItsClientOnly(Container container) throws Exception {
        CompletableFuture<Payload> never = new CompletableFuture<>();
        try (WireServer server = WireServer.start(
                        container,
                        b -> b.limits(l -> l.mailbox(4, 100_000)).onRequest("wait", (connection, question) -> never));
                PlainClient waiting = PlainClient.open(server, "");
                PlainClient other = PlainClient.open(server, "")) {
            waiting.next("welcome");
            other.next("welcome");
            for (int i = 0; i < 8; i++) {
                waiting.send(HEAD + "request\",\"id\":" + i + ",\"event\":\"wait\"}");
            }
            assertThat(waiting.closing()).startsWith("4129");
            other.send(HEAD + "subscribe\",\"id\":1,\"channel\":\"open:a\"}");
            assertThat(other.next("reply").get("id").getAsInt()).isEqualTo(1);
        }
    }
}
