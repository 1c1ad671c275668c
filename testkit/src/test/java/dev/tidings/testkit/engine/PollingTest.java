package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.data;
import static dev.tidings.testkit.engine.Bench.direct;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Stats;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryClientBuilder;
import dev.tidings.testkit.MemoryWire;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that are carried by one poll after the other, and by other transports in between. */
class PollingTest {

    private final AtomicInteger asked = new AtomicInteger();
    /** What the rule of "news" says. */
    private Supplier<CompletionStage<Boolean>> verdict = () -> CompletableFuture.completedStage(true);

    private final Bench bench = new Bench(builder -> builder.channel(
                    "news",
                    rule -> rule.subscribe(Allow.ask(access -> {
                        asked.incrementAndGet();
                        return verdict.get();
                    })))
            .channel("room", rule -> rule.enter(Allow.anyone()).members(Allow.anyone()))
            .limits(limits -> limits.connections(3, 3, 3)));

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

    private int members() {
        return bench.value(bench.tidings.channel("room").presence().members())
                .members()
                .size();
    }

    private void assertNothingLeft() {
        Stats stats = bench.tidings.stats();
        assertThat(stats.connections()).isZero();
        assertThat(stats.attached()).isZero();
        assertThat(stats.unauthenticated()).isZero();
        assertThat(stats.subscriptions()).isZero();
        assertThat(stats.queuedBytes()).isZero();
    }

    // ---- Poll after poll --------------------------------------------------------------------------------------------

    @Test
    void first_isAnsweredByWelcome() {
        MemoryClient client = bench.polling();

        assertThat(client.answers()).isEqualTo(1);
        assertThat(client.isPolling()).isFalse();
        assertThat(client.wire()).extracting(ReceivedFrame::type).containsExactly("welcome");
        assertThat(client.closures()).isEmpty();
        assertThat(bench.tidings.stats().attached()).isEqualTo(1);
        assertThat(bench.connection(client).isOpen()).isTrue();
        assertThat(bench.connection(client).transport()).hasValue("memory");
    }

    @Test
    void next_nothingToSay_isHeldAndAnsweredByWhatComes() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        assertThat(client.isPolling()).isTrue();
        assertThat(bench.connection(client).transport()).isPresent();

        send(client, 1, 3);
        assertThat(client.isPolling()).isFalse();
        assertThat(direct(client)).startsWith("1");
        bench.poll(client);
        assertThat(direct(client)).containsExactly("1", "2", "3");
    }

    @Test
    void next_timeOut_isAnsweredByNothing() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        client.timeOut();
        bench.settle();

        assertThat(client.answers()).isEqualTo(2);
        assertThat(client.wire()).hasSize(1);
        assertThat(bench.connection(client).isOpen()).isTrue();
    }

    @Test
    void pollAfterPoll_isCheap() {
        MemoryClient client = bench.subscribed(bench.polling(), "news");
        asked.set(0);
        bench.events.clear();
        for (int i = 0; i < 100; i++) {
            bench.publish("news", i);
            bench.poll(client);
            client.timeOut();
            bench.settle();
        }

        assertThat(data(client, "news")).isEqualTo(Bench.numbers(0, 99));
        assertThat(asked).hasValue(0);
        assertThat(bench.events).isEmpty();
        assertThat(client.wire("resumed")).isEmpty();
        assertThat(client.wire("welcome")).hasSize(1);
        assertThat(client.wire("gap")).isEmpty();
        bench.poll(client);
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void answer_lost_comesAgainWithTheSameNumbers() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        client.darkAfter(0);
        send(client, 1, 2);
        client.cut();
        bench.settle();
        assertThat(direct(client)).isEmpty();
        assertThat(bench.tidings.stats().queuedBytes()).isPositive();

        bench.poll(client);
        assertThat(direct(client)).containsExactly("1", "2");
        assertThat(client.receivedCount()).isEqualTo(2);
        assertThat(client.wire("resumed")).isEmpty();
        bench.poll(client);
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
        assertThat(bench.events).containsExactly("connect");
    }

    /** The client names what it has: it gets the rest, and the server forgets what it has. */
    @Test
    void received_someOfAnAnswer_isAcknowledgedAndTheRestComesAgain() {
        MemoryClient client = bench.polling();
        send(client, 1, 3);
        bench.poll(client);
        assertThat(direct(client)).containsExactly("1", "2", "3");
        long all = bench.tidings.stats().queuedBytes();

        client.resume(client.resumeToken(), 2, 50);
        bench.settle();
        assertThat(bench.tidings.stats().queuedBytes()).isLessThan(all).isPositive();
        assertThat(client.wire("direct"))
                .extracting(frame -> frame.json("data"))
                .containsExactly("1", "2", "3", "3");
    }

    @Test
    void received_moreThanWasSent_endsTheConnection() {
        MemoryClient client = bench.polling();
        client.resume(client.resumeToken(), 1, 50);
        bench.settle();

        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
        assertThat(bench.events).containsExactly("connect", "disconnect 4000");
        assertNothingLeft();
    }

    @Test
    void overflow_betweenPolls_isToldByTheNext() {
        MemoryClient client = bench.subscribed(bench.polling(), "news");
        bench.poll(client);
        client.timeOut();
        for (int i = 0; i < 5_000; i++) {
            bench.publish("news", i);
        }
        bench.poll(client);
        assertThat(client.received("gap"))
                .extracting(gap -> gap.string("channel"))
                .containsExactly("news");
        bench.publish("news", 7);
        bench.poll(client);
        assertThat(data(client, "news")).containsExactly("7");
        assertThat(bench.events).containsExactly("connect", "subscribe news");
    }

    @Test
    void pings_doNotComeByPolls() {
        MemoryClient client = bench.polling();
        bench.pollFor(client, Duration.ofSeconds(60));

        assertThat(client.wire("ping")).isEmpty();
    }

    // ---- Being away -------------------------------------------------------------------------------------------------

    @Test
    void gap_short_isNoBreak() {
        MemoryClient client = bench.polling();
        client.enter("room", "1");
        bench.seconds(9);
        bench.poll(client);
        bench.pollFor(client, Duration.ofSeconds(30));

        assertThat(bench.events).containsExactly("connect");
        assertThat(members()).isEqualTo(1);
        assertThat(client.wire("resumed")).isEmpty();
    }

    @Test
    void gap_long_isDetachedOnceThenTheMemberLeavesThenAllEnds() {
        MemoryClient client = bench.polling();
        client.enter("room", "1");
        bench.seconds(12);
        assertThat(bench.events).containsExactly("connect", "detached");
        assertThat(bench.tidings.stats().attached()).isZero();
        assertThat(members()).isEqualTo(1);

        bench.seconds(6);
        assertThat(members()).isZero();
        bench.seconds(100);
        assertThat(bench.events).containsExactly("connect", "detached");
        bench.seconds(20);
        assertThat(bench.events).containsExactly("connect", "detached", "disconnect 4108");
        assertNothingLeft();
    }

    @Test
    void poll_afterAGap_isAProperResume() {
        MemoryClient client = bench.subscribed(bench.polling(), "news");
        client.enter("room", "1");
        bench.settle();
        asked.set(0);
        bench.seconds(20);
        bench.publish("news", 1);
        assertThat(members()).isZero();

        bench.poll(client);
        assertThat(client.wire("resumed")).hasSize(1);
        assertThat(client.wire("resumed").get(0).number("expects")).isEqualTo(3);
        assertThat(asked).hasValue(1);
        assertThat(data(client, "news")).containsExactly("1");
        assertThat(members()).isEqualTo(1);
        assertThat(bench.events).containsExactly("connect", "subscribe news", "detached", "resumed");
    }

    /** What the rules do not allow anew is not replayed, also not to a poll that comes while they are asked. */
    @Test
    void poll_whileTheRulesAreAsked_isToldNothingBeforeTheirVerdict() {
        MemoryClient client = bench.subscribed(bench.polling(), "news");
        bench.poll(client);
        client.darkAfter(0);
        bench.publish("news", 1);
        client.cut();
        bench.seconds(12);
        CompletableFuture<Boolean> slow = new CompletableFuture<>();
        verdict = () -> slow;

        client.resume();
        bench.settle();
        client.resume();
        bench.settle();
        client.cut();
        bench.settle();
        bench.poll(client);
        client.timeOut();
        bench.settle();
        assertThat(data(client, "news")).isEmpty();
        assertThat(client.wire("resumed")).isEmpty();

        slow.complete(false);
        bench.settle();
        bench.poll(client);
        assertThat(data(client, "news")).isEmpty();
        assertThat(client.received("gap"))
                .extracting(gap -> gap.string("reason"))
                .containsExactly("FORBIDDEN");
        assertThat(client.received("unsubscribed")).hasSize(1);
        assertThat(bench.events)
                .containsExactly("connect", "subscribe news", "detached", "unsubscribe news", "resumed");
    }

    /** A resume that breaks before it was answered is none: nobody is told a second time that the client is away. */
    @Test
    void resume_brokenBeforeItIsAnswered_isNotDetachedTwice() {
        MemoryClient client = bench.subscribed(bench.polling(), "news");
        bench.seconds(12);
        CompletableFuture<Boolean> slow = new CompletableFuture<>();
        verdict = () -> slow;
        bench.poll(client);
        client.cut();
        bench.seconds(12);
        slow.complete(true);
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "subscribe news", "detached");

        bench.poll(client);
        assertThat(bench.events).containsExactly("connect", "subscribe news", "detached", "resumed");
    }

    // ---- Numbers of polls -------------------------------------------------------------------------------------------

    @Test
    void poll_higherNumber_takesOver() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        client.resume();
        bench.settle();
        assertThat(client.closures()).containsExactly(Disconnect.IN_USE);
        assertThat(client.isPolling()).isTrue();

        send(client, 1, 1);
        assertThat(direct(client)).containsExactly("1");
        assertThat(bench.events).containsExactly("connect");
    }

    @Test
    void poll_equalOrLowerNumber_isRefusedAndThePresentOneGoesOn() {
        MemoryClient client = bench.polling();
        client.resume(client.resumeToken(), 0, 7);
        bench.settle();
        for (long number : new long[] {7, 6, 1}) {
            MemoryClient late = bench.connect(late(client, number));
            bench.settle();
            assertThat(late.closures()).containsExactly(Disconnect.IN_USE);
            assertThat(late.wire()).isEmpty();
            assertThat(late.answers()).isZero();
        }
        assertThat(client.closures()).isEmpty();

        send(client, 1, 1);
        assertThat(direct(client)).containsExactly("1");
        assertThat(bench.tidings.stats().unauthenticated()).isZero();
    }

    private MemoryClientBuilder late(MemoryClient client, long number) {
        String token = client.resumeToken();
        return MemoryClient.acknowledging(bench.tidings)
                .wire(MemoryWire.POLLS)
                .handshake(builder -> builder.resume(new Handshake.Resume(token, 0, number)));
    }

    /** A poll that was on its way when the client changed to another transport does not throw that out. */
    @Test
    void poll_lateAfterAnotherTransportTookOver_isRefused() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        client.timeOut();
        bench.settle();
        client.wire(MemoryWire.SOCKET);
        client.resume();
        bench.settle();
        assertThat(client.isOpen()).isTrue();

        MemoryClient late = bench.connect(late(client, 1));
        assertThat(late.closures()).containsExactly(Disconnect.IN_USE);
        assertThat(client.isOpen()).isTrue();
        send(client, 1, 1);
        assertThat(direct(client)).containsExactly("1");
    }

    // ---- From transport to transport --------------------------------------------------------------------------------

    @Test
    void transports_fromSocketToPollsToStreamToPollsToSocket_loseNothing() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        asked.set(0);
        List<MemoryWire> wires =
                List.of(MemoryWire.POLLS, MemoryWire.STREAM, MemoryWire.POLLS, MemoryWire.SOCKET, MemoryWire.STREAM);
        int number = 0;
        int resumes = 0;
        for (MemoryWire wire : wires) {
            bench.publish("news", ++number);
            client.message("up", "" + number);
            client.wire(wire);
            bench.publish("news", ++number);
            client.resume();
            bench.settle();
            client.message("up", "" + number);
            bench.settle();
            if (wire == MemoryWire.POLLS) {
                bench.poll(client);
                bench.publish("news", ++number);
                bench.poll(client);
            }
            assertThat(client.wire("resumed")).as(wire.name()).hasSize(++resumes);
            assertThat(asked).as("asked anew").hasValue(resumes);
        }
        bench.seconds(2);
        assertThat(data(client, "news")).isEqualTo(Bench.numbers(1, number));
        assertThat(client.received("gap")).isEmpty();
        assertThat(client.unacknowledged()).isEmpty();
        assertThat(bench.events.stream().filter(event -> event.startsWith("message")))
                .hasSize(2 * wires.size())
                .doesNotHaveDuplicates();
        assertThat(bench.events).doesNotContain("detached");
        assertThat(bench.tidings.stats().connections()).isEqualTo(1);
    }

    @Test
    void transports_resumedWasLost_theNextPollGoesOnAllTheSame() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.cut();
        bench.publish("news", 1);
        client.wire(MemoryWire.POLLS);
        client.resume();
        client.darkAfter(0);
        bench.settle();
        client.cut();
        bench.settle();
        assertThat(client.wire("resumed")).isEmpty();

        bench.poll(client);
        assertThat(data(client, "news")).containsExactly("1");
        assertThat(bench.events).containsExactly("connect", "subscribe news", "detached", "resumed");
    }

    // ---- The end between polls --------------------------------------------------------------------------------------

    @Test
    void disconnect_betweenPolls_reachesTheNextPollBehindWhatWaits() {
        MemoryClient client = bench.polling();
        send(client, 1, 2);
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "disconnect 4003");
        assertThat(bench.tidings.stats().connections()).isZero();
        assertThat(client.closures()).isEmpty();

        bench.poll(client);
        assertThat(direct(client)).containsExactly("1", "2");
        assertThat(client.wire("close"))
                .extracting(frame -> frame.number("code"))
                .containsExactly(4003L);
        assertThat(client.closures()).containsExactly(Disconnect.FORBIDDEN);
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
        assertNothingLeft();
    }

    /** "Goodbye" and the end at once, while a poll is held: its answer may have the one and not the other. */
    @Test
    void disconnect_whileAPollIsAnswered_reachesTheNextPoll() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        bench.connection(client).send("bye", Payload.json("1"));
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        bench.settle();
        assertThat(direct(client)).containsExactly("1");

        if (client.closures().isEmpty()) {
            bench.poll(client);
        }
        assertThat(client.wire("close")).hasSize(1);
        assertThat(client.closures()).containsExactly(Disconnect.FORBIDDEN);
        assertThat(bench.events).containsExactly("connect", "disconnect 4003");
        assertNothingLeft();
    }

    @Test
    void disconnect_theAnswerWithItIsCut_reachesTheNextPoll() {
        MemoryClient client = bench.polling();
        bench.poll(client);
        client.stall();
        send(client, 1, 1);
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        bench.settle();
        client.cut();
        bench.settle();

        bench.poll(client);
        assertThat(direct(client)).containsExactly("1");
        assertThat(client.closures().get(client.closures().size() - 1)).isEqualTo(Disconnect.FORBIDDEN);
        assertNothingLeft();
    }

    @Test
    void disconnect_nobodyPollsAgain_isForgottenAfterTheGap() {
        MemoryClient client = bench.polling();
        send(client, 1, 100);
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        bench.seconds(9);
        assertThat(bench.tidings.stats().queuedBytes()).isPositive();
        bench.seconds(2);
        assertNothingLeft();

        // A new connection in its place.
        bench.poll(client);
        assertThat(client.wire("welcome")).hasSize(2);
        assertThat(client.wire("close")).isEmpty();
    }

    /** A client that begins and ends again and again leaves no more behind than it may have at once. */
    @Test
    void disconnect_nobodyPollsAgain_countsForItsAddressUntilItIsForgotten() {
        try (Bench few = new Bench(builder -> builder.limits(limits -> limits.connections(2, 0, 0)))) {
            MemoryClientBuilder polling = MemoryClient.acknowledging(few.tidings)
                    .wire(MemoryWire.POLLS)
                    .address("203.0.113.7");
            for (int i = 0; i < 2; i++) {
                MemoryClient client = few.connect(polling);
                few.connection(client).disconnect(Disconnect.FORBIDDEN);
                few.settle();
            }
            assertThat(few.connect(polling).refused()).isPresent();
            few.seconds(11);
            MemoryClient heard = few.connect(polling);
            assertThat(heard.refused()).isEmpty();
            few.connection(heard).disconnect(Disconnect.FORBIDDEN);
            few.settle();
            few.poll(heard);
            assertThat(heard.closures()).containsExactly(Disconnect.FORBIDDEN);
            for (int i = 0; i < 2; i++) {
                assertThat(few.connect(polling).refused()).isEmpty();
            }
            assertThat(few.connect(polling).refused()).isPresent();
        }
    }

    /** A client that never takes its last answer is not kept for ever. */
    @Test
    void disconnect_everyLastPollIsCut_isForgottenAfterTheGapAllTheSame() {
        MemoryClient client = bench.polling();
        send(client, 1, 100);
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        for (int i = 1; i <= 20; i++) {
            Handshake again = Handshake.builder("lost")
                    .acknowledging(true)
                    .allowsAuthFrame(false)
                    .polling(true)
                    .resume(new Handshake.Resume(client.resumeToken(), 0, i))
                    .build();
            bench.tidings.attach(again, new Deaf()).detached(Disconnect.LINK_LOST);
            bench.settle();
            if (i == 8) {
                assertThat(bench.tidings.stats().queuedBytes()).isPositive();
            }
            bench.seconds(1);
        }
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
        bench.seconds(30);
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }

    /** A link that takes nothing. */
    private static final class Deaf implements Link {
        @Override
        public String transport() {
            return "deaf";
        }

        @Override
        public void wake() {}

        @Override
        public void close(Disconnect disconnect) {}
    }

    @Test
    void disconnect_betweenPolls_isHeardBySocketToo() {
        MemoryClient client = bench.polling();
        send(client, 1, 1);
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        client.wire(MemoryWire.SOCKET);
        client.resume();
        bench.settle();

        assertThat(direct(client)).containsExactly("1");
        assertThat(client.closures()).containsExactly(Disconnect.FORBIDDEN);
        assertNothingLeft();
    }

    @Test
    void close_postedBetweenPolls_isAnsweredByTheNextPoll() {
        MemoryClient client = bench.polling();
        send(client, 1, 100);
        client.send("{\"type\":\"close\"}");
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "disconnect 1000");
        assertThat(bench.tidings.stats().queuedBytes()).isZero();

        bench.poll(client);
        assertThat(client.wire("close").get(0).number("code")).isEqualTo(1000);
        assertNothingLeft();
    }

    /** Errors count also while no poll is there to be closed for them. */
    @Test
    void errors_betweenPolls_endTheConnectionToo() {
        MemoryClient client = bench.polling();
        for (int i = 0; i < 15; i++) {
            client.send("{\"type\":\"nonsense\"}");
        }
        bench.settle();
        assertThat(bench.events).containsExactly("connect", "disconnect 4000");
        bench.poll(client);
        assertThat(client.closed().orElseThrow().code()).isEqualTo(4000);
        assertNothingLeft();
    }

    // ---- Who may go on ----------------------------------------------------------------------------------------------

    @Test
    void refuse_limitsReached_letsKnownConnectionsGoOnAndNobodyElse() {
        MemoryClient first = bench.polling();
        bench.polling();
        bench.polling();
        MemoryClient fourth = bench.polling();
        assertThat(fourth.refused().orElseThrow().disconnect()).isEqualTo(Disconnect.TOO_MANY_CONNECTIONS);

        bench.poll(first);
        assertThat(first.refused()).isEmpty();
        assertThat(first.isPolling()).isTrue();
        MemoryClient liar = bench.connect(MemoryClient.acknowledging(bench.tidings)
                .wire(MemoryWire.POLLS)
                .handshake(b -> b.resume(new Handshake.Resume(first.connection() + ".wrong", 0, 9))));
        assertThat(liar.refused()).isPresent();
        // A plain client cannot go on with anything.
        String token = first.resumeToken();
        MemoryClient plain = bench.connect(MemoryClient.plain(bench.tidings)
                .wire(MemoryWire.POLLS)
                .handshake(b -> b.resume(new Handshake.Resume(token, 0, 9))));
        assertThat(plain.refused()).isPresent();
        // Nor one from a page of another origin.
        MemoryClient foreign = bench.connect(late(first, 9).header("Origin", "https://evil.example.com"));
        assertThat(foreign.refused().orElseThrow().disconnect().code()).isEqualTo(4003);
        // Nor somebody whom the container knows by another name.
        MemoryClient other = bench.connect(late(first, 9).principal("bob"));
        assertThat(other.refused()).isPresent();
        assertThat(first.isPolling()).isTrue();
    }

    @Test
    void address_ofManyPolls_isCountedOnce() {
        MemoryClient client = bench.connect(
                MemoryClient.acknowledging(bench.tidings).wire(MemoryWire.POLLS).address("203.0.113.9"));
        for (int i = 0; i < 20; i++) {
            bench.poll(client);
            client.timeOut();
            bench.settle();
        }
        MemoryClient second = bench.connect(MemoryClient.plain(bench.tidings).address("203.0.113.9"));
        MemoryClient third = bench.connect(MemoryClient.plain(bench.tidings).address("203.0.113.9"));
        assertThat(second.refused()).isEmpty();
        assertThat(third.refused()).isEmpty();
        third.close(1000);
        second.close(1000);
        client.send("{\"type\":\"close\"}");
        bench.settle();
        bench.poll(client);
        // Nothing of it is counted any more.
        for (int i = 0; i < 3; i++) {
            assertThat(bench.connect(MemoryClient.plain(bench.tidings).address("203.0.113.9"))
                            .refused())
                    .isEmpty();
        }
    }
}
