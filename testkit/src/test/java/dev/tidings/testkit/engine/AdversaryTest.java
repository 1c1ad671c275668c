package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.*;
import dev.tidings.protocol.*;
import dev.tidings.spi.*;
import dev.tidings.testkit.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.junit.jupiter.api.*;

/** What hostile clients, failing executors and odd moments once broke. */
@SuppressWarnings("all")
class AdversaryTest {

    static final Duration SECOND = Duration.ofSeconds(1);

    /** auth refreshes are posted to the mailbox beyond its bound. */
    @Test
    void authFlood_endsTheLink() {
        List<CompletableFuture<Authentication>> verdicts = new ArrayList<>();
        AtomicInteger asked = new AtomicInteger();
        Bench bench = new Bench(b -> b.authenticator(c -> {
            if (asked.getAndIncrement() == 0) {
                return CompletableFuture.completedFuture(Authentication.user("u"));
            }
            CompletableFuture<Authentication> f = new CompletableFuture<>();
            verdicts.add(f);
            return f;
        }));
        MemoryClient client =
                bench.connect(MemoryClient.acknowledging(bench.tidings).token("x"));
        String token = "t".repeat(4000);
        int sent = 0;
        for (int s = 0; s < 300 && client.isOpen(); s++) {
            for (int i = 0; i < 29; i++) {
                client.auth(token);
                sent++;
            }
            bench.seconds(1);
            // An introspection endpoint that takes a second for each token.
            verdicts.forEach(v -> v.complete(Authentication.user("u")));
            bench.settle();
        }
        assertThat(sent).as("tokens before the end").isLessThan(100);
        assertThat(client.closures().get(0).code()).isEqualTo(4129);
    }

    /** with 64 slow requests before. */
    @Test
    void slowRequests_thenAuthFlood_staysWithinTheMailbox() {
        AtomicInteger asked = new AtomicInteger();
        Bench bench = new Bench(b -> b.authenticator(c -> {
                    asked.incrementAndGet();
                    return CompletableFuture.completedFuture(Authentication.user("u"));
                })
                .onRequest("slow", (c, p) -> new CompletableFuture<>()));
        MemoryClient client =
                bench.connect(MemoryClient.acknowledging(bench.tidings).token("x"));
        for (int i = 0; i < 60; i++) {
            client.request("slow", "1");
        }
        bench.seconds(10);
        String token = "t".repeat(40000);
        int sent = 0;
        for (int s = 0; s < 600 && client.isOpen(); s++) {
            for (int i = 0; i < 3; i++) {
                client.auth(token);
                sent++;
            }
            bench.seconds(1);
        }
        assertThat((sent - asked.get() + 1) * 40000L).isLessThan(256 * 1024);
    }

    /** the limit per address counts links, not connections that wait to be resumed. */
    @Test
    void detachedConnections_countForTheirAddress() {
        Bench bench = new Bench(b -> b.limits(l -> l.connections(2, 20, 50)));
        for (int i = 0; i < 60; i++) {
            MemoryClient c =
                    bench.connect(MemoryClient.acknowledging(bench.tidings).address("203.0.113.5"));
            if (c.refused().isEmpty()) {
                c.cut();
                bench.settle();
            }
        }
        MemoryClient victim =
                bench.connect(MemoryClient.acknowledging(bench.tidings).address("198.51.100.7"));
        assertThat(bench.tidings.stats().connections()).isLessThanOrEqualTo(3);
    }

    /** the limit of the server is looked at before authentication only. */
    @Test
    void limitOfTheServer_holdsForLinksThatAuthenticateLater() {
        Bench bench = new Bench(
                b -> b.authenticator(Authenticator.token(Authentication::user)).limits(l -> l.connections(0, 0, 2)));
        List<MemoryClient> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(bench.connect(MemoryClient.acknowledging(bench.tidings).address("203.0.113." + i)));
        }
        for (MemoryClient c : all) {
            c.auth("u");
        }
        bench.settle();
        assertThat(bench.tidings.stats().connections()).isLessThanOrEqualTo(2);
    }

    /** overflow, then a resume at which the rule says no: the client is never told that its subscription ended. */
    @Test
    void overflow_resumeForbidden_isToldThatItIsUnsubscribed() {
        AtomicBoolean allowed = new AtomicBoolean(true);
        Bench bench = new Bench(b -> b.channel(
                        "news", r -> r.subscribe(a -> CompletableFuture.completedFuture(allowed.get())))
                .limits(l -> l.outbox(1024 * 1024, 8)));
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.cut();
        for (int i = 0; i < 20; i++) {
            bench.publish("news", i);
        }
        bench.settle();
        allowed.set(false);
        client.take();
        client.resume();
        bench.seconds(2);
        assertThat(client.received("unsubscribed")).hasSize(1);
    }

    @Test
    void overflow_unsubscribedByServer_isTold() {
        Bench bench = new Bench(
                b -> b.channel("news", r -> r.subscribe(Allow.anyone())).limits(l -> l.outbox(1024 * 1024, 8)));
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.cut();
        for (int i = 0; i < 20; i++) {
            bench.publish("news", i);
        }
        bench.settle();
        bench.connection(client).unsubscribe("news");
        bench.settle();
        client.resume();
        bench.seconds(2);
        boolean told = !client.received("unsubscribed").isEmpty()
                || client.received("gap").stream()
                        .anyMatch(g -> g.optional("channel").isPresent());
        assertThat(told).as("any word about the channel").isTrue();
    }

    /** overflow and forgotten acknowledgements together. */
    @Test
    void overflow_andForgotten_tellsEveryGap() {
        Bench bench = new Bench(
                b -> b.channel("{x}", r -> r.subscribe(Allow.anyone())).limits(l -> l.outbox(1024 * 1024, 8)));
        MemoryClient client = bench.subscribed(bench.acknowledging(), "aa", "bb");
        bench.publish("aa", 1);
        bench.settle();
        client.ack();
        bench.settle();
        client.cut();
        bench.settle();
        for (int i = 0; i < 20; i++) {
            bench.publish("bb", i);
        }
        bench.settle();
        String token = client.resumeToken();
        client.resume(token, 0);
        bench.seconds(2);
        assertThat(client.received("gap").stream()
                        .map(g -> g.optional("channel").orElse("-")))
                .contains("aa");
    }

    /** a verdict that never runs out. */
    @Test
    void expiryFarAway_connectionEnds() {
        Bench bench = new Bench(b -> b.authenticator(
                Authenticator.token(t -> Authentication.user("ada").expiresAt(Instant.MAX))));
        for (int i = 0; i < 25; i++) {
            MemoryClient c = bench.connect(MemoryClient.plain(bench.tidings).token("x"));
            c.cut();
            bench.settle();
        }
        bench.seconds(300);
        assertThat(bench.tidings.stats().connections()).isZero();
    }

    /** auth and commands in one go, while the authenticator says there are no credentials in the handshake. */
    @Test
    void authAndCommandsInOneGo_orderIsKept() {
        ManualTime time = new ManualTime();
        List<String> events = new ArrayList<>();
        ManualExecutor deliveries = new ManualExecutor();
        ManualExecutor callbacks = new ManualExecutor();
        MemoryClient[] client = new MemoryClient[1];
        AtomicReference<Runnable> next = new AtomicReference<>();
        Executor hooked = task -> {
            callbacks.execute(task);
            Runnable r = next.getAndSet(null);
            if (r != null) {
                r.run();
            }
        };
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(hooked)
                .deliveryExecutor(deliveries)
                .authenticator(Authenticator.token(Authentication::user))
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection c, String event, Payload p) {
                        events.add(event);
                    }
                })
                .build();
        client[0] = MemoryClient.acknowledging(tidings).connect();
        client[0].sendRaw("{\"type\":\"auth\",\"token\":\"u\"}");
        client[0].sendRaw("{\"type\":\"send\",\"event\":\"a\"}");
        client[0].sendRaw("{\"type\":\"send\",\"event\":\"b\"}");
        // The container's thread brings c while the verdict's thread looks at what came early: at the moment when the
        // auth frame
        // among it is handed to the authenticator.
        next.set(() -> client[0].sendRaw("{\"type\":\"send\",\"event\":\"c\"}"));
        for (int i = 0; i < 20; i++) {
            callbacks.runAll();
            deliveries.runAll();
        }
        assertThat(events).containsExactly("a", "b", "c");
    }

    /** a link that attaches after close. */
    @Test
    void attachAfterClose_linkIsClosed() throws Exception {
        Tidings tidings = Tidings.builder().build();
        Handshake handshake = Handshake.builder("memory").build();
        assertThat(tidings.refuse(handshake)).isEmpty();
        tidings.close();
        AtomicReference<Disconnect> closed = new AtomicReference<>();
        AtomicReference<Attachment> attachment = new AtomicReference<>();
        tidings.attach(handshake, new Link() {
            @Override
            public String transport() {
                return "memory";
            }

            @Override
            public void wake() {}

            @Override
            public void close(Disconnect d) {
                closed.set(d);
            }
        });
        Thread.sleep(7000);
        assertThat(closed.get()).isNotNull();
    }

    /** a disconnect while a resume waits for the rules. */
    @Test
    void disconnectDuringResume_listenersHearInOrder() {
        AtomicReference<CompletableFuture<Boolean>> verdict =
                new AtomicReference<>(CompletableFuture.completedFuture(true));
        Bench bench = new Bench(b -> b.channel("news", r -> r.subscribe(a -> verdict.get())));
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        Connection connection = bench.connection(client);
        client.cut();
        bench.settle();
        verdict.set(new CompletableFuture<>());
        client.resume();
        bench.settle();
        connection.disconnect(Disconnect.NORMAL);
        bench.settle();
        verdict.get().complete(true);
        bench.settle();
        assertThat(bench.events).last().isEqualTo("disconnect 1000");
    }

    /** the wire goes while the connection is made: listeners hear of the detaching before the beginning. */
    @Test
    void linkGoneWhileBinding_listenersHearInOrder() {
        MemoryClient[] client = new MemoryClient[1];
        AtomicReference<Attachment> att = new AtomicReference<>();
        Codec codec = new Codec() {
            @Override
            public String name() {
                return "x";
            }

            @Override
            public List<Inbound> decode(String text, FrameLimits limits) {
                return JsonCodec.INSTANCE.decode(text, limits);
            }

            @Override
            public Frame encode(Outbound m) {
                if (m instanceof Outbound.Welcome) {
                    att.get().detached(Disconnect.LINK_LOST);
                }
                return JsonCodec.INSTANCE.encode(m);
            }
        };
        Bench bench = new Bench();
        att.set(bench.tidings.attach(
                Handshake.builder("memory").acknowledging(true).codec(codec).build(), new Link() {
                    @Override
                    public String transport() {
                        return "memory";
                    }

                    @Override
                    public void wake() {}

                    @Override
                    public void close(Disconnect d) {}
                }));
        bench.settle();
        assertThat(bench.events).startsWith("connect");
    }

    /** the sweep sees a detached connection, which resumes before the sweep hides its members. */
    @Test
    void resumeDuringSweep_memberStays() {
        ManualTime time = new ManualTime();
        ManualExecutor callbacks = new ManualExecutor();
        ManualExecutor deliveries = new ManualExecutor();
        AtomicReference<Runnable> hook = new AtomicReference<>();
        Executor hooked = task -> {
            deliveries.execute(task);
            Runnable r = hook.getAndSet(null);
            if (r != null) {
                r.run();
            }
        };
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(callbacks)
                .deliveryExecutor(hooked)
                .channel("room", r -> r.subscribe(Allow.anyone()).presence(Allow.anyone()))
                .build();
        Runnable settle = () -> {
            int ran = 1;
            while (ran > 0) {
                ran = callbacks.runAll() + deliveries.runAll();
            }
        };
        MemoryClient client = MemoryClient.acknowledging(tidings).connect();
        settle.run();
        client.enter("room", "1");
        settle.run();
        client.message("x", "1");
        callbacks.runAll(); // handled, and the acknowledgement is not due
        client.cut();
        settle.run();
        // sweeps within the grace
        for (int i = 0; i < 5; i++) {
            time.advance(SECOND);
            settle.run();
        }
        // The client comes back within the sweep: here, where it signals the owed acknowledgement, after it has read
        // the state.
        hook.set(() -> {
            client.resume();
            settle.run();
        });
        time.advance(SECOND.plusMillis(300));
        settle.run();
        for (int i = 0; i < 20; i++) {
            time.advance(SECOND);
            settle.run();
        }
        List<Member> members = tidings.channel("room")
                .presence()
                .members()
                .toCompletableFuture()
                .join()
                .members();
        assertThat(client.isOpen()).isTrue();
        assertThat(members).hasSize(1);
    }

    // ---- F: an Error out of an executor -------------------------------------------------------------------------

    static final class Sick implements Executor {
        final ManualExecutor well = new ManualExecutor();
        volatile boolean sick;

        @Override
        public void execute(Runnable task) {
            if (sick) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            well.execute(task);
        }
    }

    @Test
    void errorDuringSweep_sweeperGoesOn() {
        ManualTime time = new ManualTime();
        Sick delivery = new Sick();
        ManualExecutor callbacks = new ManualExecutor();
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(callbacks)
                .deliveryExecutor(delivery)
                .authenticator(Authenticator.token(Authentication::user))
                .build();
        MemoryClient first = MemoryClient.plain(tidings).connect(); // never authenticates
        callbacks.runAll();
        delivery.well.runAll();
        delivery.sick = true;
        for (int i = 0; i < 7; i++) {
            try {
                time.advance(SECOND);
            } catch (AssertionError e) {
            }
        }
        delivery.sick = false;
        MemoryClient second = MemoryClient.plain(tidings).connect();
        for (int i = 0; i < 60; i++) {
            callbacks.runAll();
            delivery.well.runAll();
            time.advance(SECOND);
        }
        assertThat(second.closed())
                .as("auth timeout of a link that came when all was well again")
                .isPresent();
    }

    @Test
    void errorDuringPublish_channelGoesOn() {
        ManualTime time = new ManualTime();
        Sick delivery = new Sick();
        ManualExecutor callbacks = new ManualExecutor();
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(callbacks)
                .deliveryExecutor(delivery)
                .limits(l -> l.backlog(10_000))
                .channel("{x}", r -> r.subscribe(Allow.anyone()))
                .build();
        MemoryClient c = MemoryClient.plain(tidings).connect();
        Runnable settle = () -> {
            int ran = 1;
            while (ran > 0) {
                ran = callbacks.runAll() + delivery.well.runAll();
            }
        };
        settle.run();
        c.subscribe("news");
        settle.run();
        delivery.sick = true;
        try {
            tidings.channel("news").publish(Payload.json("1"));
        } catch (Error e) {
        }
        delivery.sick = false;
        for (int i = 2; i < 100; i++) {
            tidings.channel("news").publish(Payload.json("" + i));
            settle.run();
        }
        assertThat(c.received("message")).isNotEmpty();
    }

    @Test
    void errorDuringSend_connectionEnds() {
        ManualTime time = new ManualTime();
        Sick delivery = new Sick();
        ManualExecutor callbacks = new ManualExecutor();
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(callbacks)
                .deliveryExecutor(delivery)
                .build();
        MemoryClient c = MemoryClient.plain(tidings).connect();
        callbacks.runAll();
        delivery.well.runAll();
        Connection connection = tidings.connection(c.connection()).orElseThrow();
        delivery.sick = true;
        try {
            connection.send("a", Payload.NULL);
        } catch (Error e) {
        }
        delivery.sick = false;
        for (int i = 0; i < 60; i++) {
            connection.send("b", Payload.NULL);
            callbacks.runAll();
            delivery.well.runAll();
            time.advance(SECOND);
        }
        assertThat(connection.isOpen()).isFalse();
    }

    // ---- L: seams that throw ------------------------------------------------------------------------------------

    @Test
    void brokerThrowsOnUnsubscribe_endIsComplete() {
        Broker broker = new Broker() {
            Listener listener;

            @Override
            public void start(Listener l) {
                listener = l;
            }

            @Override
            public CompletionStage<PublishResult> publish(Publication p) {
                listener.publication(p);
                return CompletableFuture.completedFuture(PublishResult.OK);
            }

            @Override
            public CompletionStage<Void> subscribe(String c) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void unsubscribe(String c) {
                throw new IllegalStateException("the broker is down");
            }

            @Override
            public CompletionStage<HistoryResult> history(HistoryRequest r) {
                return CompletableFuture.completedFuture(HistoryResult.NONE);
            }

            @Override
            public void close() {}
        };
        Bench bench = new Bench(b -> b.broker(broker)
                .channel("room", r -> r.subscribe(Allow.anyone()).presence(Allow.anyone())));
        MemoryClient client = bench.subscribed(bench.acknowledging("ada"), "room");
        client.enter("room", "1");
        bench.settle();
        try {
            bench.connection(client).disconnect(Disconnect.NORMAL);
        } catch (RuntimeException e) {
        }
        bench.seconds(130);
        List<Member> ghosts = bench.tidings
                .channel("room")
                .presence()
                .members()
                .toCompletableFuture()
                .join()
                .members();
        assertThat(bench.events).last().isEqualTo("disconnect 1000");
        assertThat(ghosts).isEmpty();
    }

    @Test
    void requestWithTheLongestTimeout_waits() {
        Bench bench = new Bench();
        MemoryClient client = bench.acknowledging();
        CompletableFuture<Payload> f = bench.connection(client)
                .request("q", Payload.NULL, Duration.ofSeconds(Long.MAX_VALUE))
                .toCompletableFuture();
        bench.settle();
        assertThat(f).isNotCompletedExceptionally();
    }

    /** Inline executors: re-entrancy. */
    @Test
    void inline_reentrancy() throws Exception {
        AtomicReference<Tidings> t = new AtomicReference<>();
        List<String> events = new CopyOnWriteArrayList<>();
        Tidings tidings = Tidings.builder()
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .channel(
                        "{x}",
                        r -> r.subscribe(a -> {
                                    t.get().channel("other").publish(Payload.NULL);
                                    return CompletableFuture.completedFuture(true);
                                })
                                .publish(Allow.anyone()))
                .listener(new ConnectionListener() {
                    @Override
                    public void onConnect(Connection c) {
                        c.send("hi", Payload.NULL);
                        if (c.user().isPresent()) {
                            c.disconnect(Disconnect.FORBIDDEN);
                        }
                    }

                    @Override
                    public void onMessage(Connection c, String e, Payload p) {
                        events.add(e);
                        c.send("echo", p);
                        if (e.equals("close")) {
                            t.get().close();
                        }
                    }

                    @Override
                    public void onDisconnect(Connection c, Disconnect d) {
                        events.add("disconnect " + d.code());
                    }
                })
                .build();
        t.set(tidings);
        MemoryClient a = MemoryClient.acknowledging(tidings).connect();
        MemoryClient b = MemoryClient.acknowledging(tidings).principal("x").connect();
        a.subscribe("c");
        a.subscribe("other");
        for (int i = 0; i < 20; i++) {
            a.message("m", "1");
            a.publish("c", "1");
        }
        ExecutorService ex = Executors.newSingleThreadExecutor();
        Future<?> f = ex.submit(() -> a.message("close", "1"));
        f.get(12, TimeUnit.SECONDS);
        ex.shutdownNow();
        assertThat(b.closed().orElseThrow().code()).isEqualTo(4003);
        assertThat(tidings.stats().connections()).isZero();
        assertThat(tidings.stats().queuedBytes()).isZero();
    }

    /** Inline callback executor, a long queue behind one stage: how deep does it go? */
    @Test
    void inline_serialDepth() {
        CompletableFuture<Payload> gate = new CompletableFuture<>();
        AtomicInteger handled = new AtomicInteger();
        AtomicInteger depth = new AtomicInteger();
        Tidings tidings = Tidings.builder()
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(new ManualExecutor())
                .limits(l -> l.mailbox(20_000, 100_000_000)
                        .messageRate(100000, 100000)
                        .byteRate(100000000, 100000000))
                .channel("c", r -> r.publish(Allow.anyone()))
                .onRequest("gate", (c, p) -> gate)
                .onRequest("n", (c, p) -> {
                    handled.incrementAndGet();
                    depth.set(Math.max(depth.get(), Thread.currentThread().getStackTrace().length));
                    return CompletableFuture.completedFuture(Payload.NULL);
                })
                .build();
        MemoryClient a = MemoryClient.acknowledging(tidings).connect();
        a.sendRaw("{\"type\":\"request\",\"id\":1,\"event\":\"gate\"}");
        for (int i = 0; i < 5000; i++) {
            a.sendRaw("{\"type\":\"request\",\"id\":1,\"event\":\"n\"}");
        }
        try {
            gate.complete(Payload.NULL);
        } catch (StackOverflowError e) {
        }
        assertThat(handled.get()).isEqualTo(5000);
    }

    /** the wire goes while the connection is made, and something was said to it: its bytes are counted for ever. */
    @Test
    void earlyEnd_queuedBytesLeak() {
        AtomicReference<Attachment> att = new AtomicReference<>();
        AtomicReference<Tidings> t = new AtomicReference<>();
        Codec codec = new Codec() {
            @Override
            public String name() {
                return "x";
            }

            @Override
            public List<Inbound> decode(String text, FrameLimits limits) {
                return JsonCodec.INSTANCE.decode(text, limits);
            }

            @Override
            public Frame encode(Outbound m) {
                if (m instanceof Outbound.Welcome) {
                    t.get().broadcast("hello", Payload.string("y".repeat(100)));
                    att.get().detached(Disconnect.LINK_LOST);
                }
                return JsonCodec.INSTANCE.encode(m);
            }
        };
        Bench bench = new Bench();
        t.set(bench.tidings);
        att.set(bench.tidings.attach(Handshake.builder("memory").codec(codec).build(), new Link() {
            @Override
            public String transport() {
                return "memory";
            }

            @Override
            public void wake() {}

            @Override
            public void close(Disconnect d) {}
        }));
        bench.settle();
        bench.seconds(200);
        assertThat(bench.tidings.stats().queuedBytes()).isZero();
    }

    /** a proxy that adds a header line of its own (HAProxy's forwardfor) behind that of the client. */
    @Test
    void addressHeaderInSeveralLines_clientsOwnCounts() {
        Bench bench = new Bench(b -> b.addressHeader("X-Forwarded-For").limits(l -> l.connections(2, 20, 1000)));
        int refused = 0;
        for (int i = 0; i < 50; i++) {
            int n = i;
            MemoryClient c = bench.connect(MemoryClient.acknowledging(bench.tidings)
                    .address("10.0.0.1")
                    .header("X-Forwarded-For", "192.0.2." + n, "203.0.113.5"));
            refused += c.refused().isPresent() ? 1 : 0;
        }
        assertThat(refused).isEqualTo(48);
    }

    /** an inline callback executor, default limits, a slow request and refreshes behind it. */
    @Test
    void inlineCallbacks_authFlood_overflowsTheStack() {
        ManualTime time = new ManualTime();
        ManualExecutor deliveries = new ManualExecutor();
        AtomicInteger seen = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        Tidings tidings = Tidings.builder()
                .time(time)
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(deliveries)
                .authenticator(c -> {
                    try {
                        if (deepest.incrementAndGet() < 0) throw new IllegalStateException();
                        return CompletableFuture.completedFuture(Authentication.user("u"));
                    } catch (StackOverflowError e) {
                        throw e;
                    }
                })
                .onRequest("slow", (c, p) -> new CompletableFuture<>())
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection c, String e, Payload p) {
                        seen.incrementAndGet();
                    }
                })
                .build();
        MemoryClient a = MemoryClient.acknowledging(tidings).token("u").connect();
        deliveries.runAll();
        a.request("slow", "1");
        a.request("slow", "1");
        for (int s = 0; s < 58; s++) {
            for (int i = 0; i < 28; i++) {
                a.auth("u");
            }
            try {
                time.advance(SECOND);
            } catch (Throwable e) {
            }
            deliveries.runAll();
        }
        try {
            time.advance(Duration.ofSeconds(5));
        } catch (Throwable e) {
            Throwable c = e;
            while (c.getCause() != null) c = c.getCause();
        }
        deliveries.runAll();
        a.message("alive", "1");
        deliveries.runAll();
        time.advance(SECOND);
        deliveries.runAll();
        assertThat(a.closures().get(0).code()).isEqualTo(4129);
    }

    /** no overflow at all: the same resume tells it, for comparison. */
    @Test
    void noOverflow_isTold() {
        AtomicBoolean allowed = new AtomicBoolean(true);
        Bench bench = new Bench(b ->
                b.channel("news", r -> r.subscribe(a -> CompletableFuture.completedFuture(allowed.get()))));
        MemoryClient client = bench.subscribed(bench.acknowledging(), "news");
        client.cut();
        bench.publish("news", 1);
        allowed.set(false);
        client.resume();
        bench.seconds(2);
        assertThat(client.received("unsubscribed")).hasSize(1);
    }
}
