package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.data;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Connection;
import dev.tidings.Stats;
import dev.tidings.protocol.Disconnect;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryClientBuilder;
import dev.tidings.testkit.MemoryWire;
import dev.tidings.testkit.ReceivedFrame;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain clients of wires that frames only come by: a refusal is a status, and they go on from where they stood. */
class OneWayTest {

    private static Bench bench(Consumer<dev.tidings.Tidings.Builder> more) {
        return new Bench(builder -> {
            builder.channel("open:{any}", rule -> rule.subscribe(Allow.anyone()));
            builder.channel("closed:{any}", rule -> rule.subscribe(Allow.nobody()));
            more.accept(builder);
        });
    }

    private static MemoryClientBuilder plain(Bench bench, MemoryWire wire, String... channels) {
        MemoryClientBuilder builder = MemoryClient.plain(bench.tidings).wire(wire);
        for (String channel : channels) {
            builder.channel(channel);
        }
        return builder;
    }

    /** Closed by the wire's own means, before it has had anything to write. */
    private static void assertRefused(Bench bench, MemoryClient client, int code) {
        assertThat(client.wire()).isEmpty();
        assertThat(client.answers()).isZero();
        assertThat(client.closures()).extracting(Disconnect::code).containsExactly(code);
        Stats stats = bench.tidings.stats();
        assertThat(stats.unauthenticated()).isZero();
        assertThat(stats.queuedBytes()).isZero();
    }

    // ---- Before it is settled ---------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void open_beforeTheVerdicts_saysNothing(MemoryWire wire) {
        CompletableFuture<Authentication> who = new CompletableFuture<>();
        CompletableFuture<Boolean> may = new CompletableFuture<>();
        try (Bench bench = bench(builder -> builder.authenticator(credentials -> who)
                .channel("slow", rule -> rule.subscribe(Allow.ask(access -> may))))) {
            MemoryClient client = bench.connect(plain(bench, wire, "open:a", "slow"));
            assertThat(client.wire()).isEmpty();
            who.complete(Authentication.anonymous());
            bench.settle();
            bench.publish("open:a", 1);
            assertThat(client.wire()).isEmpty();
            assertThat(client.closures()).isEmpty();

            may.complete(true);
            bench.settle();
            assertThat(client.wire().get(0).type()).isEqualTo("welcome");
            assertThat(data(client, "open:a")).containsExactly("1");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void open_withoutCredentials_isUnauthorized(MemoryWire wire) {
        try (Bench bench =
                bench(builder -> builder.authenticator(Authenticator.token(token -> Authentication.refused())))) {
            assertRefused(bench, bench.connect(plain(bench, wire, "open:a")), 4001);
            assertRefused(bench, bench.connect(plain(bench, wire, "open:a").token("wrong")), 4001);
            MemoryClient acknowledging = bench.connect(
                    MemoryClient.acknowledging(bench.tidings).wire(wire).token("wrong"));
            assertRefused(bench, acknowledging, 4001);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void open_userHasTooMany_isTooMany(MemoryWire wire) {
        try (Bench bench =
                bench(builder -> builder.authenticator(Authenticator.token(token -> Authentication.user("ann")))
                        .limits(limits -> limits.connections(0, 1, 0)))) {
            bench.connect(MemoryClient.plain(bench.tidings).token("ann"));
            assertRefused(bench, bench.connect(plain(bench, wire, "open:a").token("ann")), 4129);
            assertThat(bench.tidings.stats().connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void open_noChannelIsAllowed_isForbidden(MemoryWire wire) {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, wire, "closed:a", "unknown", "not a channel!"));
            assertRefused(bench, client, 4003);
            assertThat(bench.events).containsExactly("connect", "disconnect 4003");
            assertThat(bench.tidings.stats().connections()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void open_someChannelsAreAllowed_errorsSayWhichAreNot(MemoryWire wire) {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, wire, "closed:a", "open:a", "unknown"));
            assertThat(client.wire()).extracting(ReceivedFrame::type).containsExactly("welcome", "error", "error");
            assertThat(client.received("error"))
                    .extracting(frame -> frame.string("channel"))
                    .containsExactly("closed:a", "unknown");
        }
    }

    @Test
    void open_goneMeanwhile_leavesNothing() {
        CompletableFuture<Boolean> may = new CompletableFuture<>();
        try (Bench bench =
                bench(builder -> builder.channel("slow", rule -> rule.subscribe(Allow.ask(access -> may))))) {
            MemoryClient client = bench.connect(plain(bench, MemoryWire.STREAM, "open:a", "slow"));
            bench.publish("open:a", 1);
            client.cut();
            may.complete(true);
            bench.settle();
            assertThat(bench.tidings.stats().connections()).isZero();
            assertThat(bench.tidings.stats().subscriptions()).isZero();
            assertThat(bench.tidings.stats().queuedBytes()).isZero();
        }
    }

    /** Whoever is told to go before anything was said is told so by the status, at once. */
    @ParameterizedTest
    @EnumSource(names = {"STREAM", "POLLS"})
    void disconnect_beforeItIsSettled_isAStatus(MemoryWire wire) {
        CompletableFuture<Boolean> may = new CompletableFuture<>();
        try (Bench bench =
                bench(builder -> builder.channel("slow", rule -> rule.subscribe(Allow.ask(access -> may))))) {
            MemoryClient client = bench.connect(plain(bench, wire, "slow"));
            bench.tidings.connections().forEach(connection -> connection.disconnect(Disconnect.SHUTTING_DOWN));
            bench.settle();
            assertRefused(bench, client, 4203);
            may.complete(true);
        }
    }

    @Test
    void stream_disconnected_saysWhyInAFrame() {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, MemoryWire.STREAM, "open:a"));
            bench.publish("open:a", 1);
            Connection connection = bench.connection(client);
            connection.disconnect(Disconnect.FORBIDDEN);
            bench.settle();
            assertThat(data(client, "open:a")).containsExactly("1");
            assertThat(client.wire("close")).hasSize(1);
            assertThat(client.closures()).containsExactly(Disconnect.FORBIDDEN);
        }
    }

    // ---- Where it stands --------------------------------------------------------------------------------------------

    @Test
    void position_ofChannelsWithoutHistory_goesOnWithAGapForEach() {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, MemoryWire.STREAM, "open:b", "open:a"));
            assertThat(client.position()).hasValue("0-unknown,0-unknown");
            assertThat(client.received("gap")).isEmpty();
            client.cut();
            bench.settle();

            MemoryClient again = bench.connect(plain(bench, MemoryWire.STREAM, "open:b", "open:a")
                    .handshake(builder -> builder.since(client.position().orElseThrow())));
            assertThat(again.received("gap"))
                    .extracting(gap -> gap.string("channel") + " " + gap.string("reason"))
                    .containsExactly("open:b NO_HISTORY", "open:a NO_HISTORY");
        }
    }

    @Test
    void polls_ofAPlainClient_goOnBySince() {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, MemoryWire.POLLS, "open:a"));
            assertThat(client.answers()).isEqualTo(1);
            assertThat(client.received("gap")).isEmpty();
            assertThat(bench.tidings.stats().connections()).isZero();

            bench.poll(client);
            assertThat(client.answers()).isEqualTo(2);
            assertThat(client.received("gap")).hasSize(1);
            assertThat(bench.events)
                    .containsSequence("connect", "subscribe open:a", "unsubscribe open:a", "disconnect 1006");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "1-a", "1-a,2-b,3-c", "1-a,2-b\r\ndata: x", "0-unknown;0-unknown", "é,é"})
    void since_thatNobodySaid_isAGapForAStreamAndAFaultForAPoll(String since) {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient stream = bench.connect(
                    plain(bench, MemoryWire.STREAM, "open:a", "open:b").handshake(builder -> builder.since(since)));
            assertThat(stream.received("gap"))
                    .extracting(gap -> gap.string("reason"))
                    .containsExactly("NO_HISTORY", "NO_HISTORY");
            MemoryClient poll = bench.connect(
                    plain(bench, MemoryWire.POLLS, "open:a", "open:b").handshake(builder -> builder.since(since)));
            assertRefused(bench, poll, 4000);
        }
    }

    @Test
    void position_ofMoreThan16Channels_isNone() {
        try (Bench bench = bench(builder -> {})) {
            String[] channels = Bench.numbers(1, 17).stream()
                    .map(number -> "open:" + number)
                    .toArray(String[]::new);
            MemoryClient client = bench.connect(plain(bench, MemoryWire.STREAM, channels));
            assertThat(client.isOpen()).isTrue();
            assertThat(client.position()).isEmpty();
            MemoryClient again =
                    bench.connect(plain(bench, MemoryWire.STREAM, channels).handshake(builder -> builder.since("1-a")));
            assertThat(again.received("gap")).hasSize(17);
        }
    }

    @Test
    void position_ofOtherClients_isNone() {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient without = bench.connect(plain(bench, MemoryWire.STREAM));
            assertThat(without.isOpen()).isTrue();
            assertThat(without.position()).isEmpty();
            MemoryClient socket = bench.connect(plain(bench, MemoryWire.SOCKET, "open:a"));
            assertThat(socket.isOpen()).isTrue();
            assertThat(socket.position()).isEmpty();
            MemoryClient counting = bench.connect(MemoryClient.acknowledging(bench.tidings)
                    .wire(MemoryWire.STREAM)
                    .channel("open:a"));
            assertThat(counting.isOpen()).isTrue();
            assertThat(counting.position()).isEmpty();
        }
    }

    @Test
    void channel_namedTwice_isDecidedTwice() {
        try (Bench bench = bench(builder -> {})) {
            MemoryClient client = bench.connect(plain(bench, MemoryWire.STREAM, "open:a", "open:a"));
            assertThat(client.isOpen()).isTrue();
            assertThat(client.position()).hasValue("0-unknown,0-unknown");
            bench.publish("open:a", 1);
            assertThat(data(client, "open:a")).hasSize(1);
            assertThat(List.of(client.wire().get(0).type())).containsExactly("welcome");
        }
    }
}
