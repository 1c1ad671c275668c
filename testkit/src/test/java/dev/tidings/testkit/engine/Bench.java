package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.ManualExecutor;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryClientBuilder;
import dev.tidings.testkit.MemoryWire;
import dev.tidings.testkit.ReceivedFrame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A Tidings in a test's hand: its time and its tasks move when the test says so. */
final class Bench implements AutoCloseable {

    private static final Duration STEP = Duration.ofMillis(250);

    final ManualTime time = new ManualTime();
    final ManualExecutor callbacks = new ManualExecutor();
    final ManualExecutor deliveries = new ManualExecutor();
    /** What the listener was told, in order: a word, and what it was about. */
    final List<String> events = new ArrayList<>();

    final Tidings tidings;
    private final List<MemoryClient> clients = new ArrayList<>();

    Bench() {
        this(builder -> {});
    }

    Bench(Consumer<Tidings.Builder> change) {
        Tidings.Builder builder = Tidings.builder()
                .time(time)
                .callbackExecutor(callbacks)
                .deliveryExecutor(deliveries)
                .listener(new Recorder());
        change.accept(builder);
        tidings = builder.build();
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
            events.add("message " + event + " " + payload.json());
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

    /** Runs everything that waits, without time passing. */
    void settle() {
        int ran = 1;
        while (ran > 0) {
            ran = callbacks.runAll() + deliveries.runAll();
        }
    }

    /** Lets time pass in small steps, and everything run that comes up meanwhile. */
    void advance(Duration by) {
        settle();
        Duration left = by;
        while (left.compareTo(STEP) > 0) {
            time.advance(STEP);
            settle();
            left = left.minus(STEP);
        }
        time.advance(left);
        settle();
    }

    void seconds(long seconds) {
        advance(Duration.ofSeconds(seconds));
    }

    MemoryClient connect(MemoryClientBuilder builder) {
        MemoryClient client = builder.connect();
        clients.add(client);
        settle();
        return client;
    }

    MemoryClient acknowledging() {
        return connect(MemoryClient.acknowledging(tidings));
    }

    MemoryClient plain() {
        return connect(MemoryClient.plain(tidings));
    }

    MemoryClient acknowledging(String user) {
        return connect(MemoryClient.acknowledging(tidings).principal(user));
    }

    MemoryClient plain(String user) {
        return connect(MemoryClient.plain(tidings).principal(user));
    }

    /** A client that polls and has the answer to its first poll. */
    MemoryClient polling() {
        return connect(MemoryClient.acknowledging(tidings).wire(MemoryWire.POLLS));
    }

    /** A client that has a stream, and posts. */
    MemoryClient streaming() {
        return connect(MemoryClient.acknowledging(tidings).wire(MemoryWire.STREAM));
    }

    /** The next poll of a client. */
    void poll(MemoryClient client) {
        client.poll();
        settle();
    }

    /** Lets time pass while a client polls, as a correct one does: again at once after every answer. */
    void pollFor(MemoryClient client, Duration by) {
        for (Duration left = by; left.compareTo(Duration.ZERO) > 0; left = left.minus(STEP)) {
            poll(client);
            advance(STEP);
        }
    }

    MemoryClient subscribed(MemoryClient client, String... channels) {
        for (String channel : channels) {
            String id = client.subscribe(channel);
            settle();
            if (client.answer(id).isEmpty()) {
                poll(client);
            }
            assertThat(client.answer(id))
                    .hasValueSatisfying(a -> assertThat(a.type()).isEqualTo("reply"));
        }
        return client;
    }

    Connection connection(MemoryClient client) {
        return tidings.connection(client.connection()).orElseThrow();
    }

    /** Publishes a number, which is the whole of the data. */
    void publish(String channel, int number) {
        value(tidings.channel(channel).publish(Payload.json("" + number)));
    }

    /** What a stage has come to, once everything has run. */
    <T> T value(CompletionStage<T> stage) {
        settle();
        assertThat(stage.toCompletableFuture()).isDone();
        return stage.toCompletableFuture().join();
    }

    /** The data of the messages of a channel that a client has received. */
    static List<String> data(MemoryClient client, String channel) {
        return client.received("message").stream()
                .filter(frame -> frame.string("channel").equals(channel))
                .map(frame -> frame.json("data"))
                .toList();
    }

    /** The data of the direct messages that a client has received. */
    static List<String> direct(MemoryClient client) {
        return client.received("direct").stream()
                .map(frame -> frame.json("data"))
                .toList();
    }

    /** The code of the error that answers a command. */
    String error(MemoryClient client, String id) {
        settle();
        ReceivedFrame answer = client.answer(id).orElseThrow(() -> new AssertionError("No answer: " + client.wire()));
        assertThat(answer.type()).isEqualTo("error");
        return answer.string("code");
    }

    /** The reply to a command. */
    ReceivedFrame reply(MemoryClient client, String id) {
        settle();
        ReceivedFrame answer = client.answer(id).orElseThrow(() -> new AssertionError("No answer: " + client.wire()));
        assertThat(answer.type()).as(answer.toString()).isEqualTo("reply");
        return answer;
    }

    /** A number of texts, counted up. */
    static List<String> numbers(int from, int to) {
        List<String> all = new ArrayList<>();
        for (int i = from; i <= to; i++) {
            all.add("" + i);
        }
        return all;
    }

    @Override
    public void close() {
        clients.forEach(MemoryClient::cut);
        if (clients.stream().anyMatch(client -> client.answers() > 0)) {
            // Closing would wait for their next polls.
            seconds(12);
        }
        settle();
        tidings.close();
    }
}
