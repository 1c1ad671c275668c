package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Tidings;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Payload;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recipes of the cookbook, as they are printed, with clients of other makes: the JDK, {@code curl}, and packages of Node. */
@Timeout(120)
class CookbookTest {

    @ParameterizedTest
    @EnumSource
    void everybody_isTold(Container container) throws Exception {
        Recipe recipe = Recipe.called("Tell everybody who listens");
        Cookbook.News news = new Cookbook.News();
        try (Kitchen kitchen = new Kitchen(container, news.tidings);
                Program webSocket = Program.page(kitchen.port(), recipe.js(0), "");
                Program library = Program.page(kitchen.port(), recipe.js(1), "");
                Program terminal = Program.terminal(kitchen.port(), recipe.sh(0))) {
            Client.Socket socket = kitchen.client().open("/realtime/websocket?channel=news");
            kitchen.awaitSubscribers("news", 4);

            news.publish();

            webSocket.hear("news It works");
            library.hear("news It works");
            terminal.hear("It works");
            assertThat(socket.next()).contains("\"welcome\"");
            assertThat(socket.next()).contains("\"message\"", "It works");
        }
    }

    @ParameterizedTest
    @EnumSource
    void message_isAnswered_andNonsenseIsNot(Container container) throws Exception {
        Recipe recipe = Recipe.called("Answer a message");
        try (Kitchen kitchen = new Kitchen(container, new Cookbook.Echo().tidings);
                Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
            page.hear("echo hello");
            Client.Socket socket = kitchen.client().open("/realtime/websocket");
            assertThat(socket.next()).contains("\"welcome\"");

            socket.send("{nonsense");
            socket.send("{\"type\":\"unheard-of\",\"id\":1}");
            socket.send("{\"type\":\"subscribe\",\"id\":2,\"channel\":\"nobody's\"}");
            socket.send("{\"type\":\"send\",\"event\":\"echo\",\"data\":[1,{\"a\":null}]}");

            assertThat(socket.next()).contains("\"error\"", "bad_request").doesNotContain("nonsense", "Exception");
            assertThat(socket.next()).contains("\"error\"", "\"id\":1", "unknown");
            assertThat(socket.next()).contains("\"error\"", "\"id\":2");
            assertThat(socket.next()).contains("\"direct\"", "echo", "[1,{\"a\":null}]");
        }
    }

    @ParameterizedTest
    @EnumSource
    void user_isReached_onAllDevices(Container container) throws Exception {
        Recipe recipe = Recipe.called("Send from one user to another");
        try (Kitchen kitchen = new Kitchen(container, new Cookbook.OneToOne().tidings)) {
            List<Client.Socket> bob = List.of(
                    kitchen.client().open("/realtime/websocket?token=bob"),
                    kitchen.client().open("/realtime/websocket?token=bob"));
            for (Client.Socket socket : bob) {
                assertThat(socket.next()).contains("\"welcome\"");
            }
            try (Program ada = Program.page(kitchen.port(), recipe.js(0), "")) {
                ada.hear("2 devices of bob have it");
                ada.hear("to all: lunch is ready");
                ada.hear("bad_request A chat has a recipient and a content");
            }
            for (Client.Socket socket : bob) {
                assertThat(socket.next())
                        .contains("\"direct\"", "\"from\":\"ada\"", "\"content\":\"hello\"", "\"timestamp\":");
                assertThat(socket.next()).contains("announcement", "lunch is ready");
            }
            Client.Socket first = bob.get(0);
            first.send("{\"type\":\"request\",\"id\":1,\"event\":\"chat\",\"data\":{\"from\":\"ada\",\"to\":\"nobody\","
                    + "\"content\":\"x\"}}");
            assertThat(first.next()).contains("\"reply\"", "\"devices\":0");
            first.send("{\"type\":\"request\",\"id\":2,\"event\":\"chat\",\"bytes\":\"AAH/\"}");
            assertThat(first.next()).contains("\"error\"", "bad_request");
        }
    }

    @ParameterizedTest
    @EnumSource
    void dashboard_isFed_andComesBack(Container container) throws Exception {
        Recipe recipe = Recipe.called("Feed a dashboard with EventSource");
        Cookbook.Dashboard dashboard = new Cookbook.Dashboard();
        try (Kitchen kitchen = new Kitchen(container, dashboard.tidings)) {
            try (Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
                page.hear("connected");
                kitchen.awaitSubscribers("dashboard", 1);
                dashboard.publish();
                page.hear("visitors 17");
                page.hear("notification The disk is full");

                kitchen.breakAllLinks();
                page.hear("gone, and coming back by itself");
                kitchen.comeBack();

                // With the last id, so that it is told what it may have missed.
                page.hear("load it anew: NO_HISTORY");
                kitchen.awaitSubscribers("dashboard", 1);
                dashboard.publish();
                page.hear("visitors 17");
            }
            // A container need not say that a client is gone, but the next writes do.
            Awaitility.await().atMost(Client.PATIENCE).until(() -> {
                dashboard.publish();
                return dashboard.tidings.channel("dashboard").subscribers() == 0;
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void silentWires_areKeptAlive(Container container) throws Exception {
        Tidings tidings = Tidings.builder()
                .channel("news", rule -> rule.subscribe(Allow.anyone()))
                .limits(limits -> limits.stream(Duration.ofMillis(200), Duration.ofMinutes(5))
                        .heartbeat(Duration.ofMillis(200), Duration.ofMillis(200)))
                .build();
        try (Kitchen kitchen = new Kitchen(container, tidings)) {
            HttpResponse<Stream<String>> stream = kitchen.client().lines("/realtime/sse?channel=news");
            try (Stream<String> lines = stream.body()) {
                assertThat(stream.headers().firstValue("Content-Type").orElseThrow())
                        .startsWith("text/event-stream");
                assertThat(stream.headers().firstValue("Cache-Control").orElseThrow())
                        .contains("no-cache");
                assertThat(lines.filter(line -> line.startsWith(":")).limit(4)).hasSize(4);
            }
            Client.Socket socket = kitchen.client().open("/realtime/websocket");
            assertThat(socket.next()).contains("\"welcome\"", "\"heartbeat\":200");
            assertThat(socket.next()).contains("\"ping\"");
            assertThat(socket.next()).contains("\"ping\"");
            Client.Socket dead = kitchen.client().open("/realtime/websocket", "tidings.v1");
            String last = dead.next();
            while (last != null && !last.startsWith("closed")) {
                last = dead.next();
            }
            assertThat(last).isEqualTo("closed 4108 Heartbeat timeout");
        }
        new Cookbook.Heartbeats().tidings.close();
    }

    @ParameterizedTest
    @EnumSource
    void poll_isAnswered_orComesBackEmpty(Container container) throws Exception {
        Recipe recipe = Recipe.called("Poll");
        Cookbook.News news = new Cookbook.News();
        try (Kitchen kitchen = new Kitchen(container, news.tidings)) {
            try (Program held = Program.terminal(kitchen.port(), recipe.sh(0))) {
                kitchen.awaitSubscribers("news", 1);
                news.publish();
                assertThat(held.rest()).contains("\"messages\":[{", "It works", "\"next\":");
            }
            try (Program atOnce = Program.terminal(kitchen.port(), recipe.sh(1))) {
                assertThat(atOnce.rest()).contains("\"messages\":[]", "\"next\":");
            }
            long before = System.nanoTime();
            assertThat(kitchen.client()
                            .get("/realtime/poll?channel=news&timeout=300")
                            .body())
                    .contains("\"messages\":[]");
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
            assertThat(kitchen.client()
                            .get("/realtime/poll?channel=news&since=nonsense")
                            .statusCode())
                    .isEqualTo(400);
            try (Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
                hearAgainAndAgain(page, news);
                kitchen.breakAllLinks();
                page.hear("again in a second:");
                kitchen.comeBack();
                hearAgainAndAgain(page, news);
            }
        }
    }

    /** Publishes until it is heard: what falls between two plain polls is missed. */
    private static void hearAgainAndAgain(Program page, Cookbook.News news) throws InterruptedException {
        String said = "";
        for (int i = 0; i < 30 && !"It works".equals(said); i++) {
            news.publish();
            said = page.next(1);
        }
        assertThat(said).as(page.toString()).isEqualTo("It works");
    }

    @ParameterizedTest
    @EnumSource
    void pollingLibrary_missesNothing(Container container) throws Exception {
        Recipe recipe = Recipe.called("Poll");
        Cookbook.News news = new Cookbook.News();
        try (Kitchen kitchen = new Kitchen(container, news.tidings);
                Program page = Program.page(kitchen.port(), recipe.js(1), "")) {
            kitchen.awaitSubscribers("news", 1);

            for (int i = 0; i < 100; i++) {
                news.tidings.channel("news").publish(Payload.json("{\"title\":\"number " + i + "\"}"));
            }

            for (int i = 0; i < 100; i++) {
                assertThat(page.next(30)).isEqualTo("number " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void brokenLink_losesNothing(Container container) throws Exception {
        Recipe recipe = Recipe.called("Come back after a break");
        Cookbook.News news = new Cookbook.News();
        try (Kitchen kitchen = new Kitchen(container, news.tidings);
                Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
            page.hear("connected");
            kitchen.awaitSubscribers("news", 1);

            kitchen.breakAllLinks();
            page.hear("reconnecting");
            news.publish();
            kitchen.comeBack();

            assertThat(page.next(30)).isEqualTo("connected");
            assertThat(page.next(30)).isEqualTo("It works");
        }
    }

    @ParameterizedTest
    @EnumSource
    void token_decides(Container container) throws Exception {
        Recipe recipe = Recipe.called("Know who it is: by a token");
        Cookbook.Tokens tokens = new Cookbook.Tokens(token -> token.equals("ada")
                ? Optional.of(new Cookbook.Tokens.Claims("ada", Instant.now().plusSeconds(3600)))
                : Optional.empty());
        try (Kitchen kitchen = new Kitchen(container, tokens.tidings)) {
            Client.Socket nobody = kitchen.client().open("/realtime/websocket");
            nobody.send("{\"type\":\"subscribe\",\"id\":1,\"channel\":\"news\"}");
            List<String> refusals = List.of("closed 4001 Unauthorized", "closed 4001 Invalid token", "closed 4001");
            for (int i = 0; i < 3; i++) {
                try (Program good = Program.page(kitchen.port(), recipe.js(i), "ada");
                        Program bad = Program.page(kitchen.port(), recipe.js(i), "wrong")) {
                    good.hear("I am ada");
                    bad.hear(refusals.get(i));
                }
            }
            try (Program header = Program.terminal(kitchen.port(), recipe.sh(0));
                    Program wrong = Program.terminal(kitchen.port(), recipe.sh(1))) {
                assertThat(header.hear("\"welcome\"")).contains("\"user\":\"ada\"");
                assertThat(wrong.rest()).contains(" 401", "\"code\":4001");
            }
            assertThat(nobody.next()).contains("\"error\"", "unauthorized", "\"id\":1");
            assertThat(nobody.next()).contains("\"close\"", "Auth timeout");
            assertThat(nobody.next()).isEqualTo("closed 4001 Auth timeout");
        }
    }

    @ParameterizedTest
    @EnumSource
    void cookie_countsForItsOwnPages(Container container) throws Exception {
        Recipe recipe = Recipe.called("Know who it is: by a cookie");
        Cookbook.Cookies cookies =
                new Cookbook.Cookies(session -> session.equals("s-1") ? Optional.of("ada") : Optional.empty());
        try (Kitchen kitchen = new Kitchen(container, cookies.tidings);
                Program terminal = Program.terminal(kitchen.port(), recipe.sh(0))) {
            assertThat(terminal.hear("\"welcome\"")).contains("\"user\":\"ada\"");
            String line = recipe.sh(0).replace("curl -N", "curl -i");
            try (Program stranger = Program.terminal(
                            kitchen.port(), line.replace("Origin: http://127.0.0.1:8080", "Origin: http://evil"));
                    Program silent =
                            Program.terminal(kitchen.port(), line.replace("-H 'Origin: http://127.0.0.1:8080' ", ""))) {
                assertThat(stranger.rest()).contains(" 403", "\"code\":4003");
                assertThat(silent.rest()).contains(" 401", "\"code\":4001");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void ticket_isGoodOnce(Container container) throws Exception {
        Recipe recipe = Recipe.called("Know who it is: by a ticket");
        Cookbook.Tickets tickets = new Cookbook.Tickets();
        try (Kitchen kitchen = new Kitchen(container, tickets.tidings, () -> tickets.issue("ada"));
                Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
            page.hear("first time: ada");
            page.hear("second time: 4001 Unauthorized");
        }
    }

    @ParameterizedTest
    @EnumSource
    void comingAndGoing_isSeen(Container container) throws Exception {
        Recipe recipe = Recipe.called("See who comes, who goes, and who is here");
        BlockingQueue<String> log = new LinkedBlockingQueue<>();
        Cookbook.Here here = new Cookbook.Here(log::add);
        try (Kitchen kitchen = new Kitchen(container, here.tidings);
                Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
            page.hear("here: ada");
            assertThat(log.poll(30, TimeUnit.SECONDS)).isEqualTo("ada connected");
            here.ask();
            assertThat(log.poll(30, TimeUnit.SECONDS)).isEqualTo("online: true");
            Client.Socket bob = kitchen.client().open("/realtime/websocket?token=bob");
            bob.send("{\"type\":\"enter\",\"id\":1,\"channel\":\"chat:lobby\"}");
            page.hear("here: ada, bob");
            assertThat(log.poll(30, TimeUnit.SECONDS)).isEqualTo("bob connected");

            bob.socket().sendClose(WebSocket.NORMAL_CLOSURE, "").get(30, TimeUnit.SECONDS);

            page.hear("left: bob");
            assertThat(log.poll(30, TimeUnit.SECONDS)).startsWith("bob disconnected: ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void origin_isLetIn_orNot(Container container) throws Exception {
        Recipe recipe = Recipe.called("Let a page of another origin in");
        try (Kitchen kitchen = new Kitchen(container, new Cookbook.Origins().tidings);
                Program friend = Program.terminal(kitchen.port(), recipe.sh(0));
                Program stranger = Program.terminal(kitchen.port(), recipe.sh(1))) {
            assertThat(friend.rest())
                    .contains(" 200", "Access-Control-Allow-Origin: https://app.example.com", "\"messages\":[]");
            assertThat(stranger.rest()).contains(" 403", "\"code\":4003").doesNotContain("Access-Control-Allow");
        }
    }

    @ParameterizedTest
    @EnumSource
    void stoppingServer_saysWhenToComeBack(Container container) throws Exception {
        Recipe recipe = Recipe.called("Stop the server");
        Cookbook.Stop stop = new Cookbook.Stop();
        try (Kitchen kitchen = new Kitchen(container, stop.tidings);
                Program page = Program.page(kitchen.port(), recipe.js(0), "")) {
            page.hear("connected");

            stop.stop();

            page.hear("4203 Shutting down true");
            page.hear("closed 4203");
            assertThat(kitchen.client().get("/realtime/poll?channel=news").statusCode())
                    .isIn(200, 503);
        }
    }
}
