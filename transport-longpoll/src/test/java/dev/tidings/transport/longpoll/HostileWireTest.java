package dev.tidings.transport.longpoll;

import static dev.tidings.transport.longpoll.PollClient.type;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.tidings.Connection;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What peers, networks and stopping servers do to polls. */
class HostileWireTest {

    private static String poll(PollClient client) {
        return RawHttp.request(
                "GET",
                WireServer.PATH + "?timeout=3",
                "Tidings-Protocol: tidings.v1\r\nTidings-Connection: " + client.token + "\r\nTidings-Received: "
                        + client.has + "\r\nTidings-Poll: " + ++client.number + "\r\n",
                "");
    }

    /** Two users share a TCP connection, as behind a proxy, while wakes for both come at any time. */
    @ParameterizedTest
    @EnumSource
    void f31_oneSocketForTwoUsers_bytesNeverMix(Container container) {
        talkToTwoOnOneSocket(WireServer.start(container));
    }

    @Test
    void f31_oneSocketForTwoUsersOfATomcatThatKeepsFacades_bytesNeverMix() {
        talkToTwoOnOneSocket(WireServer.start(Container.TOMCAT, b -> {}, WireServer::keepFacades));
    }

    private static void talkToTwoOnOneSocket(WireServer started) {
        try (WireServer server = started) {
            PollClient ada = new PollClient(server).begin("");
            Connection toAda = WireServer.take(server.connected);
            PollClient bob = new PollClient(server).begin("");
            Connection toBob = WireServer.take(server.connected);
            AtomicBoolean over = new AtomicBoolean();
            List<CompletableFuture<Void>> talkers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                talkers.add(CompletableFuture.runAsync(() -> {
                    while (!over.get()) {
                        toAda.send("to", Payload.json("\"ada\""));
                        toBob.send("to", Payload.json("\"bob\""));
                        pause(1);
                    }
                }));
            }
            int heard = 0;
            // Tomcat closes a socket after 100 requests.
            for (int socket = 0; socket < 8; socket++) {
                try (RawHttp shared = RawHttp.connect(server.port())) {
                    for (int round = 0; round < 50; round++) {
                        heard += round % 2 == 0 ? exchange(shared, ada, "ada") : exchange(shared, bob, "bob");
                    }
                }
            }
            over.set(true);
            talkers.forEach(CompletableFuture::join);
            assertThat(heard).isGreaterThan(100);
        }
    }

    /** One poll; how many frames it brought, all of which are the user's own. */
    private static int exchange(RawHttp shared, PollClient client, String own) {
        RawHttp.Response answer = shared.send(poll(client)).receive();
        assertThat(answer.status()).isEqualTo(200);
        List<JsonObject> frames = PollClient.frames(answer.body());
        for (JsonObject frame : frames) {
            assertThat(type(frame)).isEqualTo("direct");
            assertThat(frame.get("data").getAsString()).isEqualTo(own);
        }
        client.has = Long.parseLong(answer.header("Tidings-First")) + frames.size() - 1;
        return frames.size();
    }

    /** A poll that is closed by the core at the moment in which it is answered, its socket going on with another user's. */
    @ParameterizedTest
    @EnumSource
    void f31_endedWhileAnswered_nextOnTheSocketIsWhole(Container container) {
        endWhileAnswering(WireServer.start(container));
    }

    @Test
    void f31_endedWhileAnsweredByATomcatThatKeepsFacades_nextOnTheSocketIsWhole() {
        endWhileAnswering(WireServer.start(Container.TOMCAT, b -> {}, WireServer::keepFacades));
    }

    private static void endWhileAnswering(WireServer started) {
        try (WireServer server = started) {
            PollClient bob = new PollClient(server).begin("");
            try (RawHttp shared = RawHttp.connect(server.port())) {
                for (int round = 0; round < 45; round++) {
                    PollClient ada = new PollClient(server);
                    while (server.connected.poll() != null) {
                        // Only the newest is of interest.
                    }
                    ada.begin("");
                    Connection toAda = WireServer.take(server.connected);
                    CompletableFuture<Void> end = CompletableFuture.runAsync(() -> {
                        toAda.send("to", Payload.json("\"ada\""));
                        toAda.disconnect(Disconnect.FORBIDDEN);
                        toAda.send("to", Payload.json("\"late\""));
                    });
                    RawHttp.Response first = shared.send(poll(ada)).receive();
                    RawHttp.Response second = shared.send(poll(bob)).receive();
                    end.join();
                    assertThat(first.status()).isEqualTo(200);
                    assertThat(first.body()).doesNotContain("late");
                    assertThat(second.status()).isEqualTo(200);
                    assertThat(second.body()).isEmpty();
                }
            }
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @EnumSource
    void f41_post_thatNeverEnds_isAnsweredAndClosed(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("");
            String head = "POST " + WireServer.PATH
                    + " HTTP/1.1\r\nHost: x\r\nTidings-Protocol: tidings.v1\r\nTidings-Connection: " + client.token
                    + "\r\nContent-Type: application/json\r\n";
            RawHttp huge = RawHttp.connect(server.port());
            assertThat(huge.send(head + "Content-Length: 1000000000\r\n\r\n{")
                            .receive()
                            .status())
                    .isEqualTo(413);

            RawHttp endless = RawHttp.connect(server.port());
            endless.send(head + "Transfer-Encoding: chunked\r\n\r\n");
            String chunk = "2000\r\n" + "x".repeat(0x2000) + "\r\n";
            for (int i = 0; i < 9; i++) {
                endless.send(chunk);
            }
            assertThat(endless.receive().status()).isEqualTo(413);

            RawHttp slow = RawHttp.connect(server.port());
            slow.send(head + "Content-Length: 1000\r\n\r\n");
            long begun = System.nanoTime();
            while (slow.isSilentFor(500)) {
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
                slow.send("x");
            }
            // 408 makes some clients repeat the request by themselves.
            assertThat(slow.receive().status()).isIn(408, 503);
            assertThat(slow.isClosed()).isTrue();
            // It took about as long as a client may be away between two polls.
            assertThat(client.poll("?timeout=0")).extracting(PollClient::type).isSubsetOf("resumed");
            assertThat(client.post(1, "{\"type\":\"ping\"}").statusCode()).isEqualTo(200);
        }
    }

    /** A client that asks and never reads costs what one answer holds, and ends by the send deadline. */
    @ParameterizedTest
    @EnumSource
    void f04_answersAreNotRead_isGivenUp(Container container) {
        try (WireServer server = WireServer.start(
                container,
                b -> b.limits(l -> l.sendTimeout(Duration.ofSeconds(1))
                        .poll(Duration.ofMillis(500), Duration.ofMillis(500))
                        .outbox(16 * 1024 * 1024, 4_096)))) {
            PollClient client = new PollClient(server).begin("");
            Connection connection = WireServer.take(server.connected);
            Payload large = Payload.json("\"" + "x".repeat(60_000) + "\"");
            for (int i = 0; i < 200; i++) {
                connection.send("e", large);
            }
            RawHttp raw = RawHttp.connect(server.port(), 4_096);
            for (int i = 0; i < 200; i++) {
                // It claims nothing, so that the same comes again and again.
                raw.send(poll(client));
            }
            server.awaitEvent("detached");
            raw.close();
            long number = client.number + 1_000;
            client.number = number;
            while (client.received.size() < 200) {
                client.poll();
            }
            client.post(1, "{\"type\":\"ack\",\"received\":" + client.has + "}");
            assertThat(server.tidings.stats().queuedBytes()).isZero();
        }
    }

    private static List<CompletableFuture<HttpResponse<String>>> held(WireServer server) {
        List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
        List<PollClient> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(new PollClient(server).begin(""));
        }
        clients.forEach(client -> held.add(client.pollAsync("")));
        for (int i = 0; i < 20; i++) {
            held.add(PollClient.send(
                    HttpRequest.newBuilder(server.uri("?channel=open:a")).build()));
        }
        server.awaitSubscribers("open:a", 20);
        pause(300);
        return held;
    }

    @ParameterizedTest
    @EnumSource
    void f82_applicationStops_whilePollsAreHeld_allAreTold(Container container) {
        List<LogRecord> warnings = LogCapture.during(() -> {
            try (WireServer server = WireServer.start(container)) {
                List<CompletableFuture<HttpResponse<String>>> held = held(server);
                long begun = System.nanoTime();
                server.tidings.close();
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
                for (int i = 0; i < held.size(); i++) {
                    HttpResponse<String> answer = held.get(i).join();
                    assertThat(answer.statusCode()).isEqualTo(i < 50 ? 200 : 503);
                    assertThat(answer.body()).contains("\"code\":4203");
                }
                assertThat(RawHttp.connect(server.port())
                                .get(WireServer.PATH, "")
                                .status())
                        .isEqualTo(503);
            }
        });
        assertThat(warnings).isEmpty();
    }

    /** Some containers end all requests before they tell the application that they stop. */
    @ParameterizedTest
    @EnumSource
    void f82_containerStops_whilePollsAreHeld_nobodyTakesItForAnAnswer(Container container) {
        List<LogRecord> warnings = LogCapture.during(() -> {
            WireServer server = WireServer.start(container);
            List<CompletableFuture<HttpResponse<String>>> held = held(server);
            long begun = System.nanoTime();
            server.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
            for (CompletableFuture<HttpResponse<String>> each : held) {
                HttpResponse<String> answer =
                        each.handle((good, bad) -> bad == null ? good : null).join();
                if (answer != null && answer.statusCode() != 503) {
                    assertThat(answer.body()).contains("\"code\":4203");
                }
            }
        });
        assertThat(warnings).isEmpty();
    }

    /** A user whom the container authenticated is the only one who goes on with the connection. */
    @ParameterizedTest
    @EnumSource
    void resume_byAnotherPrincipal_isANewConnection(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient ada = new PollClient(server);
            ada.headers.put("X-User", "ada");
            ada.headers.put("Origin", "http://127.0.0.1:" + server.port());
            JsonObject welcome = ada.poll().get(0);
            assertThat(welcome.get("user").getAsString()).isEqualTo("ada");
            PollClient eve = new PollClient(server);
            eve.headers.put("X-User", "eve");
            eve.headers.put("Origin", "http://127.0.0.1:" + server.port());
            eve.token = ada.token;
            JsonObject other = eve.poll().get(0);
            assertThat(type(other)).isEqualTo("welcome");
            assertThat(other.get("user").getAsString()).isEqualTo("eve");
            eve.token = ada.token;
            assertThat(eve.post(1, "{\"type\":\"ping\"}").statusCode()).isEqualTo(404);
            assertThat(ada.poll("?timeout=0")).isEmpty();
        }
    }
}
