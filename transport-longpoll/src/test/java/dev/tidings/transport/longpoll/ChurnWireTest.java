package dev.tidings.transport.longpoll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import dev.tidings.Connection;
import dev.tidings.Stats;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many bad clients at once: polls that are late, repeated, parallel, cut, with numbers of all kinds, beside posts, ends and takeovers, on
 * sockets that the clients share. Everybody gets only what is theirs, and nothing stays behind.
 */
class ChurnWireTest {

    private static final int PEERS = 6;
    private static final Duration TIME = Duration.ofSeconds(6);
    private static final String PROTOCOL = "Tidings-Protocol: tidings.v1\r\n";
    private static final List<Integer> STATUSES = List.of(200, 400, 403, 404, 409, 429, 503);

    /** One client of a peer's. */
    private static final class Client {
        String name = "";
        String token = "";
        long has;
        long number;
        long posted;
    }

    /** Some clients that share sockets. */
    private static final class Peer {
        private final WireServer server;
        private final Random random;
        private final List<Client> clients = new ArrayList<>();
        private RawHttp socket;
        long answers;

        Peer(WireServer server, long seed) {
            this.server = server;
            this.random = new Random(seed);
            this.socket = RawHttp.connect(server.port());
        }

        void run(AtomicBoolean over) {
            while (!over.get()) {
                try {
                    step();
                } catch (UncheckedIOException e) {
                    // The server has closed, as it does after a body that it did not read, and Tomcat after 100
                    // requests.
                    socket.close();
                    socket = RawHttp.connect(server.port());
                }
            }
            socket.close();
        }

        private void step() {
            if (clients.isEmpty() || random.nextInt(12) == 0) {
                begin();
                return;
            }
            Client client = clients.get(random.nextInt(clients.size()));
            switch (random.nextInt(10)) {
                case 0 -> cut(client);
                case 1 -> parallel(client);
                case 2, 3 -> post(client);
                case 4 -> plain();
                case 5 -> clients.remove(client);
                default -> take(client, client.name, exchange(poll(client)));
            }
        }

        private void begin() {
            Client client = new Client();
            RawHttp.Response answer = exchange(RawHttp.request("GET", WireServer.PATH + "?timeout=0", PROTOCOL, ""));
            if (answer.status() == 200) {
                take(client, "", answer);
                assertThat(client.token).isNotEmpty();
                clients.add(client);
            }
        }

        private String poll(Client client) {
            long number = switch (random.nextInt(8)) {
                case 0 -> client.number;
                case 1 -> Math.max(1, client.number - random.nextInt(5));
                case 2 -> client.number += random.nextInt(1_000);
                default -> ++client.number;
            };
            long has = switch (random.nextInt(20)) {
                case 0 -> 0;
                case 1 -> client.has + 1_000_000;
                default -> client.has;
            };
            String headers = PROTOCOL + "Tidings-Connection: " + client.token + "\r\nTidings-Received: " + has
                    + "\r\nTidings-Poll: " + number + "\r\n";
            return RawHttp.request("GET", WireServer.PATH + "?timeout=" + random.nextInt(30), headers, "");
        }

        private void post(Client client) {
            long first = random.nextInt(4) == 0 ? 1 + random.nextInt(50) : client.posted + 1;
            StringBuilder body = new StringBuilder();
            for (int i = random.nextInt(4); i >= 0; i--) {
                body.append(
                        switch (random.nextInt(6)) {
                            case 0 -> "{\"type\":\"ack\",\"received\":" + (client.has + random.nextInt(2)) + "}\n";
                            case 1 -> "{\"type\":\"ping\"}\n";
                            case 2 -> random.nextInt(20) == 0 ? "{\"type\":\"close\"}\n" : "\n";
                            default ->
                                "{\"type\":\"publish\",\"channel\":\"open:" + random.nextInt(4)
                                        + "\",\"data\":\"all\"}\n";
                        });
            }
            RawHttp.Response answer = exchange(RawHttp.request(
                    "POST",
                    WireServer.PATH,
                    PROTOCOL + "Content-Type: application/x-ndjson\r\nTidings-Connection: " + client.token
                            + "\r\nTidings-First: " + first + "\r\n",
                    body.toString()));
            assertThat(answer.body()).startsWith("{").doesNotContain("direct");
            int expects = answer.body().indexOf("\"expects\":");
            if (expects > 0) {
                client.posted =
                        Long.parseLong(answer.body().substring(expects + 10).replaceAll("[^0-9].*", "")) - 1;
            }
        }

        private void plain() {
            String since = random.nextBoolean() ? "&since=0-unknown" : "";
            RawHttp.Response answer = exchange(RawHttp.request(
                    "GET",
                    WireServer.PATH + "?channel=open:" + random.nextInt(4) + since + "&timeout=" + random.nextInt(30),
                    "",
                    ""));
            // It has no name that it knows, but only one.
            Set<String> names = new HashSet<>();
            for (String part : answer.body().split("\"event\":\"you\",\"data\":", -1)) {
                names.add(part.substring(0, Math.min(part.length(), 24)));
            }
            assertThat(names).as(answer.body()).hasSizeLessThanOrEqualTo(2);
        }

        /** A poll whose client goes away. */
        private void cut(Client client) {
            RawHttp other = RawHttp.connect(server.port());
            other.send(poll(client));
            if (random.nextBoolean()) {
                other.receive(random.nextInt(10));
            }
            other.cut();
        }

        /** Two polls at the same moment. */
        private void parallel(Client client) {
            String name = client.name;
            try (RawHttp other = RawHttp.connect(server.port())) {
                other.send(poll(client));
                RawHttp.Response mine = exchange(poll(client));
                Optional<RawHttp.Response> its = other.receive(10_000);
                take(client, name, mine);
                take(client, name, its.orElseThrow());
            }
        }

        private RawHttp.Response exchange(String request) {
            RawHttp.Response answer = socket.send(request).receive();
            answers++;
            assertThat(answer.status()).as(answer.body()).isIn(STATUSES);
            return answer;
        }

        /** @param asked who the client was when it asked */
        private static void take(Client client, String asked, RawHttp.Response answer) {
            String name = asked;
            if (answer.status() != 200) {
                return;
            }
            long next = Long.parseLong(answer.header("Tidings-First"));
            for (JsonObject frame : PollClient.frames(answer.body())) {
                String type = PollClient.type(frame);
                if (type.equals("welcome")) {
                    name = frame.get("connection").getAsString();
                    client.name = name;
                    client.token = frame.get("resume").getAsString();
                    client.has = 0;
                    client.posted = 0;
                } else if (PollClient.isCounted(type)) {
                    if (type.equals("direct")) {
                        assertThat(frame.get("data").getAsString()).isEqualTo(name);
                    }
                    client.has = Math.max(client.has, next++);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void f31_f80_badClientsOfAllKinds_leaveNothingBehindAndMixNothing(Container container) {
        long seed = Long.getLong("tidings.seed", System.nanoTime());
        List<LogRecord> warnings = LogCapture.during(() -> {
            try (WireServer server = WireServer.start(
                    container,
                    b -> b.limits(l -> l.resumeWindow(Duration.ofSeconds(1))
                            .poll(Duration.ofMillis(500), Duration.ofMillis(300))))) {
                AtomicBoolean over = new AtomicBoolean();
                ExecutorService threads = Executors.newCachedThreadPool();
                List<Peer> peers = new ArrayList<>();
                List<CompletableFuture<Void>> running = new ArrayList<>();
                for (int i = 0; i < PEERS; i++) {
                    Peer peer = new Peer(server, seed + i);
                    peers.add(peer);
                    running.add(CompletableFuture.runAsync(() -> peer.run(over), threads));
                }
                running.add(CompletableFuture.runAsync(() -> talk(server, new Random(seed), over), threads));
                CompletableFuture<Void> first = CompletableFuture.anyOf(running.toArray(CompletableFuture[]::new))
                        .thenAccept(done -> {});
                first.completeOnTimeout(null, TIME.toMillis(), TimeUnit.MILLISECONDS)
                        .handle((done, failure) -> null)
                        .join();
                over.set(true);
                running.forEach(CompletableFuture::join);
                threads.shutdown();
                assertThat(peers.stream().mapToLong(peer -> peer.answers).sum()).isGreaterThan(100);
                await("seed " + seed)
                        .atMost(20, TimeUnit.SECONDS)
                        .untilAsserted(() -> nothingIsLeft(server.tidings.stats()));
                assertThat(server.events.stream().filter(event -> event.equals("connect")))
                        .as("each connection ends once, seed " + seed)
                        .hasSameSizeAs(server.events.stream()
                                .filter(event -> event.startsWith("disconnect "))
                                .toList());
            }
        });
        assertThat(warnings).as("seed " + seed).isEmpty();
    }

    /** Says to each client who it is, and ends some. */
    private static void talk(WireServer server, Random random, AtomicBoolean over) {
        Queue<Connection> living = new ConcurrentLinkedQueue<>();
        while (!over.get()) {
            Connection fresh = server.connected.poll();
            if (fresh != null) {
                living.add(fresh);
            }
            living.removeIf(connection -> !connection.isOpen());
            for (Connection connection : living) {
                connection.send("you", Payload.string(connection.id()));
                if (random.nextInt(200) == 0) {
                    connection.disconnect(random.nextBoolean() ? Disconnect.FORBIDDEN : Disconnect.NORMAL);
                }
            }
            server.publish("open:" + random.nextInt(4), "\"all\"");
            try {
                TimeUnit.MILLISECONDS.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void nothingIsLeft(Stats stats) {
        assertThat(stats.connections()).as("connections").isZero();
        assertThat(stats.attached()).as("attached").isZero();
        assertThat(stats.unauthenticated()).as("unauthenticated").isZero();
        assertThat(stats.channels()).as("channels").isZero();
        assertThat(stats.subscriptions()).as("subscriptions").isZero();
        assertThat(stats.queuedBytes()).as("queued bytes").isZero();
    }
}
