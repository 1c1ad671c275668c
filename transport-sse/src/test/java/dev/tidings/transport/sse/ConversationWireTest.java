package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.tidings.Connection;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Acknowledging clients: a stream one way, posts the other. */
class ConversationWireTest {

    @ParameterizedTest
    @EnumSource
    void commands_byPost_areAnsweredByTheStream(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "")) {
            JsonObject posted = client.post(
                    "{\"type\":\"subscribe\",\"id\":1,\"channel\":\"open:a\"}",
                    "{\"type\":\"publish\",\"id\":2,\"channel\":\"open:a\",\"data\":\"gr\u00fc\u00dfe\"}",
                    "{\"type\":\"subscribe\",\"id\":3,\"channel\":\"nothing\"}");
            assertThat(posted.get("expects").getAsInt()).isEqualTo(4);
            assertThat(client.next("reply").get("id").getAsInt()).isEqualTo(1);
            List<String> types = new ArrayList<>();
            while (types.size() < 3) {
                JsonObject frame = client.frame();
                if (!frame.get("type").getAsString().equals("ack")) {
                    types.add(frame.get("type").getAsString());
                }
            }
            assertThat(types).containsExactlyInAnyOrder("message", "reply", "error");
            client.say("{\"type\":\"ack\",\"received\":" + client.received + "}");
        }
    }

    @ParameterizedTest
    @EnumSource
    void heartbeat_answeredByPost_keepsTheStream(Container container) throws Exception {
        try (WireServer server = WireServer.start(
                        container, b -> b.limits(l -> l.heartbeat(Duration.ofMillis(400), Duration.ofMillis(400))));
                StreamClient client = StreamClient.acknowledging(server, "")) {
            for (int i = 0; i < 6; i++) {
                client.next("ping");
                client.say("{\"type\":\"pong\"}");
            }
            assertThat(server.detached).isEmpty();
            // And without an answer it is let go.
            JsonObject close = client.last();
            assertThat(close.get("code").getAsInt()).isEqualTo(4108);
            WireServer.take(server.detached);
        }
    }

    @ParameterizedTest
    @EnumSource
    void close_byPost_endsTheConnection(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "")) {
            client.say("{\"type\":\"close\"}");
            assertThat(WireServer.take(server.disconnected).code()).isEqualTo(1000);
            client.last();
            assertThat(client.post(1, "").status()).isEqualTo(404);
        }
    }

    /** Cut again and again, at any byte: every message arrives, once and in order. */
    @ParameterizedTest
    @EnumSource
    void cutAndResumed_twoThousandMessages_arriveOnceAndInOrder(Container container) throws Exception {
        int count = 2_000;
        try (WireServer server = WireServer.start(container)) {
            StreamClient client = StreamClient.acknowledging(server, "");
            client.post("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"open:a\"}");
            client.next("reply");
            Thread publisher = new Thread(() -> {
                for (int i = 0; i < count; i++) {
                    server.tidings.channel("open:a").publish(Payload.json(Integer.toString(i)));
                }
            });
            publisher.start();
            int expected = 0;
            int resumes = 0;
            int nextCut = 100;
            while (expected < count) {
                JsonObject frame;
                try {
                    frame = client.frame();
                } catch (IOException e) {
                    frame = null;
                }
                if (frame == null || expected >= nextCut) {
                    nextCut = expected + ThreadLocalRandom.current().nextInt(50, 300);
                    if (frame != null) {
                        // Not handled by the application: it is not counted as received either.
                        if (frame.get("type").getAsString().equals("message")) {
                            client.received--;
                        }
                        client.wire.reset();
                    }
                    StreamClient next = StreamClient.resume(client);
                    JsonObject resumed = next.frame();
                    assertThat(resumed.get("type").getAsString()).isEqualTo("resumed");
                    assertThat(resumed.get("next").getAsLong()).isEqualTo(client.received + 1);
                    client = next;
                    resumes++;
                } else if (frame.get("type").getAsString().equals("message")) {
                    assertThat(frame.get("data").getAsInt()).isEqualTo(expected++);
                    if (expected % 32 == 0) {
                        client.say("{\"type\":\"ack\",\"received\":" + client.received + "}");
                    }
                } else {
                    assertThat(frame.get("type").getAsString()).isNotEqualTo("gap");
                }
            }
            publisher.join();
            client.close();
            assertThat(resumes).isGreaterThan(4);
            assertThat(server.disconnected).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void resume_ofWhatIsNotHere_isAnotherConnection(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "")) {
            String old = client.token;
            client.token = old + "x";
            try (StreamClient other = StreamClient.resume(client)) {
                JsonObject welcome = other.frame();
                assertThat(welcome.get("type").getAsString()).isEqualTo("welcome");
                assertThat(welcome.get("resume").getAsString()).isNotEqualTo(old);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void resume_whileTheOldStreamIsOpen_takesOver(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                StreamClient client = StreamClient.acknowledging(server, "");
                StreamClient next = StreamClient.resume(client)) {
            assertThat(next.frame().get("type").getAsString()).isEqualTo("resumed");
            assertThat(client.last().get("code").getAsInt()).isEqualTo(4009);
            Connection connection = WireServer.take(server.connected);
            connection.send("still", Payload.json("1"));
            assertThat(next.next("direct").get("event").getAsString()).isEqualTo("still");
        }
    }
}
