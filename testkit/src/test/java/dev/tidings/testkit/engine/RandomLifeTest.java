package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.ManualExecutor;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryWire;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The life of connections, at random, against what is promised: whatever was accepted arrives once and in order, or a gap or the end
 * of the connection says that it may not.
 *
 * <p>A failure names its seed; {@code -Dtidings.seed=…} runs that one alone.
 */
class RandomLifeTest {

    private static final int ROUNDS = 150;
    private static final int STEPS = 400;
    private static final List<MemoryWire> WIRES = List.of(MemoryWire.values());

    @Test
    void life_atRandom_losesNothingSilently() {
        Long only = Long.getLong("tidings.seed");
        long first = only != null ? only : 20_260_101L;
        int gaps = 0;
        int resumes = 0;
        int answers = 0;
        for (long seed = first; seed < (only != null ? first + 1 : first + ROUNDS); seed++) {
            try {
                Round round = new Round(seed);
                round.run();
                gaps += round.client.received("gap").size();
                resumes += round.client.wire("resumed").size();
                answers += round.client.answers();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("Failed with -Dtidings.seed=" + seed, e);
            }
        }
        if (only == null) {
            assertThat(gaps).as("Overflow was tried").isGreaterThan(ROUNDS);
            assertThat(resumes).as("Resuming was tried").isGreaterThan(ROUNDS * 5);
            assertThat(answers).as("Polling was tried").isGreaterThan(ROUNDS * 5);
        }
    }

    /** The end of a client that polls: whenever it comes, the client is given what was said before, and then hears why. */
    @Test
    void end_atRandom_reachesAClientThatPolls() {
        Long only = Long.getLong("tidings.seed");
        long first = only != null ? only : 20_260_202L;
        for (long seed = first; seed < (only != null ? first + 1 : first + ROUNDS * 10); seed++) {
            Round round = new Round(seed);
            try {
                round.end();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("Failed with -Dtidings.seed=" + seed + " after " + round.log, e);
            }
        }
    }

    /** One life. A message is a number of a stream; streams are the channels, the direct messages, and the client's own. */
    private static final class Round {
        private final Random random;
        private MemoryWire wire = MemoryWire.SOCKET;
        private final ManualTime time = new ManualTime();
        private final ManualExecutor callbacks = new ManualExecutor();
        private final ManualExecutor deliveries = new ManualExecutor();
        private final List<String> log = new ArrayList<>();
        /** What the application was told of each connection: words, and numbers of messages. */
        private final Map<String, List<String>> told = new HashMap<>();

        private final Tidings tidings;
        private final MemoryClient client;
        private final String connection;
        private final Map<String, List<Integer>> accepted = new HashMap<>();
        private int number;
        private int upstream;
        private boolean ended;

        Round(long seed) {
            // Scattered, because sources with neighbouring seeds begin alike.
            random = new Random(seed * 0x9E3779B97F4A7C15L);
            boolean tight = random.nextBoolean();
            tidings = Tidings.builder()
                    .time(time)
                    .callbackExecutor(callbacks)
                    .deliveryExecutor(deliveries)
                    .limits(limits -> limits.outbox(tight ? 4_096 : 1 << 20, tight ? 8 : 4_096)
                            .messageRate(10_000, 10_000)
                            .mailbox(256, 1 << 20))
                    .channel("{any}", rule -> rule.subscribe(Allow.anyone()))
                    .listener(new ConnectionListener() {
                        @Override
                        public void onConnect(Connection c) {
                            tell(c, "connect");
                        }

                        @Override
                        public void onDetached(Connection c) {
                            tell(c, "detached");
                        }

                        @Override
                        public void onResumed(Connection c) {
                            tell(c, "resumed");
                        }

                        @Override
                        public void onDisconnect(Connection c, Disconnect disconnect) {
                            tell(c, "disconnect");
                        }

                        @Override
                        public void onMessage(Connection c, String event, Payload payload) {
                            tell(c, payload.json());
                        }
                    })
                    .build();
            client = MemoryClient.acknowledging(tidings).connect();
            settle();
            connection = client.connection();
            client.subscribe("a");
            client.subscribe("b");
            settle();
        }

        private void tell(Connection c, String what) {
            told.computeIfAbsent(c.id(), id -> new ArrayList<>()).add(what);
        }

        private void settle() {
            int ran = 1;
            while (ran > 0) {
                ran = callbacks.runAll() + deliveries.runAll();
            }
        }

        void run() {
            try {
                for (int i = 0; i < STEPS && !ended; i++) {
                    step();
                    check(false);
                }
                finish();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("After " + log, e);
            }
        }

        void end() {
            wire = MemoryWire.POLLS;
            client.wire(wire);
            client.resume();
            settle();
            int steps = 20 + random.nextInt(20);
            int endsAt = random.nextInt(steps);
            for (int i = 0; i < steps; i++) {
                if (i == endsAt) {
                    log.add("disconnect");
                    tidings.connection(connection).orElseThrow().disconnect(Disconnect.FORBIDDEN);
                } else if (client.closures().stream().anyMatch(Disconnect.FORBIDDEN::equals)) {
                    break;
                } else {
                    stepOfAPoll();
                }
            }
            log.add("end");
            settle();
            client.cut();
            for (int i = 0; i < 4 && !client.closures().contains(Disconnect.FORBIDDEN); i++) {
                settle();
                client.poll();
                settle();
            }
            assertThat(client.closures()).contains(Disconnect.FORBIDDEN);
            assertThat(client.wire("close").stream().filter(frame -> frame.number("code") == 4003))
                    .isNotEmpty();
            assertThat(client.wire("welcome")).hasSize(1);
            check(true);
            assertThat(told.get(connection).stream().filter("disconnect"::equals))
                    .hasSize(1);
            assertThat(tidings.stats().queuedBytes()).isZero();
            assertThat(tidings.stats().connections()).isZero();
            assertThat(tidings.stats().unauthenticated()).isZero();
        }

        private void stepOfAPoll() {
            int dice = random.nextInt(10);
            if (dice < 2) {
                send();
            } else if (dice < 5) {
                log.add("d");
                deliveries.runOne(random);
            } else if (dice < 6) {
                log.add("c");
                callbacks.runOne(random);
            } else if (dice < 9) {
                poll();
            } else {
                log.add("cut");
                client.cut();
            }
        }

        private void step() {
            int dice = random.nextInt(100);
            if (dice < 18) {
                publish(random.nextBoolean() ? "a" : "b");
            } else if (dice < 28) {
                send();
            } else if (dice < 38) {
                client.send("{\"type\":\"send\",\"event\":\"n\",\"data\":" + ++upstream + "}");
                log.add("up " + upstream);
            } else if (dice < 58) {
                deliveries.runOne(random);
                log.add("d");
            } else if (dice < 74) {
                callbacks.runOne(random);
                log.add("c");
            } else if (dice < 79) {
                log.add("cut");
                client.cut();
            } else if (dice < 81) {
                change();
            } else if (dice < 88) {
                resume();
            } else if (dice < 93) {
                wire();
            } else if (dice < 97) {
                long millis = random.nextInt(20) == 0 ? 9_000 : random.nextInt(1_500);
                log.add("+" + millis);
                time.advance(Duration.ofMillis(millis));
            } else {
                log.add("settle");
                settle();
            }
        }

        private void publish(String channel) {
            int n = ++number;
            log.add(channel + " " + n);
            tidings.channel(channel).publish(Payload.json("" + n)).whenComplete((result, failure) -> {
                if (failure != null) {
                    throw new AssertionError(failure);
                }
            });
            accepted.computeIfAbsent(channel, key -> new ArrayList<>()).add(n);
        }

        private void send() {
            int n = ++number;
            log.add("direct " + n);
            tidings.connection(connection).ifPresent(c -> {
                if (c.send("n", Payload.json("" + n))) {
                    accepted.computeIfAbsent("direct", key -> new ArrayList<>()).add(n);
                }
            });
        }

        /** Another transport carries it from now on. */
        private void change() {
            wire = WIRES.get(random.nextInt(WIRES.size()));
            log.add("by " + wire);
            client.wire(wire);
            client.resume();
        }

        private void resume() {
            if (wire == MemoryWire.POLLS) {
                poll();
                return;
            }
            if (client.isOpen() && random.nextInt(4) > 0) {
                return;
            }
            log.add("resume");
            client.resume();
        }

        private void poll() {
            switch (random.nextInt(8)) {
                case 0 -> {
                    log.add("overtake");
                    client.resume();
                }
                case 1 -> {
                    log.add("time-out");
                    client.timeOut();
                }
                default -> {
                    log.add("poll");
                    client.poll();
                }
            }
            if (random.nextInt(6) == 0) {
                log.add("post again");
                client.postAgain();
            }
        }

        private void wire() {
            if (!client.isOpen() || (wire == MemoryWire.POLLS && !client.isPolling())) {
                return;
            }
            int how = random.nextInt(4);
            log.add("wire " + how);
            switch (how) {
                case 0 -> client.stall();
                case 1 -> client.unstall();
                case 2 -> client.darkAfter(random.nextInt(5));
                default -> client.autoAck(random.nextInt(3) > 0);
            }
        }

        /** Lets everything come to rest on a good link, and looks at the whole. */
        private void finish() {
            client.autoAck(true);
            client.cut();
            settle();
            log.add("end by " + wire);
            client.resume();
            settle();
            client.postAgain();
            for (int i = 0; i < 8; i++) {
                time.advance(Duration.ofMillis(500));
                settle();
                if (wire == MemoryWire.POLLS) {
                    client.poll();
                } else if (!client.isOpen()) {
                    client.resume();
                }
                settle();
            }
            check(true);
            life();
            assertThat(client.connection()).isEqualTo(connection);
            assertThat(client.unacknowledged()).isEmpty();
            assertThat(told.get(connection).stream().filter(word -> Character.isDigit(word.charAt(0))))
                    .as("the client's own messages")
                    .isEqualTo(Bench.numbers(1, upstream));
            assertThat(tidings.stats().queuedBytes())
                    .as("bytes left in outboxes")
                    .isZero();
        }

        /** Each stream by itself: in order, once; holes only where a gap says so. */
        private void check(boolean all) {
            for (String stream : List.of("a", "b", "direct")) {
                List<Integer> sent = accepted.getOrDefault(stream, List.of());
                int at = 0;
                boolean gap = false;
                for (ReceivedFrame frame : client.received()) {
                    if (frame.type().equals("gap")) {
                        gap |= frame.optional("channel").orElse("direct").equals(stream);
                    } else if (stream(frame).equals(stream)) {
                        int n = Integer.parseInt(frame.json("data"));
                        int found = sent.subList(at, sent.size()).indexOf(n);
                        assertThat(found)
                                .as(stream + " " + n + " again, or out of order")
                                .isNotNegative();
                        assertThat(found == 0 || gap)
                                .as(stream + " " + n + ": a hole before it")
                                .isTrue();
                        at += found + 1;
                        gap = false;
                    }
                }
                assertThat(!all || at == sent.size() || gap)
                        .as(stream + ": the last " + (sent.size() - at) + " of " + sent + " never came")
                        .isTrue();
            }
        }

        private static String stream(ReceivedFrame frame) {
            return switch (frame.type()) {
                case "message" -> frame.string("channel");
                case "direct" -> "direct";
                default -> "";
            };
        }

        /** Connected first; then detached and resumed, never twice detached without a resume between; disconnected never. */
        private void life() {
            List<String> words = told.get(connection).stream()
                    .filter(word -> !Character.isDigit(word.charAt(0)))
                    .toList();
            assertThat(words.get(0)).isEqualTo("connect");
            assertThat(words.stream().filter(word -> word.equals("connect"))).hasSize(1);
            assertThat(words).doesNotContain("disconnect");
            for (int i = 1; i < words.size(); i++) {
                assertThat(words.get(i - 1) + words.get(i)).isNotEqualTo("detacheddetached");
            }
        }
    }
}
