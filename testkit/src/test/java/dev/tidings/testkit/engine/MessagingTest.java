package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.direct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.RequestException;
import dev.tidings.User;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MessagingTest {

    private static final Duration FIVE = Duration.ofSeconds(5);

    private final List<CompletableFuture<Payload>> asked = new ArrayList<>();

    private final Bench bench = new Bench(builder -> builder.channel("{any}", rule -> rule.subscribe(Allow.anyone()))
            .onRequest("echo", (connection, payload) -> CompletableFuture.completedFuture(payload))
            .onRequest("later", (connection, payload) -> {
                CompletableFuture<Payload> answer = new CompletableFuture<>();
                asked.add(answer);
                return answer;
            })
            .onRequest("refuse", (connection, payload) -> {
                throw new RequestException(ErrorCode.LIMIT, "Not today");
            })
            .onRequest("fail", (connection, payload) -> {
                throw new IllegalStateException("secret detail");
            })
            .onRequest("null", (connection, payload) -> null));

    @AfterEach
    void close() {
        bench.close();
    }

    // ---- Direct -----------------------------------------------------------------------------------------------------

    @Test
    void send_toConnection_arrivesInOrder() {
        MemoryClient client = bench.acknowledging();
        Connection connection = bench.connection(client);
        for (int i = 1; i <= 200; i++) {
            assertThat(connection.send("n", Payload.json("" + i))).isTrue();
        }
        bench.settle();
        assertThat(direct(client)).isEqualTo(Bench.numbers(1, 200));
        assertThat(client.received("direct").get(0).string("event")).isEqualTo("n");
    }

    @Test
    void send_doesNotWriteInTheCallersThread() {
        MemoryClient client = bench.acknowledging();
        bench.connection(client).send("n", Payload.json("1"));
        assertThat(client.received()).isEmpty();
        bench.settle();
        assertThat(client.received()).hasSize(1);
    }

    @Test
    void send_afterTheEnd_isNotTaken() {
        MemoryClient client = bench.plain();
        Connection connection = bench.connection(client);
        client.cut();
        bench.settle();
        assertThat(connection.send("n", Payload.NULL)).isFalse();
        assertThatThrownBy(() -> connection.send("white space", Payload.NULL))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void send_toUser_reachesAllItsConnections() {
        MemoryClient phone = bench.acknowledging("ann");
        MemoryClient laptop = bench.plain("ann");
        MemoryClient other = bench.plain("bob");
        User ann = bench.tidings.user("ann");
        assertThat(ann.send("n", Payload.json("1"))).isEqualTo(2);
        assertThat(ann.connections()).hasSize(2);
        bench.settle();
        assertThat(direct(phone)).containsExactly("1");
        assertThat(direct(laptop)).containsExactly("1");
        assertThat(direct(other)).isEmpty();
        assertThat(bench.tidings.user("nobody").send("n", Payload.NULL)).isZero();
    }

    @Test
    void broadcast_reachesEverybodyTheDetachedToo() {
        MemoryClient here = bench.plain();
        MemoryClient away = bench.acknowledging();
        away.cut();
        bench.tidings.broadcast("n", Payload.json("1"));
        bench.settle();
        away.resume();
        bench.settle();
        assertThat(direct(here)).containsExactly("1");
        assertThat(direct(away)).containsExactly("1");
    }

    @Test
    void user_subscribeUnsubscribeDisconnect_doAllItsConnections() {
        MemoryClient phone = bench.acknowledging("ann");
        MemoryClient laptop = bench.plain("ann");
        User ann = bench.tidings.user("ann");
        assertThat(bench.value(ann.subscribe("news"))).isEqualTo(2);
        bench.publish("news", 1);
        assertThat(Bench.data(phone, "news")).containsExactly("1");
        assertThat(Bench.data(laptop, "news")).containsExactly("1");
        assertThat(ann.unsubscribe("news")).isEqualTo(2);
        assertThat(ann.disconnect(Disconnect.FORBIDDEN)).isEqualTo(2);
        bench.settle();
        assertThat(phone.closed()).hasValue(Disconnect.FORBIDDEN);
        assertThat(laptop.closed()).hasValue(Disconnect.FORBIDDEN);
        assertThat(ann.connections()).isEmpty();
    }

    @Test
    void disconnect_whatWasSentBefore_stillLeaves() {
        MemoryClient client = bench.acknowledging();
        Connection connection = bench.connection(client);
        client.stall();
        connection.send("n", Payload.json("1"));
        connection.send("n", Payload.json("2"));
        connection.disconnect(Disconnect.FORBIDDEN.because("Banned until Monday"));
        bench.settle();
        assertThat(connection.isOpen()).isFalse();
        client.unstall();
        bench.settle();
        assertThat(direct(client)).containsExactly("1", "2");
        assertThat(client.wire("close").get(0).string("reason")).isEqualTo("Banned until Monday");
        assertThat(client.closed()).hasValue(Disconnect.FORBIDDEN.because("Banned until Monday"));
        assertThat(bench.events).containsExactly("connect", "disconnect 4003");
    }

    @Test
    void disconnect_clientDoesNotRead_closedAfterTheGrace() {
        MemoryClient client = bench.acknowledging();
        client.stall();
        bench.connection(client).send("n", Payload.json("1"));
        bench.connection(client).disconnect(Disconnect.FORBIDDEN);
        bench.seconds(4);
        assertThat(client.closed()).isEmpty();
        bench.seconds(3);
        assertThat(client.closed()).hasValue(Disconnect.FORBIDDEN);
        client.resume();
        bench.settle();
        assertThat(client.wire("resumed")).isEmpty();
    }

    // ---- Requests of clients ----------------------------------------------------------------------------------------

    @Test
    void request_answered_comesBackWithItsId() {
        MemoryClient client = bench.acknowledging();
        assertThat(bench.reply(client, client.request("echo", "{\"a\":[1,2]}")).json("data"))
                .isEqualTo("{\"a\":[1,2]}");
        client.send("{\"type\":\"request\",\"id\":77,\"event\":\"echo\",\"data\":1}");
        bench.settle();
        assertThat(client.received("reply"))
                .last()
                .extracting(f -> f.json("id"))
                .isEqualTo("77");
    }

    @Test
    void request_failures_readAsTheyShould() {
        MemoryClient client = bench.acknowledging();
        assertThat(bench.error(client, client.request("refuse", "1"))).isEqualTo("limit");
        String failed = client.request("fail", "1");
        assertThat(bench.error(client, failed)).isEqualTo("internal");
        assertThat(client.answer(failed).orElseThrow().toString()).doesNotContain("secret");
        assertThat(bench.error(client, client.request("null", "1"))).isEqualTo("internal");
        assertThat(bench.error(client, client.request("nobody", "1"))).isEqualTo("unknown");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void request_answeredLater_laterFramesWaitOfThisConnectionOnly() {
        MemoryClient client = bench.acknowledging();
        MemoryClient other = bench.acknowledging();
        String later = client.request("later", "1");
        client.message("next", "2");
        String others = other.request("echo", "3");
        bench.settle();
        bench.reply(other, others);
        assertThat(bench.events).doesNotContain("message next 2");
        asked.get(0).complete(Payload.json("9"));
        assertThat(bench.reply(client, later).json("data")).isEqualTo("9");
        assertThat(bench.events).contains("message next 2");
    }

    @Test
    void request_neverAnswered_timesOutAfter30Seconds() {
        MemoryClient client = bench.acknowledging();
        String later = client.request("later", "1");
        client.message("next", "2");
        bench.seconds(29);
        assertThat(client.answer(later)).isEmpty();
        bench.seconds(2);
        assertThat(bench.error(client, later)).isEqualTo("timeout");
        assertThat(bench.events).contains("message next 2");
        asked.get(0).complete(Payload.json("9"));
        bench.settle();
        assertThat(client.received())
                .filteredOn(f -> f.optional("id").orElse("").equals(later))
                .hasSize(1);
    }

    // ---- Requests of the server -------------------------------------------------------------------------------------

    @Test
    void ask_answered_completes() {
        MemoryClient client = bench.acknowledging();
        CompletableFuture<Payload> answer = ask(client);
        ReceivedFrame question = client.received("request").get(0);
        assertThat(question.string("event")).isEqualTo("where");
        client.reply(question, "\"here\"");
        bench.settle();
        assertThat(answer.join()).isEqualTo(Payload.string("here"));
        client.reply(question, "\"again\"");
        bench.settle();
        assertThat(client.isOpen()).isTrue();
    }

    private CompletableFuture<Payload> ask(MemoryClient client) {
        CompletableFuture<Payload> answer =
                bench.connection(client).request("where", Payload.NULL, FIVE).toCompletableFuture();
        bench.settle();
        return answer;
    }

    private static void failedWith(CompletableFuture<Payload> answer, ErrorCode code) {
        assertThatThrownBy(answer::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void ask_refused_fails() {
        MemoryClient client = bench.acknowledging();
        CompletableFuture<Payload> answer = ask(client);
        String id = client.received("request").get(0).string("id");
        client.send("{\"type\":\"error\",\"id\":\"" + id + "\",\"code\":\"forbidden\",\"reason\":\"No\"}");
        bench.settle();
        assertThat(answer).isCompletedExceptionally();
    }

    @Test
    void ask_noAnswer_timesOut() {
        CompletableFuture<Payload> answer = ask(bench.acknowledging());
        bench.advance(Duration.ofMillis(4_900));
        assertThat(answer).isNotDone();
        bench.seconds(1);
        failedWith(answer, ErrorCode.TIMEOUT);
    }

    @Test
    void ask_connectionEnds_fails() {
        MemoryClient client = bench.acknowledging();
        CompletableFuture<Payload> answer = ask(client);
        client.close(1000);
        bench.settle();
        failedWith(answer, ErrorCode.GONE);
    }

    @Test
    void ask_survivesAChangeOfLink() {
        MemoryClient client = bench.acknowledging();
        client.cut();
        CompletableFuture<Payload> answer = ask(client);
        client.resume();
        bench.settle();
        client.reply(client.received("request").get(0), "1");
        client.cut();
        client.resume();
        bench.settle();
        assertThat(answer.join()).isEqualTo(Payload.json("1"));
    }

    @Test
    void ask_65th_fails() {
        MemoryClient client = bench.acknowledging();
        for (int i = 0; i < 64; i++) {
            assertThat(ask(client)).isNotDone();
        }
        failedWith(ask(client), ErrorCode.LIMIT);
    }

    @Test
    void ask_fromAHandler_theAnswerDoesNotWaitBehindIt() {
        MemoryClient client = bench.acknowledging();
        String later = client.request("later", "1");
        bench.settle();
        CompletableFuture<Payload> answer = ask(client);
        client.reply(client.received("request").get(0), "7");
        bench.settle();
        assertThat(answer).isCompleted();
        asked.get(0).complete(answer.join());
        assertThat(bench.reply(client, later).json("data")).isEqualTo("7");
    }

    @Test
    void ask_wrongArguments_areRefused() {
        Connection connection = bench.connection(bench.acknowledging());
        assertThatThrownBy(() -> connection.request("where", Payload.NULL, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.request("", Payload.NULL, FIVE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
