package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The life of connections from attaching to the end, with links without wires and a clock that the test moves. */
class ConnectionLifeTest {

    private static final Pattern RESUME = Pattern.compile("\"resume\":\"([^\"]+)\"");
    private static final Payload ONE = Payload.json("1");

    private final TestTime time = new TestTime();
    private final List<String> events = new ArrayList<>();
    private Tidings tidings = build(builder());

    @AfterEach
    void close() {
        tidings.close();
    }

    // ---- Plain clients ----------------------------------------------------------------------------------------------

    @Test
    void plain_linkGone_endsTheConnectionOnce() {
        TestLink link = plain();
        link.receive("{'type':'subscribe','id':1,'channel':'news'}");
        link.detach(Disconnect.LINK_LOST);
        link.detach(Disconnect.LINK_LOST);

        assertThat(events).containsExactly("connect", "subscribe news", "unsubscribe news", "disconnect 1006");
        assertNothingLeft();
    }

    @Test
    void plain_subscribedByUrl_getsWhatIsPublished() {
        TestLink link = TestLink.attach(
                tidings,
                Handshake.builder("test").parameter("channel", List.of("news")).build());
        tidings.channel("news").publish(ONE);

        assertThat(link.sent("message")).containsExactly("{\"type\":\"message\",\"channel\":\"news\",\"data\":1}");
    }

    @Test
    void plain_doesNotRead_endsAtTheSendDeadline() {
        TestLink link = plain();
        link.stick();
        tidings.broadcast("e", ONE);
        time.advance(Duration.ofSeconds(10));
        assertThat(link.closes).isEmpty();

        time.advance(Duration.ofSeconds(2));
        assertThat(link.closes).containsExactly(Disconnect.SLOW_CONSUMER);
        assertThat(events).containsExactly("connect", "disconnect 4108");
        assertNothingLeft();
    }

    @Test
    void plain_outboxFull_endsAndOthersGoOn() {
        tidings.close();
        tidings = build(builder().limits(limits -> limits.outbox(10_000, 10)));
        TestLink slow = plain();
        TestLink quick = plain();
        slow.receive("{'type':'subscribe','channel':'news'}");
        quick.receive("{'type':'subscribe','channel':'news'}");
        slow.stick();
        for (int i = 0; i < 20; i++) {
            tidings.channel("news").publish(ONE);
        }

        assertThat(slow.closes).containsExactly(Disconnect.SLOW_CONSUMER);
        assertThat(quick.sent("message")).hasSize(20);
        assertThat(tidings.stats().connections()).isEqualTo(1);
        assertThat(tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void plain_silentButReading_staysForHours() {
        TestLink link = plain();
        time.advance(Duration.ofHours(3));

        assertThat(link.closes).isEmpty();
        assertThat(link.sent("ping")).hasSizeGreaterThan(400);
    }

    // ---- Acknowledging clients --------------------------------------------------------------------------------------

    @Test
    void acknowledging_linkLost_resumesWithAllThatWasMissed() {
        TestLink first = acknowledging();
        first.receive("{'type':'subscribe','channel':'news'}");
        tidings.channel("news").publish(Payload.json("1"));
        tidings.channel("news").publish(Payload.json("2"));
        first.detach(Disconnect.LINK_LOST);
        tidings.channel("news").publish(Payload.json("3"));
        assertThat(tidings.stats().attached()).isZero();

        TestLink second = resume(first, 1);
        assertThat(second.sent.get(0)).contains("\"type\":\"resumed\"", "\"next\":2", "\"expects\":2");
        assertThat(second.sent("message")).extracting(ConnectionLifeTest::data).containsExactly("2", "3");
        assertThat(events).containsExactly("connect", "subscribe news", "detached", "resumed");
        second.receive("{'type':'ack','received':3}");
        assertThat(tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void acknowledging_resumedWhileAttached_closesTheOldLinkOnly() {
        TestLink first = acknowledging();
        TestLink second = resume(first, 0);

        assertThat(first.closes).containsExactly(Disconnect.IN_USE);
        assertThat(first.sent("close")).hasSize(1);
        assertThat(second.sent("resumed")).hasSize(1);
        assertThat(tidings.stats().attached()).isEqualTo(1);
        assertThat(events).containsExactly("connect", "resumed");
    }

    @Test
    void acknowledging_resumeWindowOver_endsOnce() {
        TestLink first = acknowledging();
        tidings.broadcast("e", ONE);
        first.detach(Disconnect.LINK_LOST);
        time.advance(Duration.ofSeconds(119));
        assertThat(events).containsExactly("connect", "detached");

        time.advance(Duration.ofSeconds(3));
        assertThat(events).containsExactly("connect", "detached", "disconnect 4108");
        assertNothingLeft();
        assertThat(resume(first, 0).sent("error")).singleElement().asString().contains("gone");
    }

    @Test
    void acknowledging_closesNormally_endsAtOnce() {
        TestLink link = acknowledging();
        link.receive("{'type':'close'}");

        assertThat(link.closes).containsExactly(Disconnect.NORMAL);
        assertThat(events).containsExactly("connect", "disconnect 1000");
        assertNothingLeft();
    }

    @Test
    void acknowledging_silent_isDetachedAfterTheHeartbeat() {
        TestLink link = acknowledging();
        time.advance(Duration.ofSeconds(34));
        assertThat(link.closes).isEmpty();
        assertThat(link.sent("ping")).hasSize(1);

        time.advance(Duration.ofSeconds(2));
        assertThat(link.closes).containsExactly(Disconnect.HEARTBEAT_TIMEOUT);
        assertThat(events).containsExactly("connect", "detached");
    }

    @Test
    void acknowledging_heard_staysAttached() {
        TestLink link = acknowledging();
        for (int i = 0; i < 20; i++) {
            time.advance(Duration.ofSeconds(30));
            link.receive("{'type':'pong'}");
        }

        assertThat(link.closes).isEmpty();
    }

    @Test
    void acknowledging_outboxFull_isDetachedAndToldWhatIsLost() {
        tidings.close();
        tidings = build(builder().limits(limits -> limits.outbox(10_000, 10)));
        TestLink first = acknowledging();
        first.receive("{'type':'subscribe','channel':'news'}");
        first.stick();
        for (int i = 0; i < 20; i++) {
            tidings.channel("news").publish(ONE);
        }
        assertThat(first.closes).containsExactly(Disconnect.SLOW_CONSUMER);
        assertThat(events).containsExactly("connect", "subscribe news", "detached");

        TestLink second = resume(first, 0);
        tidings.channel("news").publish(Payload.json("2"));
        assertThat(second.sent("gap"))
                .containsExactly("{\"type\":\"gap\",\"channel\":\"news\",\"reason\":\"OVERFLOW\"}");
        assertThat(second.sent("message")).extracting(ConnectionLifeTest::data).containsExactly("2");
    }

    @Test
    void acknowledging_framesHandled_areAcknowledged() {
        TestLink link = acknowledging();
        for (int i = 1; i <= 16; i++) {
            link.receive("{'type':'send','event':'e','data':1}");
        }
        assertThat(link.sent("ack")).containsExactly("{\"type\":\"ack\",\"received\":16}");

        link.receive("{'type':'send','event':'e','data':1}");
        time.advance(Duration.ofSeconds(1));
        assertThat(link.sent("ack")).hasSize(2).last().isEqualTo("{\"type\":\"ack\",\"received\":17}");
    }

    @Test
    void acknowledging_acknowledgesTooMuch_losesItsConnection() {
        TestLink link = acknowledging();
        link.receive("{'type':'ack','received':1}");

        assertThat(link.closes).singleElement().extracting(Disconnect::code).isEqualTo(4000);
        assertThat(events).containsExactly("connect", "disconnect 4000");
    }

    // ---- Ends by the server -----------------------------------------------------------------------------------------

    @Test
    void disconnect_byTheApplication_letsWhatWasSentLeaveFirst() {
        TestLink link = acknowledging();
        link.stick();
        tidings.broadcast("a", ONE);
        tidings.broadcast("b", ONE);
        tidings.connections().forEach(connection -> connection.disconnect(Disconnect.FORBIDDEN));
        assertThat(link.closes).isEmpty();
        assertThat(events).containsExactly("connect", "disconnect 4003");

        link.release();
        assertThat(link.sent("direct")).hasSize(2);
        assertThat(link.sent.get(link.sent.size() - 1)).contains("\"type\":\"close\"", "4003");
        assertThat(link.closes).containsExactly(Disconnect.FORBIDDEN);
        assertNothingLeft();
    }

    @Test
    void disconnect_peerDoesNotRead_isOverAfterTheGrace() {
        TestLink link = acknowledging();
        link.stick();
        tidings.broadcast("a", ONE);
        tidings.connections().forEach(connection -> connection.disconnect(Disconnect.FORBIDDEN));
        time.advance(Duration.ofSeconds(5));

        assertThat(link.closes).containsExactly(Disconnect.FORBIDDEN);
        assertNothingLeft();
    }

    @Test
    void credentials_expired_endAfterTheirGrace() {
        tidings.close();
        tidings = build(builder()
                .authenticator(credentials -> CompletableFuture.completedFuture(
                        Authentication.user("ann").expiresAt(Instant.EPOCH.plusSeconds(60)))));
        TestLink link = plain();
        time.advance(Duration.ofSeconds(84));
        assertThat(link.closes).isEmpty();

        time.advance(Duration.ofSeconds(3));
        assertThat(link.closes).containsExactly(Disconnect.TOKEN_EXPIRED);
        assertNothingLeft();
    }

    @Test
    void shutdown_everybody_isToldAndNobodyComesIn() {
        TestLink plain = plain();
        TestLink acknowledging = acknowledging();
        tidings.close();

        assertThat(plain.closes).containsExactly(Disconnect.SHUTTING_DOWN);
        assertThat(acknowledging.closes).containsExactly(Disconnect.SHUTTING_DOWN);
        assertThat(acknowledging.sent("close")).singleElement().asString().contains("4203", "retryAfter");
        assertThat(tidings.refuse(Handshake.builder("test").build()))
                .get()
                .extracting(refusal -> refusal.disconnect().code())
                .isEqualTo(4203);
        assertNothingLeft();
    }

    // ---- Before there is a connection -------------------------------------------------------------------------------

    @Test
    void token_wrong_isRefused() {
        tokens();
        TestLink link = TestLink.attach(
                tidings,
                Handshake.builder("test").parameter("token", List.of("wrong")).build());

        assertThat(link.closes).containsExactly(Disconnect.UNAUTHORIZED);
        assertThat(events).isEmpty();
        assertNothingLeft();
    }

    @Test
    void token_inAFrame_isTaken() {
        tokens();
        TestLink link = plain();
        assertThat(link.sent).isEmpty();
        assertThat(tidings.stats().unauthenticated()).isEqualTo(1);

        link.receive("{'type':'auth','token':'right'}");
        assertThat(link.sent("auth_success")).hasSize(1);
        assertThat(link.sent("welcome")).hasSize(1);
        assertThat(tidings.stats().unauthenticated()).isZero();
    }

    @Test
    void token_wrongInAFrame_isRefused() {
        tokens();
        TestLink link = plain();
        link.receive("{'type':'auth','token':'wrong'}");

        assertThat(link.closes).containsExactly(Disconnect.INVALID_TOKEN);
        assertNothingLeft();
    }

    @Test
    void token_missing_isRefusedAfterTheDeadline() {
        tokens();
        TestLink link = plain();
        time.advance(Duration.ofSeconds(5));
        assertThat(link.closes).isEmpty();
        time.advance(Duration.ofSeconds(2));

        assertThat(link.closes).containsExactly(Disconnect.AUTH_TIMEOUT);
        assertNothingLeft();
    }

    @Test
    void authenticator_throws_isARefusal() {
        tidings.close();
        tidings = build(builder().authenticator(credentials -> {
            throw new IllegalStateException("for the test");
        }));
        TestLink link = plain();

        assertThat(link.closes).containsExactly(Disconnect.UNAUTHORIZED);
    }

    /** What a client says while the application looks at its token is handled when it is in, in order. */
    @Test
    void authenticator_slow_framesWait() {
        tidings.close();
        CompletableFuture<Authentication> verdict = new CompletableFuture<>();
        tidings = build(builder().authenticator(credentials -> verdict));
        TestLink link = plain();
        link.receive("{'type':'subscribe','id':1,'channel':'news'}");
        link.receive("{'type':'send','event':'first','data':1}");
        assertThat(events).isEmpty();

        verdict.complete(Authentication.anonymous());
        assertThat(events).containsExactly("connect", "subscribe news", "message first");
    }

    @Test
    void authenticator_slowAndTheLinkGone_leavesNothing() {
        tidings.close();
        CompletableFuture<Authentication> verdict = new CompletableFuture<>();
        tidings = build(builder().authenticator(credentials -> verdict));
        TestLink link = plain();
        link.detach(Disconnect.LINK_LOST);
        verdict.complete(Authentication.anonymous());

        assertThat(events).isEmpty();
        assertNothingLeft();
    }

    @Test
    void authenticator_tooSlow_isARefusal() {
        tidings.close();
        CompletableFuture<Authentication> verdict = new CompletableFuture<>();
        tidings = build(builder().authenticator(credentials -> verdict));
        TestLink link = plain();
        time.advance(Duration.ofSeconds(7));
        verdict.complete(Authentication.anonymous());

        assertThat(link.closes).containsExactly(Disconnect.AUTH_TIMEOUT);
        assertThat(events).isEmpty();
        assertNothingLeft();
    }

    // ---- Limits -----------------------------------------------------------------------------------------------------

    @Test
    void client_sendsTooMuch_isClosed() {
        TestLink link = plain();
        for (int i = 0; i < 101; i++) {
            link.receive("{'type':'send','event':'e','data':1}");
        }

        assertThat(link.closes).containsExactly(Disconnect.RATE_LIMITED);
        assertNothingLeft();
    }

    @Test
    void client_makesTooManyErrors_isClosed() {
        TestLink link = plain();
        for (int i = 0; i < 11; i++) {
            link.receive("{'type':'nonsense'}");
        }

        assertThat(link.closes).singleElement().extracting(Disconnect::code).isEqualTo(4000);
    }

    @Test
    void client_sendsAHugeFrame_isClosed() {
        TestLink link = plain();
        link.receive("x".repeat(64 * 1024 + 1));

        assertThat(link.closes).containsExactly(Disconnect.TOO_LARGE);
    }

    // ---- Presence ---------------------------------------------------------------------------------------------------

    @Test
    void member_shortBreak_stays() {
        TestLink first = acknowledging();
        first.receive("{'type':'enter','channel':'room','data':1}");
        first.detach(Disconnect.LINK_LOST);
        time.advance(Duration.ofSeconds(4));
        assertThat(members()).isEqualTo(1);

        resume(first, 0);
        time.advance(Duration.ofSeconds(30));
        assertThat(members()).isEqualTo(1);
    }

    @Test
    void member_longBreak_leavesAndEntersAgain() {
        TestLink first = acknowledging();
        first.receive("{'type':'enter','channel':'room','data':1}");
        first.detach(Disconnect.LINK_LOST);
        time.advance(Duration.ofSeconds(7));
        assertThat(members()).isZero();

        resume(first, 0);
        assertThat(members()).isEqualTo(1);
    }

    @Test
    void member_saysGoodbye_leavesAtOnce() {
        TestLink link = acknowledging();
        link.receive("{'type':'enter','channel':'room','data':1}");
        link.receive("{'type':'close'}");

        assertThat(members()).isZero();
    }

    @Test
    void member_plainLinkLost_leavesAfterTheGrace() {
        TestLink link = plain();
        link.receive("{'type':'enter','channel':'room','data':1}");
        link.detach(Disconnect.LINK_LOST);
        assertThat(members()).isEqualTo(1);
        time.advance(Duration.ofSeconds(6));

        assertThat(members()).isZero();
    }

    // ---- Isolation --------------------------------------------------------------------------------------------------

    @Test
    void listener_throws_disturbsNobody() {
        tidings.close();
        tidings = build(builder().listener(new ConnectionListener() {
            @Override
            public void onMessage(Connection connection, String event, Payload payload) {
                throw new IllegalStateException("for the test");
            }
        }));
        TestLink link = plain();
        link.receive("{'type':'send','id':1,'event':'e','data':1}");
        link.receive("{'type':'send','id':2,'event':'f','data':1}");

        assertThat(link.sent("reply")).hasSize(2);
        assertThat(events).containsExactly("connect", "message e", "message f");
    }

    @Test
    void link_throwsWhenWoken_disturbsNobody() {
        TestLink broken = new TestLink() {
            @Override
            public void wake() {
                if (attachment() != null) {
                    throw new IllegalStateException("for the test");
                }
            }
        };
        Handshake handshake =
                Handshake.builder("test").parameter("channel", List.of("news")).build();
        try {
            broken.on(tidings, handshake);
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("for the test");
        }
        TestLink healthy = TestLink.attach(tidings, handshake);
        tidings.channel("news").publish(ONE);

        assertThat(healthy.sent("message")).hasSize(1);
        assertThat(broken.closes).containsExactly(Disconnect.INTERNAL_ERROR);
    }

    // ---- Parts ------------------------------------------------------------------------------------------------------

    private Tidings.Builder builder() {
        events.clear();
        return Tidings.builder()
                .time(time)
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .channel("{any*}", rule -> rule.subscribe(Allow.anyone()).presence(Allow.anyone()));
    }

    private Tidings build(Tidings.Builder builder) {
        return builder.listener(new Recorder()).build();
    }

    private void tokens() {
        tidings.close();
        tidings = build(builder()
                .authenticator(Authenticator.token(
                        token -> token.equals("right") ? Authentication.user("ann") : Authentication.refused())));
    }

    private TestLink plain() {
        return TestLink.attach(tidings, Handshake.builder("test").build());
    }

    private TestLink acknowledging() {
        return TestLink.attach(
                tidings, Handshake.builder("test").acknowledging(true).build());
    }

    private TestLink resume(TestLink before, long received) {
        Matcher secret = RESUME.matcher(before.sent("welcome").get(0));
        assertThat(secret.find()).isTrue();
        TestLink link = TestLink.attach(
                tidings,
                Handshake.builder("test").acknowledging(true).resuming(true).build());
        link.receive("{'type':'resume','token':'" + secret.group(1) + "','received':" + received + "}");
        return link;
    }

    private static String data(String message) {
        return message.substring(message.indexOf("\"data\":") + 7, message.length() - 1);
    }

    private int members() {
        return tidings.channel("room")
                .presence()
                .members()
                .toCompletableFuture()
                .join()
                .members()
                .size();
    }

    private void assertNothingLeft() {
        Stats stats = tidings.stats();
        assertThat(stats.connections()).isZero();
        assertThat(stats.unauthenticated()).isZero();
        assertThat(stats.channels()).isZero();
        assertThat(stats.subscriptions()).isZero();
        assertThat(stats.queuedBytes()).isZero();
    }

    private final class Recorder implements ConnectionListener {
        @Override
        public void onConnect(Connection connection) {
            events.add("connect");
        }

        @Override
        public void onDetached(Connection connection) {
            events.add("detached");
        }

        @Override
        public void onResumed(Connection connection) {
            events.add("resumed");
        }

        @Override
        public void onDisconnect(Connection connection, Disconnect disconnect) {
            events.add("disconnect " + disconnect.code());
        }

        @Override
        public void onMessage(Connection connection, String event, Payload payload) {
            events.add("message " + event);
        }

        @Override
        public void onSubscribe(Connection connection, String channel) {
            events.add("subscribe " + channel);
        }

        @Override
        public void onUnsubscribe(Connection connection, String channel) {
            events.add("unsubscribe " + channel);
        }
    }
}
