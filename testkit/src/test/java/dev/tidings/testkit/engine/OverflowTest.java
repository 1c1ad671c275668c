package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.data;
import static dev.tidings.testkit.engine.Bench.direct;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OverflowTest {

    private static final int FRAMES = 20;

    private final Bench bench = new Bench(builder -> builder.limits(limits -> limits.outbox(64 * 1024, FRAMES))
            .channel("{any*}", rule -> rule.subscribe(Allow.anyone())));

    @AfterEach
    void close() {
        bench.close();
    }

    private void flood(String channel) {
        for (int i = 0; i < FRAMES + 10; i++) {
            bench.publish(channel, i);
        }
    }

    @Test
    void overflow_plainClient_ends() {
        MemoryClient client = bench.subscribed(bench.plain(), "news");
        client.stall();
        flood("news");
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
        assertThat(bench.events).endsWith("unsubscribe news", "disconnect 4108");
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
        assertThat(bench.tidings.stats().dropped()).isPositive();
    }

    @Test
    void overflow_acknowledgingClient_losesTheLinkAndGetsGaps() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news", "quiet");
        client.take();
        client.stall();
        flood("news");
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
        assertThat(bench.events).endsWith("detached");
        Connection connection = bench.connection(client);
        assertThat(connection.isOpen()).isTrue();
        assertThat(connection.subscriptions()).containsExactly("news", "quiet");
        client.resume();
        bench.settle();
        assertThat(client.take())
                .extracting(
                        ReceivedFrame::type,
                        f -> f.optional("channel").orElse(""),
                        f -> f.optional("reason").orElse(""))
                .containsExactly(org.assertj.core.groups.Tuple.tuple("gap", "news", "OVERFLOW"));
        bench.publish("news", 1_000);
        bench.publish("quiet", 1_001);
        assertThat(data(client, "news")).containsExactly("1000");
        assertThat(data(client, "quiet")).containsExactly("1001");
    }

    @Test
    void overflow_ofDirectMessages_isAGapWithoutAChannel() {
        MemoryClient client = bench.acknowledging();
        client.stall();
        Connection connection = bench.connection(client);
        boolean taken = true;
        for (int i = 0; i < FRAMES + 5; i++) {
            taken = connection.send("n", Payload.json("" + i));
        }
        assertThat(taken).isFalse();
        bench.settle();
        client.resume();
        bench.settle();
        assertThat(client.received()).hasSize(1);
        ReceivedFrame gap = client.received().get(0);
        assertThat(gap.type()).isEqualTo("gap");
        assertThat(gap.has("channel")).isFalse();
        assertThat(connection.send("n", Payload.json("77"))).isTrue();
        bench.settle();
        assertThat(direct(client)).containsExactly("77");
    }

    @Test
    void overflow_whileDetached_keepsTheConnection() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.take();
        client.cut();
        flood("news");
        assertThat(bench.connection(client).isOpen()).isTrue();
        client.resume();
        bench.settle();
        assertThat(client.take()).extracting(ReceivedFrame::type).containsExactly("gap");
    }

    @Test
    void overflow_clientThatNeverAcknowledges_losesTheLink() {
        MemoryClient client =
                bench.connect(MemoryClient.acknowledging(bench.tidings).autoAck(false));
        for (int i = 0; i < FRAMES + 1; i++) {
            bench.connection(client).send("n", Payload.json("" + i));
            bench.settle();
        }
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
        assertThat(bench.connection(client).isOpen()).isTrue();
    }

    @Test
    void overflow_inBytes_countsToo() {
        MemoryClient client = bench.acknowledging();
        client.stall();
        Connection connection = bench.connection(client);
        Payload large = Payload.string("x".repeat(20_000));
        assertThat(connection.send("n", large)).isTrue();
        assertThat(connection.send("n", large)).isTrue();
        assertThat(connection.send("n", large)).isTrue();
        assertThat(connection.send("n", large)).isFalse();
    }

    @Test
    void slowClient_othersGetEverything() {
        MemoryClient slow = bench.subscribed(bench.plain(), "news");
        MemoryClient fast = bench.subscribed(bench.plain(), "news");
        slow.stall();
        flood("news");
        assertThat(data(fast, "news")).containsExactlyElementsOf(Bench.numbers(0, FRAMES + 9));
        assertThat(fast.isOpen()).isTrue();
    }

    @Test
    void gap_cutBeforeItArrived_comesAgain() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.take();
        client.cut();
        flood("news");
        client.resume();
        client.darkAfter(1);
        bench.settle();
        client.cut();
        client.resume();
        bench.settle();
        assertThat(client.take()).extracting(ReceivedFrame::type).containsExactly("gap");
    }
}
