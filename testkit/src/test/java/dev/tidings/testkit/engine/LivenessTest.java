package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LivenessTest {

    private final Bench bench = new Bench();

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void heartbeat_every25Seconds_aPing() {
        MemoryClient client = bench.acknowledging();
        bench.seconds(24);
        assertThat(client.wire("ping")).isEmpty();
        bench.seconds(3);
        assertThat(client.wire("ping")).hasSize(1);
        bench.seconds(25 * 10);
        assertThat(client.wire("ping").size()).isBetween(10, 11);
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void heartbeat_acknowledgingClientSilent_detachedWithin35SecondsAndDisconnectedOnce() {
        MemoryClient client = bench.acknowledging();
        client.autoPong(false);
        bench.seconds(34);
        assertThat(bench.events).containsExactly("connect");
        bench.seconds(3);
        assertThat(bench.events).containsExactly("connect", "detached");
        assertThat(client.closed()).hasValue(Disconnect.HEARTBEAT_TIMEOUT);
        assertThat(bench.connection(client).isOpen()).isTrue();
        assertThat(bench.connection(client).transport()).isEmpty();
        bench.seconds(118);
        assertThat(bench.events).containsExactly("connect", "detached");
        bench.seconds(4);
        assertThat(bench.events)
                .containsExactly("connect", "detached", "disconnect " + Disconnect.RESUME_EXPIRED.code());
        bench.seconds(300);
        assertThat(bench.events).hasSize(3);
    }

    @Test
    void heartbeat_anyFrame_isASignOfLife() {
        MemoryClient client = bench.acknowledging();
        client.autoPong(false);
        for (int i = 0; i < 6; i++) {
            bench.seconds(30);
            client.sendRaw("{\"type\":\"ping\"}");
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        assertThat(client.wire("pong")).hasSize(6);
    }

    @Test
    void heartbeat_plainClientSilent_livesAsLongAsItReads() {
        MemoryClient client = bench.plain();
        client.autoPong(false);
        bench.seconds(3_600);
        assertThat(client.isOpen()).isTrue();
        assertThat(bench.events).containsExactly("connect");
    }

    @Test
    void f13_sendThatNeverEnds_endsThePlainClient() {
        MemoryClient client = bench.plain();
        client.stall();
        bench.connection(client).send("news", Payload.string("x"));
        bench.seconds(9);
        assertThat(client.closed()).isEmpty();
        bench.seconds(3);
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
        assertThat(bench.events).containsExactly("connect", "disconnect 4108");
    }

    @Test
    void f13_sendThatNeverEnds_costsTheAcknowledgingClientItsLinkOnly() {
        MemoryClient client = bench.acknowledging();
        client.stall();
        bench.connection(client).send("news", Payload.string("x"));
        bench.seconds(12);
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
        assertThat(bench.events).containsExactly("connect", "detached");
        client.resume();
        bench.settle();
        assertThat(client.received()).extracting(ReceivedFrame::type).containsExactly("direct");
        assertThat(bench.events).containsExactly("connect", "detached", "resumed");
    }

    @Test
    void sendDeadline_aPingThatDoesNotLeave_countsToo() {
        MemoryClient client = bench.plain();
        client.stall();
        bench.seconds(25 + 13);
        assertThat(client.closed()).hasValue(Disconnect.SLOW_CONSUMER);
    }

    @Test
    void sendDeadline_slowButReading_lives() {
        MemoryClient client = bench.plain();
        for (int i = 0; i < 10; i++) {
            client.stall();
            bench.connection(client).send("news", Payload.string("x"));
            bench.seconds(8);
            client.unstall();
            bench.settle();
        }
        assertThat(client.isOpen()).isTrue();
        assertThat(client.received("direct")).hasSize(10);
    }

    @Test
    void resumeWindow_backInTime_goesOn() {
        MemoryClient client = bench.acknowledging();
        client.cut();
        bench.seconds(118);
        client.resume();
        bench.settle();
        assertThat(client.isOpen()).isTrue();
        assertThat(bench.events).containsExactly("connect", "detached", "resumed");
    }

    @Test
    void resumeWindow_tooLate_goneAndANewConnection() {
        MemoryClient client = bench.acknowledging();
        String before = client.connection();
        client.cut();
        bench.seconds(125);
        client.resume();
        bench.settle();
        assertThat(client.received("error").get(0).string("code")).isEqualTo("gone");
        assertThat(client.isOpen()).isTrue();
        assertThat(client.connection()).isNotEqualTo(before);
        assertThat(bench.events)
                .containsExactly("connect", "detached", "disconnect " + Disconnect.RESUME_EXPIRED.code(), "connect");
    }

    @Test
    void cut_plainClient_endsAtOnce() {
        MemoryClient client = bench.plain();
        client.cut();
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "disconnect 1006");
        assertThat(bench.tidings.connections()).isEmpty();
    }

    @Test
    void close_normally_endsAtOnceForBothKinds() {
        MemoryClient first = bench.acknowledging();
        first.close(1000);
        bench.settle();
        MemoryClient second = bench.acknowledging();
        second.send("{\"type\":\"close\"}");
        bench.settle();
        assertThat(second.closed()).hasValue(Disconnect.NORMAL);
        assertThat(bench.events).containsExactly("connect", "disconnect 1000", "connect", "disconnect 1000");
        assertThat(bench.tidings.connections()).isEmpty();
    }
}
