package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.direct;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryWire;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients send beside the link that carries them. */
class PostTest {

    private final CompletableFuture<Payload> answer = new CompletableFuture<>();

    private final Bench bench = new Bench(builder -> builder.channel("news", rule -> rule.subscribe(Allow.anyone()))
            .onRequest("slow", (connection, payload) -> answer)
            .authenticator(Authenticator.token(token -> switch (token) {
                case "ann", "ann again" -> Authentication.user("ann");
                case "bob" -> Authentication.user("bob");
                default -> Authentication.refused();
            }))
            .limits(limits -> limits.mailbox(4, 4_096)
                    .messageRate(10, 20)
                    .byteRate(1 << 20, 1 << 20)
                    .maxFrame(1_000)));

    private final MemoryClient client = bench.connect(
            MemoryClient.acknowledging(bench.tidings).wire(MemoryWire.STREAM).token("ann"));

    @AfterEach
    void close() {
        answer.complete(Payload.NULL);
        bench.close();
    }

    private static String event(int number) {
        return "{\"type\":\"send\",\"event\":\"n\",\"data\":" + number + "}";
    }

    private static List<String> events(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(PostTest::event).toList();
    }

    private List<String> messages() {
        return bench.events.stream()
                .filter(event -> event.startsWith("message n "))
                .map(event -> event.substring("message n ".length()))
                .toList();
    }

    private static void assertTaken(Posted posted, long expects) {
        assertThat(posted).isEqualTo(new Posted(expects, null));
    }

    private static void assertRefused(Posted posted, int code, long expects) {
        assertThat(posted.isGone()).isFalse();
        assertThat(posted.refusal()).isNotNull();
        assertThat(posted.refusal().disconnect().code()).isEqualTo(code);
        assertThat(posted.expects()).isEqualTo(expects);
    }

    // ---- Once each --------------------------------------------------------------------------------------------------

    @Test
    void f40_postAgain_isHandledOnce() {
        assertTaken(client.post(1, events(1, 2)), 3);
        assertTaken(client.post(1, events(1, 2)), 3);
        bench.settle();
        assertTaken(client.post(2, events(2, 4)), 5);
        assertTaken(client.post(4, events(4, 4)), 5);
        bench.settle();

        assertThat(messages()).containsExactly("1", "2", "3", "4");
        assertThat(client.isOpen()).isTrue();
    }

    /** Who sends what was handled before does not know so: the answer with the acknowledgement was lost. */
    @Test
    void post_again_isAcknowledgedAgain() {
        client.post(1, events(1, 2));
        bench.seconds(2);
        int acks = client.wire("ack").size();
        assertThat(acks).isPositive();
        bench.seconds(5);
        assertThat(client.wire("ack")).hasSize(acks);

        client.post(1, events(1, 2));
        bench.settle();
        assertThat(client.wire("ack")).hasSize(acks + 1);
        assertThat(client.wire("ack").get(acks).number("received")).isEqualTo(2);
    }

    @Test
    void post_again_costsNothingOfTheRate() {
        assertTaken(client.post(1, events(1, 3)), 4);
        for (int i = 0; i < 50; i++) {
            assertTaken(client.post(1, events(1, 3)), 4);
        }
    }

    @Test
    void f40_postWithAHole_isRefusedAndEndsNothing() {
        assertRefused(client.post(2, events(2, 3)), 4000, 1);
        assertTaken(client.post(1, events(1, 1)), 2);
        assertRefused(client.post(5, events(5, 5)), 4000, 2);
        assertRefused(client.post(Long.MAX_VALUE, events(5, 7)), 4000, 2);
        bench.settle();

        assertThat(messages()).containsExactly("1");
        assertThat(client.isOpen()).isTrue();
        assertTaken(client.post(2, events(2, 3)), 4);
    }

    @Test
    void post_numbersThatAreNone_takeNothing() {
        assertTaken(client.post(0, events(9, 9)), 1);
        assertTaken(client.post(-5, events(8, 9)), 1);
        assertTaken(client.post(Long.MIN_VALUE, events(9, 9)), 1);
        bench.settle();

        assertThat(messages()).isEmpty();
    }

    @Test
    void post_nothing_saysWhatIsExpected() {
        assertTaken(client.post(1, List.of()), 1);
    }

    @Test
    void post_onlyUncountedFrames_moveNoNumber() {
        client.post(77, List.of("{\"type\":\"ping\"}", "{\"type\":\"pong\"}", "{\"type\":\"ack\",\"received\":0}"));
        assertTaken(client.post(1, events(1, 1)), 2);
        bench.settle();

        assertThat(client.wire("pong")).hasSize(1);
        assertThat(messages()).containsExactly("1");
    }

    // ---- Not everything ---------------------------------------------------------------------------------------------

    @Test
    void post_moreThanTheMailboxHolds_isTakenInPart() {
        client.post(1, List.of("{\"type\":\"request\",\"id\":1,\"event\":\"slow\"}"));
        bench.settle();
        Posted posted = client.post(2, events(2, 9));

        assertRefused(posted, 4129, 5);
        assertThat(posted.refusal().retryAfter()).isEqualTo(Duration.ofMillis(500));
        bench.settle();
        assertThat(client.isOpen()).isTrue();

        answer.complete(Payload.NULL);
        bench.settle();
        assertRefused(client.post(2, events(2, 9)), 4129, 9);
        bench.settle();
        assertTaken(client.post(9, events(9, 9)), 10);
        bench.settle();
        assertThat(messages()).isEqualTo(Bench.numbers(2, 9));
    }

    @Test
    void post_tooOften_isRefusedUntilLater() {
        for (int i = 1; i <= 20; i++) {
            assertTaken(client.post(i, events(i, i)), i + 1);
            bench.settle();
        }
        Posted posted = client.post(21, events(21, 21));
        assertRefused(posted, 4129, 21);
        assertThat(posted.refusal().retryAfter()).isPositive();
        assertThat(client.isOpen()).isTrue();

        bench.seconds(1);
        assertTaken(client.post(21, events(21, 21)), 22);
        bench.settle();
        assertThat(messages()).isEqualTo(Bench.numbers(1, 21));
    }

    @Test
    void post_tooLargeAFrame_isRefusedAndWhatCameBeforeIsTaken() {
        Posted posted = client.post(1, List.of(event(1), "x".repeat(1_001), event(3)));

        assertRefused(posted, 4013, 2);
        assertThat(posted.refusal().retryAfter()).isNull();
        bench.settle();
        assertThat(messages()).containsExactly("1");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void post_whatIsNoFrame_countsAndIsAnsweredByAnError() {
        assertTaken(client.post(1, List.of("not json", "{\"type\":\"nonsense\",\"id\":7}", "\uD83D", event(4))), 5);
        bench.settle();

        assertThat(client.received("error"))
                .extracting(frame -> frame.string("code"))
                .containsExactly("bad_request", "unknown", "bad_request");
        assertThat(messages()).containsExactly("4");
    }

    @Test
    void post_ackOfWhatWasNeverSent_isRefused() {
        bench.connection(client).send("n", Payload.json("1"));
        bench.settle();
        assertRefused(client.post(1, List.of(event(1), "{\"type\":\"ack\",\"received\":2}", event(2))), 4000, 2);
        bench.settle();

        assertThat(client.isOpen()).isTrue();
        assertThat(messages()).containsExactly("1");
    }

    @Test
    void post_ack_isTaken() {
        client.autoAck(false);
        bench.connection(client).send("n", Payload.json("1"));
        bench.settle();
        assertThat(bench.tidings.stats().queuedBytes()).isPositive();
        client.ack();

        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }

    // ---- The end ----------------------------------------------------------------------------------------------------

    @Test
    void post_close_endsTheConnectionAndWhatFollowsIsNotTaken() {
        assertTaken(client.post(1, List.of(event(1), "{\"type\":\"close\"}", event(2))), 2);
        bench.settle();

        assertThat(messages()).containsExactly("1");
        assertThat(bench.events).endsWith("disconnect 1000");
        assertThat(client.closures()).containsExactly(Disconnect.NORMAL);
        assertThat(client.post(2, events(2, 2))).isEqualTo(Posted.GONE);
    }

    @Test
    void post_toNobody_isGone() {
        String token = client.resumeToken();
        String id = client.connection();
        for (String wrong : List.of(id, id + ".", id + ".x", "." + token, "", token + "x", "nobody.at-all")) {
            assertThat(post(wrong, null)).as(wrong).isEqualTo(Posted.GONE);
        }
        assertThat(post(token, "mallory")).isEqualTo(Posted.GONE);
        assertThat(bench.tidings
                        .post(Handshake.builder("t").acknowledging(true).build(), 1, events(1, 1))
                        .toCompletableFuture()
                        .join())
                .isEqualTo(Posted.GONE);
        bench.settle();
        assertThat(messages()).isEmpty();
        assertThat(post(token, null).isGone()).isFalse();
    }

    private Posted post(String token, String principal) {
        Handshake handshake = Handshake.builder("t")
                .acknowledging(true)
                .principal(principal)
                .resume(new Handshake.Resume(token, 0, 0))
                .build();
        return bench.tidings
                .post(handshake, 1, events(1, 1))
                .toCompletableFuture()
                .join();
    }

    @Test
    void post_whileDetached_isTaken() {
        client.cut();
        bench.settle();
        assertTaken(client.post(1, events(1, 1)), 2);
        bench.settle();

        assertThat(messages()).containsExactly("1");
        client.resume();
        bench.settle();
        assertThat(client.wire("resumed").get(0).number("expects")).isEqualTo(2);
    }

    // ---- Credentials ------------------------------------------------------------------------------------------------

    @Test
    void post_auth_refreshes() {
        client.auth("ann again");
        bench.settle();

        assertThat(client.wire("auth_success")).hasSize(1);
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void post_authOfAnotherUser_endsTheConnection() {
        client.auth("bob");
        bench.settle();

        assertThat(client.closures()).containsExactly(Disconnect.INVALID_TOKEN);
    }

    // ---- The stream beside it ---------------------------------------------------------------------------------------

    @Test
    void posts_keepTheStreamAlive() {
        for (int i = 0; i < 12; i++) {
            client.autoPong(false);
            bench.seconds(10);
            client.post(1, List.of("{\"type\":\"pong\"}"));
        }
        assertThat(client.closures()).isEmpty();
        assertThat(client.wire("ping")).hasSizeBetween(4, 5);

        bench.seconds(40);
        assertThat(client.closures()).containsExactly(Disconnect.HEARTBEAT_TIMEOUT);
        assertThat(bench.events).endsWith("detached");
    }

    @Test
    void stream_ofAClientThatAnswersPings_stays() {
        bench.seconds(300);

        assertThat(client.closures()).isEmpty();
        assertThat(client.wire("ping")).hasSizeGreaterThan(10);
    }

    @Test
    void stream_brokenAndResumed_losesNothing() {
        for (int i = 1; i <= 5; i++) {
            client.darkAfter(1);
            bench.connection(client).send("n", Payload.json("" + (2 * i - 1)));
            bench.connection(client).send("n", Payload.json("" + 2 * i));
            bench.settle();
            client.message("n", "" + i);
            client.cut();
            client.resume();
            bench.settle();
        }
        bench.seconds(2);
        assertThat(direct(client)).isEqualTo(Bench.numbers(1, 10));
        assertThat(messages()).isEqualTo(Bench.numbers(1, 5));
        assertThat(client.unacknowledged()).isEmpty();
        assertThat(client.wire()).extracting(ReceivedFrame::type).contains("resumed");
    }
}
