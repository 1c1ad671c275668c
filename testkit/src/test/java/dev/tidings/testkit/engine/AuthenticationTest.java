package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.protocol.Disconnect;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AuthenticationTest {

    private static final Instant LATER = ManualTime.START.plusSeconds(60);

    private final Bench bench =
            new Bench(builder -> builder.authenticator(Authenticator.token(AuthenticationTest::verify)));

    private static Authentication verify(String token) {
        return switch (token) {
            case "ann" -> Authentication.user("ann").attributes(Map.of("colour", "red"));
            case "ann-60s" -> Authentication.user("ann").expiresAt(LATER);
            case "ann-120s" ->
                Authentication.user("ann").expiresAt(LATER.plusSeconds(60)).attributes(Map.of("colour", "blue"));
            case "bob" -> Authentication.user("bob");
            case "throws" -> throw new IllegalStateException("broken");
            default -> Authentication.refused();
        };
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private MemoryClient token(String token) {
        return bench.connect(MemoryClient.acknowledging(bench.tidings).token(token));
    }

    private MemoryClient withoutToken() {
        return bench.connect(MemoryClient.acknowledging(bench.tidings));
    }

    @Test
    void tokenInUrl_good_welcome() {
        MemoryClient client = token("ann");
        ReceivedFrame welcome = client.wire("welcome").get(0);
        assertThat(welcome.string("user")).isEqualTo("ann");
        assertThat(welcome.number("next")).isEqualTo(1);
        assertThat(welcome.number("expects")).isEqualTo(1);
        assertThat(welcome.number("heartbeat")).isEqualTo(25_000);
        assertThat(welcome.number("timeout")).isEqualTo(10_000);
        assertThat(client.connection()).matches("[A-Za-z0-9_-]{22}");
        assertThat(client.resumeToken()).isNotEqualTo(client.connection());
        assertThat(bench.connection(client).user()).isEqualTo(Optional.of("ann"));
        assertThat(bench.connection(client).attributes()).containsEntry("colour", "red");
        assertThat(bench.events).containsExactly("connect");
    }

    @Test
    void tokenInHeader_good_welcome() {
        MemoryClient client =
                bench.connect(MemoryClient.acknowledging(bench.tidings).header("Authorization", "Bearer bob"));
        assertThat(bench.connection(client).user()).isEqualTo(Optional.of("bob"));
    }

    @Test
    void tokenInUrl_bad_closedAsUnauthorized() {
        MemoryClient client = token("wrong");
        assertThat(client.closed()).hasValue(Disconnect.UNAUTHORIZED);
        assertThat(client.wire("welcome")).isEmpty();
        ReceivedFrame close = client.wire("close").get(0);
        assertThat(close.number("code")).isEqualTo(4001);
        assertThat(close.string("reason")).isEqualTo("Unauthorized");
        assertThat(close.string("reconnect")).isEqualTo("never");
        assertThat(bench.events).isEmpty();
    }

    @Test
    void tokenInUrl_plainClient_theSame() {
        MemoryClient good = bench.connect(MemoryClient.plain(bench.tidings).token("ann"));
        MemoryClient bad = bench.connect(MemoryClient.plain(bench.tidings).token("wrong"));
        assertThat(good.isOpen()).isTrue();
        assertThat(good.wire("welcome").get(0).has("resume")).isFalse();
        assertThat(bad.closed()).hasValue(Disconnect.UNAUTHORIZED);
    }

    @Test
    void f79_authenticatorThrows_refused() {
        assertThat(token("throws").closed()).hasValue(Disconnect.UNAUTHORIZED);
    }

    @Test
    void authFrame_good_successThenWelcome() {
        MemoryClient client = withoutToken();
        assertThat(client.isOpen()).isFalse();
        bench.seconds(4);
        client.auth("ann");
        bench.settle();
        assertThat(client.wire()).extracting(ReceivedFrame::type).containsExactly("auth_success", "welcome");
        assertThat(client.wire("auth_success").get(0).string("user")).isEqualTo("ann");
        assertThat(bench.connection(client).user()).isEqualTo(Optional.of("ann"));
    }

    @Test
    void authFrame_bad_closedAsInvalidToken() {
        MemoryClient client = withoutToken();
        client.auth("wrong");
        bench.settle();
        assertThat(client.closed()).hasValue(Disconnect.INVALID_TOKEN);
    }

    @Test
    void authFrame_missing_closedAfterFiveSeconds() {
        MemoryClient client = withoutToken();
        assertThat(bench.tidings.stats().unauthenticated()).isEqualTo(1);
        bench.seconds(4);
        assertThat(client.closed()).isEmpty();
        bench.seconds(3);
        assertThat(client.closed()).hasValue(Disconnect.AUTH_TIMEOUT);
        assertThat(bench.tidings.stats().unauthenticated()).isZero();
    }

    @Test
    void authFrame_otherFramesBefore_areRefusedAndNotCounted() {
        MemoryClient client = withoutToken();
        client.sendRaw("{\"type\":\"subscribe\",\"id\":\"x\",\"channel\":\"news\"}");
        bench.settle();
        assertThat(client.answer("x").orElseThrow().string("code")).isEqualTo("unauthorized");
        client.auth("ann");
        bench.settle();
        assertThat(client.isOpen()).isTrue();
        String id = client.message("hello", "1");
        bench.reply(client, id);
    }

    @Test
    void f79_authenticatorWithoutAVerdict_closedAfterFiveSeconds() {
        CompletableFuture<Authentication> never = new CompletableFuture<>();
        try (Bench slow = new Bench(builder -> builder.authenticator(credentials -> never))) {
            MemoryClient client = slow.acknowledging();
            slow.seconds(7);
            assertThat(client.closed()).hasValue(Disconnect.AUTH_TIMEOUT);
            never.complete(Authentication.anonymous());
            slow.settle();
            assertThat(slow.events).isEmpty();
            assertThat(slow.tidings.connections()).isEmpty();
        }
    }

    @Test
    void authenticator_verdictLater_framesSentMeanwhileAreHandledInOrder() {
        CompletableFuture<Authentication> verdict = new CompletableFuture<>();
        try (Bench slow = new Bench(builder -> builder.authenticator(credentials -> verdict))) {
            MemoryClient client = slow.plain();
            client.message("a", "1");
            client.message("b", "2");
            slow.settle();
            assertThat(slow.events).isEmpty();
            verdict.complete(Authentication.user("ann"));
            client.message("c", "3");
            slow.settle();
            assertThat(slow.events).containsExactly("connect", "message a 1", "message b 2", "message c 3");
        }
    }

    @Test
    void expiry_notRefreshed_closedAfterTheGrace() {
        MemoryClient client = token("ann-60s");
        assertThat(client.wire("welcome").get(0).number("expiresIn")).isEqualTo(60_000);
        bench.seconds(60 + 24);
        assertThat(client.closed()).isEmpty();
        bench.seconds(3);
        assertThat(client.closed()).hasValue(Disconnect.TOKEN_EXPIRED);
        assertThat(bench.events).containsExactly("connect", "disconnect 4001");
    }

    @Test
    void expiry_refreshed_goesOn() {
        MemoryClient client = token("ann-60s");
        bench.seconds(70);
        client.auth("ann-120s");
        bench.settle();
        ReceivedFrame accepted = client.wire("auth_success").get(0);
        assertThat(accepted.number("expiresIn")).isEqualTo(50_000);
        assertThat(bench.connection(client).attributes()).containsEntry("colour", "blue");
        assertThat(bench.connection(client).expiresAt()).hasValue(LATER.plusSeconds(60));
        bench.seconds(60);
        assertThat(client.isOpen()).isTrue();
        bench.seconds(20);
        assertThat(client.closed()).hasValue(Disconnect.TOKEN_EXPIRED);
    }

    @Test
    void refresh_otherUser_closedAsInvalidToken() {
        MemoryClient client = token("ann");
        client.auth("bob");
        bench.settle();
        assertThat(client.closed()).hasValue(Disconnect.INVALID_TOKEN);
        assertThat(bench.events).containsExactly("connect", "disconnect 4001");
    }

    @Test
    void expiry_whileDetached_doesNotResume() {
        MemoryClient client = token("ann-60s");
        client.cut();
        bench.seconds(90);
        client.resume();
        bench.settle();
        assertThat(client.wire("resumed")).isEmpty();
        assertThat(bench.events).containsSubsequence("connect", "detached", "disconnect 4001");
    }

    @Test
    void defaultAuthenticator_principalOrAnonymous() {
        try (Bench open = new Bench()) {
            assertThat(open.connection(open.acknowledging("ann")).user()).isEqualTo(Optional.of("ann"));
            assertThat(open.connection(open.acknowledging()).user()).isEmpty();
        }
    }
}
