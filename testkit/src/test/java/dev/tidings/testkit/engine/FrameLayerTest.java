package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.data;
import static dev.tidings.testkit.engine.Bench.direct;
import static dev.tidings.testkit.engine.Bench.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameLayerTest {

    private final Bench bench = new Bench(builder -> builder.channel("news", rule -> rule.subscribe(Allow.anyone())));

    @AfterEach
    void close() {
        bench.close();
    }

    private void send(MemoryClient client, int from, int to) {
        for (int i = from; i <= to; i++) {
            assertThat(bench.connection(client).send("number", Payload.json("" + i)))
                    .isTrue();
        }
        bench.settle();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void cut_afterAnyFrame_nothingIsLostNothingComesTwice(int arrives) {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.darkAfter(arrives);
        for (int i = 1; i <= 10; i++) {
            if (i % 2 == 0) {
                bench.publish("news", i);
            } else {
                send(client, i, i);
            }
        }
        client.cut();
        bench.publish("news", 12);
        send(client, 11, 11);
        client.resume();
        bench.settle();
        assertThat(data(client, "news")).containsExactly("2", "4", "6", "8", "10", "12");
        assertThat(direct(client)).containsExactly("1", "3", "5", "7", "9", "11");
        assertThat(client.received().stream().skip(1).map(f -> f.json("data")))
                .containsExactlyElementsOf(List.of("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "11"));
        assertThat(client.received("gap")).isEmpty();
        send(client, 13, 13);
        assertThat(direct(client)).last().isEqualTo("13");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5, 9, 10})
    void cut_clientsFramesOnTheWay_areHandledOnceAndInOrder(int handled) {
        MemoryClient client = bench.acknowledging();
        for (int i = 1; i <= 10; i++) {
            if (i == handled + 1) {
                client.darkAfter(0);
            }
            client.send("{\"type\":\"send\",\"event\":\"n\",\"data\":" + i + "}");
            bench.settle();
        }
        client.cut();
        client.send("{\"type\":\"send\",\"event\":\"n\",\"data\":11}");
        client.resume();
        bench.settle();
        bench.seconds(2);
        List<String> messages =
                bench.events.stream().filter(e -> e.startsWith("message")).toList();
        List<String> expected =
                numbers(1, 11).stream().map(n -> "message n " + n).toList();
        assertThat(messages).isEqualTo(expected);
        assertThat(client.unacknowledged()).isEmpty();
    }

    @Test
    void resumed_statesBothNumbers() {
        MemoryClient client = bench.acknowledging();
        send(client, 1, 3);
        client.message("a", "1");
        client.message("b", "2");
        bench.settle();
        long has = client.receivedCount();
        client.cut();
        client.resume();
        bench.settle();
        ReceivedFrame resumed = client.wire("resumed").get(0);
        assertThat(resumed.number("next")).isEqualTo(has + 1);
        assertThat(resumed.number("expects")).isEqualTo(3);
        assertThat(resumed.string("connection")).isEqualTo(client.connection());
    }

    @Test
    void resume_whileTheOldLinkIsThere_closesTheOldOne() {
        MemoryClient client = bench.acknowledging();
        send(client, 1, 2);
        client.resume();
        bench.settle();
        assertThat(client.closures()).containsExactly(Disconnect.IN_USE);
        assertThat(client.isOpen()).isTrue();
        send(client, 3, 4);
        assertThat(direct(client)).containsExactly("1", "2", "3", "4");
        assertThat(bench.events).containsExactly("connect", "resumed");
    }

    @Test
    void resume_whileTheOldLinkIsStalled_goesOnOnTheNewOne() {
        MemoryClient client = bench.acknowledging();
        client.stall();
        send(client, 1, 5);
        client.resume();
        bench.settle();
        assertThat(direct(client)).containsExactly("1", "2", "3", "4", "5");
        bench.seconds(8);
        assertThat(client.closures()).containsExactly(Disconnect.IN_USE);
    }

    @Test
    void resume_byWrongSecretOrPublicId_isGone() {
        MemoryClient victim = bench.acknowledging();
        String id = victim.connection();
        for (String token : List.of(id, id + ".", id + ".AAAAAAAAAAAAAAAAAAAAAA", "", "nonsense")) {
            MemoryClient thief = bench.acknowledging();
            thief.close(1000);
            bench.settle();
            thief.resume(token, 0);
            bench.settle();
            assertThat(thief.wire("resumed")).as(token).isEmpty();
            assertThat(thief.received("error"))
                    .as(token)
                    .extracting(f -> f.string("code"))
                    .contains("gone");
        }
        assertThat(victim.isOpen()).isTrue();
    }

    @Test
    void resume_claimsMoreThanWasSent_closedAsBadRequest() {
        MemoryClient client = bench.acknowledging();
        send(client, 1, 2);
        String token = client.resumeToken();
        client.cut();
        bench.settle();
        client.resume(token, 3);
        bench.settle();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
        assertThat(client.wire("resumed")).isEmpty();
    }

    @Test
    void ack_ofWhatWasNeverSent_closedAsBadRequest() {
        MemoryClient client = bench.acknowledging();
        send(client, 1, 2);
        client.sendRaw("{\"type\":\"ack\",\"received\":3}");
        bench.settle();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
    }

    @Test
    void ack_again_orOfLess_isHarmless() {
        MemoryClient client = bench.acknowledging();
        send(client, 1, 3);
        client.ack();
        client.ack();
        client.sendRaw("{\"type\":\"ack\",\"received\":1}");
        bench.settle();
        assertThat(client.isOpen()).isTrue();
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void numbered_duplicates_areDropped() {
        MemoryClient client = bench.acknowledging();
        client.sendNumbered(1, List.of(event(1), event(2)));
        client.sendNumbered(1, List.of(event(1), event(2), event(3)));
        client.sendNumbered(2, List.of(event(2)));
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "message n 1", "message n 2", "message n 3");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void numbered_hole_closedAsBadRequest() {
        MemoryClient client = bench.acknowledging();
        client.sendNumbered(1, List.of(event(1)));
        bench.settle();
        client.sendNumbered(3, List.of(event(3)));
        bench.settle();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
        assertThat(bench.events).contains("message n 1").doesNotContain("message n 3");
    }

    private static String event(int number) {
        return "{\"type\":\"send\",\"event\":\"n\",\"data\":" + number + "}";
    }

    @Test
    void ack_ofTheServer_comesWhenHandlingHasEnded() {
        MemoryClient client = bench.acknowledging();
        client.send(event(1));
        assertThat(client.unacknowledged()).hasSize(1);
        bench.deliveries.runAll();
        assertThat(client.unacknowledged()).hasSize(1);
        bench.seconds(2);
        assertThat(client.unacknowledged()).isEmpty();
    }

    @Test
    void resume_manyTimes_keepsSubscriptionsAndAttributes() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        bench.connection(client).attributes().put("colour", "red");
        String id = client.connection();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            client.cut();
            bench.publish("news", i);
            client.resume();
            bench.publish("news", 100 + i);
            expected.add("" + i);
            expected.add("" + (100 + i));
        }
        assertThat(data(client, "news")).isEqualTo(expected);
        assertThat(client.connection()).isEqualTo(id);
        assertThat(bench.connection(client).attributes()).containsEntry("colour", "red");
        assertThat(bench.connection(client).subscriptions()).containsExactly("news");
    }

    @Test
    void resume_brokenBeforeItWasAnswered_canBeTriedAgain() {
        MemoryClient client = bench.acknowledging();
        client.cut();
        send(client, 1, 2);
        client.resume();
        client.cut();
        bench.settle();
        client.resume();
        client.darkAfter(1);
        bench.settle();
        client.cut();
        client.resume();
        bench.settle();
        assertThat(direct(client)).containsExactly("1", "2");
    }

    @Test
    void unacknowledged_afterWriting_staysUntilAcknowledged() {
        MemoryClient client =
                bench.connect(MemoryClient.acknowledging(bench.tidings).autoAck(false));
        send(client, 1, 3);
        assertThat(bench.tidings.stats().queuedBytes()).isPositive();
        client.ack();
        bench.settle();
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }
}
