package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InboundLimitsTest {

    private final Bench bench = new Bench();

    @AfterEach
    void close() {
        bench.close();
    }

    private static void messages(MemoryClient client, int count) {
        for (int i = 1; i <= count; i++) {
            client.send("{\"type\":\"send\",\"event\":\"n\",\"data\":" + i + "}");
        }
    }

    private List<String> handled() {
        return bench.events.stream().filter(e -> e.startsWith("message")).toList();
    }

    @Test
    void mailbox_64FramesUnhandled_fit() {
        MemoryClient client = bench.acknowledging();
        messages(client, 64);
        assertThat(client.closed()).isEmpty();
        bench.settle();
        assertThat(handled()).hasSize(64).startsWith("message n 1").endsWith("message n 64");
    }

    @Test
    void mailbox_oneMore_endsTheLinkAndTheRestIsSentAgain() {
        MemoryClient client = bench.acknowledging();
        messages(client, 65);
        bench.deliveries.runAll();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4129);
        bench.seconds(5);
        client.resume();
        bench.seconds(2);
        assertThat(handled()).hasSize(65).doesNotHaveDuplicates().endsWith("message n 65");
        assertThat(client.unacknowledged()).isEmpty();
    }

    @Test
    void mailbox_plainClient_oneMoreEnds() {
        MemoryClient client = bench.plain();
        messages(client, 65);
        bench.settle();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4129);
        assertThat(bench.events).endsWith("disconnect 4129");
    }

    @Test
    void rate_burstAndRefill() {
        MemoryClient client = bench.plain();
        for (int i = 0; i < 100; i++) {
            client.message("n", "1");
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        bench.seconds(1);
        for (int i = 0; i < 30; i++) {
            client.message("n", "1");
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        client.message("n", "1");
        bench.settle();
        assertThat(client.closed()).hasValue(Disconnect.RATE_LIMITED);
    }

    @Test
    void rate_acksAndPings_areNotMessages() {
        MemoryClient client = bench.acknowledging();
        for (int i = 0; i < 500; i++) {
            client.sendRaw("{\"type\":\"ack\",\"received\":0}");
            client.sendRaw("{\"type\":\"ping\"}");
        }
        bench.settle();
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void rate_bytes_countToo() {
        MemoryClient client = bench.plain();
        String large = "\"" + "x".repeat(60_000) + "\"";
        for (int i = 0; i < 8; i++) {
            client.message("n", large);
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        client.message("n", large);
        bench.settle();
        assertThat(client.closed()).hasValue(Disconnect.RATE_LIMITED);
    }

    @Test
    void frame_tooLarge_endsTheLink() {
        MemoryClient client = bench.acknowledging();
        client.message("n", "\"" + "x".repeat(65_536) + "\"");
        bench.settle();
        assertThat(client.closed()).hasValue(Disconnect.TOO_LARGE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{\"type\":\"send\"",
                "{\"type\":7}",
                "{\"type\":\"send\",\"event\":\"n\",\"data\":1,\"data\":2}",
                "{\"type\":\"send\",\"event\":\"white space\"}",
                "{\"type\":\"subscribe\"}",
                "{\"type\":\"request\",\"event\":\"n\"}",
            })
    void frame_malformed_isAnErrorAndTheConnectionGoesOn(String text) {
        MemoryClient client = bench.acknowledging();
        client.send(text);
        client.message("n", "1");
        bench.settle();
        assertThat(client.received("error")).extracting(f -> f.string("code")).containsExactly("bad_request");
        assertThat(handled()).containsExactly("message n 1");
        bench.seconds(2);
        assertThat(client.unacknowledged()).isEmpty();
    }

    @Test
    void frame_unknownType_isUnknownAndUnknownFieldsAreIgnored() {
        MemoryClient client = bench.acknowledging();
        assertThat(bench.error(client, client.command("dance", ""))).isEqualTo("unknown");
        bench.reply(client, client.command("send", "\"event\":\"n\",\"colour\":\"red\",\"data\":1"));
    }

    @Test
    void errors_moreThanTenAMinute_endTheLink() {
        MemoryClient client = bench.acknowledging();
        for (int i = 0; i < 10; i++) {
            client.command("dance", "");
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        client.command("dance", "");
        bench.settle();
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
    }

    @Test
    void errors_fewer_areForgiven() {
        MemoryClient client = bench.acknowledging();
        for (int i = 0; i < 30; i++) {
            client.command("dance", "");
            bench.seconds(7);
        }
        assertThat(client.isOpen()).isTrue();
        assertThat(client.received("error")).hasSize(30);
    }

    @Test
    void subscribeRate_moreAtOnce_areRefused() {
        try (Bench strict = new Bench(builder -> builder.limits(limits -> limits.subscribeRate(1, 2)))) {
            MemoryClient client = strict.acknowledging();
            client.subscribe("a");
            client.subscribe("b");
            assertThat(strict.error(client, client.subscribe("c"))).isEqualTo("rate_limited");
        }
    }

    @Test
    void listener_thatThrows_disturbsNobody() {
        try (Bench broken = new Bench(builder -> builder.listener(new ConnectionListener() {
            @Override
            public void onMessage(Connection connection, String event, Payload payload) {
                throw new IllegalStateException("broken");
            }

            @Override
            public void onConnect(Connection connection) {
                throw new IllegalStateException("broken");
            }
        }))) {
            MemoryClient client = broken.acknowledging();
            broken.reply(client, client.message("a", "1"));
            broken.reply(client, client.message("b", "2"));
            assertThat(broken.events).containsExactly("connect", "message a 1", "message b 2");
            assertThat(client.received()).extracting(ReceivedFrame::type).containsOnly("reply");
        }
    }

    @Test
    void listeners_areCalledInTheOrderOfAdding() {
        StringBuilder order = new StringBuilder();
        try (Bench two =
                new Bench(builder -> builder.listener(named(order, "1")).listener(named(order, "2")))) {
            MemoryClient client = two.acknowledging();
            client.message("a", "1");
            two.settle();
            assertThat(order).hasToString("c1c2m1m2");
        }
    }

    private static ConnectionListener named(StringBuilder order, String name) {
        return new ConnectionListener() {
            @Override
            public void onConnect(Connection connection) {
                order.append("c").append(name);
            }

            @Override
            public void onMessage(Connection connection, String event, Payload payload) {
                order.append("m").append(name);
            }
        };
    }
}
