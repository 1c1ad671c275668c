package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the application does wrong stays with the client for whom it does it. */
class FaultyApplicationTest {

    private final Logger log = Logger.getLogger("dev.tidings");

    @BeforeEach
    void quiet() {
        log.setLevel(Level.OFF);
    }

    @AfterEach
    void loud() {
        log.setLevel(null);
    }

    // ---- Authenticators and rules -----------------------------------------------------------------------------------

    @Test
    void f79_authenticatorThatBlocksItsThread_endsItsClientsInTimeAndNobodyElse() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Authenticator authenticator = Authenticator.token(token -> {
            if (token.equals("block")) {
                try {
                    release.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return Authentication.user(token);
        });
        Tidings tidings = Tidings.builder()
                .authenticator(authenticator)
                .limits(l -> l.authTimeout(Duration.ofMillis(500)).unauthenticated(0))
                .build();
        try {
            List<MemoryClient> blocked = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                blocked.add(MemoryClient.plain(tidings).token("block").connect());
            }
            for (int i = 0; i < 10; i++) {
                MemoryClient other = MemoryClient.plain(tidings).token("ada").connect();
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> other.isOpen() || other.closed().isPresent());
                assertThat(other.isOpen()).isTrue();
                other.cut();
            }
            for (MemoryClient client : blocked) {
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> client.closed().isPresent());
                assertThat(client.closed()).hasValue(Disconnect.AUTH_TIMEOUT);
            }
            release.countDown();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> tidings.stats().unauthenticated() == 0
                            && tidings.stats().attached() == 0);
        } finally {
            release.countDown();
            tidings.close();
        }
    }

    @Test
    void f79_authenticatorThatReturnsNullOrAFailedStage_refuses() {
        List<Authenticator> faulty = List.of(
                credentials -> null,
                credentials -> CompletableFuture.completedStage(null),
                credentials -> CompletableFuture.failedStage(new IllegalStateException("for the test")),
                credentials -> {
                    throw new StackOverflowError("for the test");
                });
        for (Authenticator authenticator : faulty) {
            try (Bench bench = new Bench(builder -> builder.authenticator(authenticator))) {
                assertThat(bench.plain().closed()).hasValue(Disconnect.UNAUTHORIZED);
                assertThat(bench.events).isEmpty();
            }
        }
    }

    @Test
    void f79_ruleThatThrowsOrReturnsNull_forbids() {
        List<Allow> faulty = List.of(
                access -> null,
                access -> CompletableFuture.completedStage(null),
                access -> CompletableFuture.failedStage(new IllegalStateException("for the test")),
                access -> {
                    throw new IllegalStateException("for the test");
                });
        for (Allow allow : faulty) {
            try (Bench bench = new Bench(builder -> builder.channel("{x}", rule -> rule.subscribe(allow)))) {
                MemoryClient client = bench.plain();
                assertThat(bench.error(client, client.subscribe("a"))).isEqualTo("forbidden");
                assertThat(client.isOpen()).isTrue();
            }
        }
    }

    // ---- Errors -----------------------------------------------------------------------------------------------------

    private static void fail(String how) {
        switch (how) {
            case "memory" -> throw new OutOfMemoryError("for the test");
            case "stack" -> deeper(0);
            default -> throw new LinkageError("for the test");
        }
    }

    @SuppressWarnings("InfiniteRecursion")
    private static int deeper(int depth) {
        return deeper(depth + 1) + 1;
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory", "stack", "linkage"})
    void f80_errorInAListener_endsItsConnectionAndTheNodeGoesOn(String how) {
        try (Bench bench = new Bench(builder -> builder.listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection connection, String event, Payload payload) {
                        if (event.equals("fail")) {
                            fail(how);
                        }
                    }
                })
                .onRequest("fail", (connection, payload) -> {
                    fail(how);
                    return CompletableFuture.completedStage(payload);
                }))) {
            MemoryClient bad = bench.acknowledging();
            MemoryClient asking = bench.acknowledging();
            MemoryClient good = bench.acknowledging();

            bad.message("fail", "1");
            bench.settle();
            assertThat(bad.closed())
                    .hasValueSatisfying(end -> assertThat(end.code()).isEqualTo(4100));
            assertThat(bench.tidings.stats().connections()).isEqualTo(2);

            // Who asks is told, and may ask again.
            asking.sendRaw("{\"type\":\"request\",\"id\":\"r\",\"event\":\"fail\"}");
            bench.settle();
            assertThat(asking.answer("r"))
                    .hasValueSatisfying(a -> assertThat(a.string("code")).isEqualTo("internal"));

            bench.reply(good, good.message("fine", "2"));
            assertThat(bench.events).contains("message fine 2");
        }
    }

    // ---- Executors --------------------------------------------------------------------------------------------------

    /** Where tasks are refused, whoever they were for ends; nothing waits for ever, and afterwards all is well. */
    @Test
    void f83_executorThatRejects_endsTheConnectionAndLosesNoWakeUp() {
        for (boolean callbacks : new boolean[] {true, false}) {
            AtomicBoolean saturated = new AtomicBoolean();
            Bench[] self = new Bench[1];
            try (Bench bench = new Bench(builder -> {
                if (callbacks) {
                    builder.callbackExecutor(task -> run(saturated, self[0].callbacks, task));
                } else {
                    builder.deliveryExecutor(task -> run(saturated, self[0].deliveries, task));
                }
            })) {
                self[0] = bench;
                MemoryClient client = bench.acknowledging();
                Connection connection = bench.connection(client);
                MemoryClient bystander = bench.acknowledging();
                saturated.set(true);
                if (callbacks) {
                    client.message("a", "1");
                } else {
                    connection.send("a", Payload.NULL);
                }
                bench.settle();
                saturated.set(false);
                bench.seconds(2);
                assertThat(connection.isOpen()).as("callbacks %s", callbacks).isFalse();

                bench.reply(bystander, bystander.message("b", "2"));
                bench.connection(bystander).send("c", Payload.NULL);
                bench.settle();
                assertThat(bystander.received("direct")).hasSize(1);
                MemoryClient next = bench.acknowledging();
                assertThat(next.isOpen()).isTrue();
            }
        }
    }

    private static void run(AtomicBoolean saturated, java.util.concurrent.Executor executor, Runnable task) {
        if (saturated.get()) {
            throw new RejectedExecutionException("for the test");
        }
        executor.execute(task);
    }
}
