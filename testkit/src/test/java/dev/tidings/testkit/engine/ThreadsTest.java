package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryWire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** With the threads that an application has: links break and follow each other while others write, deliver and handle. */
class ThreadsTest {

    private static final int ROUNDS = 150;
    private static final int EACH = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<String> messages = new CopyOnWriteArrayList<>();
    private final Random random = new Random();

    private Tidings tidings() {
        return Tidings.builder()
                .channel("news", rule -> rule.subscribe(Allow.anyone()))
                .limits(limits -> limits.messageRate(1_000_000, 1_000_000)
                        .byteRate(1 << 30, 1 << 30)
                        // The client does not keep to a window.
                        .mailbox(100_000, 1 << 30))
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection connection, String event, Payload payload) {
                        messages.add(payload.json());
                    }
                })
                .build();
    }

    @ParameterizedTest
    @EnumSource
    void links_brokenAtRandom_loseNothingEitherWay(MemoryWire wire) {
        live(List.of(wire));
    }

    @Test
    void links_ofAllSorts_loseNothingEitherWay() {
        live(List.of(MemoryWire.values()));
    }

    private void live(List<MemoryWire> wires) {
        List<String> expected = new ArrayList<>();
        try (Tidings tidings = tidings()) {
            MemoryWire wire = wires.get(0);
            MemoryClient client = MemoryClient.acknowledging(tidings).wire(wire).connect();
            await().atMost(PATIENCE).until(client::isOpen);
            client.subscribe("news");
            await().atMost(PATIENCE).until(() -> tidings.channel("news").subscribers() == 1);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < EACH; i++) {
                    String number = Integer.toString(expected.size());
                    expected.add(number);
                    tidings.channel("news").publish(Payload.json(number));
                    client.message("n", number);
                }
                if (random.nextBoolean()) {
                    int least = random.nextInt(expected.size());
                    arrive(client, wire, least, 0);
                }
                if (random.nextBoolean()) {
                    client.cut();
                }
                wire = wires.get(random.nextInt(wires.size()));
                client.wire(wire);
                client.resume();
            }
            arrive(client, wire, expected.size(), expected.size());
            assertSame(Bench.data(client, "news"), expected);
            assertSame(messages, expected);
            assertThat(client.received("gap")).isEmpty();
            assertThat(client.wire("welcome")).hasSize(1);
            client.wire(MemoryWire.SOCKET);
            client.resume();
            await().atMost(PATIENCE)
                    .until(() ->
                            client.unacknowledged().isEmpty() && tidings.stats().queuedBytes() == 0);
        }
    }

    /** Equal, with the first difference in the message and not all of them. */
    private static void assertSame(List<String> actual, List<String> expected) {
        int same = 0;
        while (same < Math.min(actual.size(), expected.size())
                && actual.get(same).equals(expected.get(same))) {
            same++;
        }
        assertThat(actual.subList(same, Math.min(same + 20, actual.size())))
                .as("after " + same + " of " + actual.size())
                .isEqualTo(expected.subList(same, Math.min(same + 20, expected.size())));
    }

    /** Waits, as a client that polls where that is how it receives, until so much has arrived on either side. */
    private void arrive(MemoryClient client, MemoryWire wire, int published, int sent) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
            if (wire == MemoryWire.POLLS) {
                client.poll();
            }
            client.postAgain();
            return client.received("message").size() >= published && messages.size() >= sent;
        });
    }
}
