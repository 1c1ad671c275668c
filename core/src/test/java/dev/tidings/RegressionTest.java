package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Faults that were once there, one test each. */
class RegressionTest {
    private static final Pattern RESUME = Pattern.compile("\"resume\":\"([^\"]+)\"");
    private final TestTime time = new TestTime();

    private Tidings.Builder builder() {
        return Tidings.builder()
                .time(time)
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .channel("{any*}", rule -> rule.subscribe(Allow.anyone()).presence(Allow.anyone()));
    }

    /** JSON, with a hook at the moment of encoding. */
    private static final class Hooked implements Codec {
        Consumer<Outbound> hook = said -> {};

        @Override
        public String name() {
            return "hooked";
        }

        @Override
        public List<Inbound> decode(String text, FrameLimits limits) {
            return JsonCodec.INSTANCE.decode(text, limits);
        }

        @Override
        public Frame encode(Outbound message) {
            hook.accept(message);
            return JsonCodec.INSTANCE.encode(message);
        }
    }

    /** the link goes between the verdict and the binding. */
    @Test
    void open_linkGoneMeanwhile_leavesNoConnection() {
        Tidings tidings = builder().build();
        CompletableFuture<Authentication> unused = new CompletableFuture<>();
        Hooked codec = new Hooked();
        TestLink link = new TestLink();
        Tidings slow = builder().authenticator(c -> unused).build();
        link.on(slow, Handshake.builder("test").codec(codec).build());
        codec.hook = said -> {
            if (said instanceof Outbound.Welcome) {
                link.attachment().detached(Disconnect.LINK_LOST);
            }
        };
        unused.complete(Authentication.anonymous());
        time.advance(Duration.ofMinutes(10));
        assertThat(slow.stats().connections()).isZero();
        tidings.close();
    }

    /** a connection ends while it begins: what is said to it afterwards stays unsaid. */
    @Test
    void disconnect_whileItBegins_nothingIsSaidAfterwards() {
        List<Boolean> taken = new ArrayList<>();
        Tidings tidings = builder()
                .listener(new ConnectionListener() {
                    @Override
                    public void onConnect(Connection connection) {
                        taken.add(connection.send("before", Payload.NULL));
                        connection.disconnect(Disconnect.FORBIDDEN);
                        taken.add(connection.send("late", Payload.NULL));
                    }
                })
                .build();

        TestLink link = TestLink.attach(tidings, Handshake.builder("test").build());

        assertThat(taken).containsExactly(true, false);
        assertThat(link.sent("direct")).singleElement().asString().contains("before");
        assertThat(link.closes).containsExactly(Disconnect.FORBIDDEN);
        assertThat(tidings.stats().connections()).isZero();
        tidings.close();
    }

    /** the resuming link goes before it is bound. */
    @Test
    void resume_linkGoneMeanwhile_isDetached() {
        Tidings tidings = builder().build();
        Hooked codec = new Hooked();
        Handshake.Builder hs = Handshake.builder("test").codec(codec).acknowledging(true);
        TestLink first = TestLink.attach(tidings, hs.build());
        Matcher m = RESUME.matcher(first.sent("welcome").get(0));
        assertThat(m.find()).isTrue();
        TestLink second = TestLink.attach(tidings, hs.resuming(true).build());
        codec.hook = said -> {
            if (said instanceof Outbound.Close) {
                second.attachment().detached(Disconnect.LINK_LOST);
            }
        };
        second.receive("{'type':'resume','token':'" + m.group(1) + "','received':0}");
        assertThat(tidings.stats().attached()).isZero();
        time.advance(Duration.ofMinutes(10));
        assertThat(tidings.stats().connections()).isZero();
    }

    /** while a connection begins, another link takes over, says the end and goes. */
    @Test
    void close_onAnotherLinkWhileItBegins_leavesNothing() {
        Hooked codec = new Hooked();
        List<String> tokens = new ArrayList<>();
        codec.hook = said -> {
            if (said instanceof Outbound.Welcome welcome) {
                tokens.add(welcome.resume());
            }
        };
        Handshake.Builder handshake =
                Handshake.builder("test").codec(codec).acknowledging(true).resuming(true);
        Tidings[] tidings = new Tidings[1];
        tidings[0] = builder()
                .listener(new ConnectionListener() {
                    @Override
                    public void onConnect(Connection connection) {
                        TestLink other = TestLink.attach(tidings[0], handshake.build());
                        other.receive("{'type':'resume','token':'" + tokens.get(0) + "','received':0}");
                        other.stick();
                        connection.send("waits", Payload.NULL);
                        connection.send("waits", Payload.NULL);
                        other.receive("{'type':'close'}");
                        other.detach(Disconnect.NORMAL);
                    }
                })
                .build();

        TestLink.attach(
                tidings[0],
                Handshake.builder("test").codec(codec).acknowledging(true).build());

        assertThat(tidings[0].stats().connections()).isZero();
        assertThat(tidings[0].stats().queuedBytes()).isZero();
        tidings[0].close();
    }

    /** the word "subscribed" is the frame that overflows. */
    @Test
    void open_overflowsByTheWord_endsThePlainClient() {
        Tidings tidings = builder().limits(l -> l.outbox(10_000, 5)).build();
        TestLink link = TestLink.attach(tidings, Handshake.builder("test").build());
        link.stick();
        for (int i = 0; i < 5; i++) {
            tidings.broadcast("e", Payload.json("1"));
        }
        assertThat(link.closes).isEmpty();
        link.receive("{'type':'subscribe','id':1,'channel':'news'}");
        assertThat(link.closes).containsExactly(Disconnect.SLOW_CONSUMER);
    }

    /** the address header in two lines, as HAProxy sends it. */
    @Test
    void addressHeader_severalLines_countsTheLast() {
        Limits limits =
                new Limits.Builder().connections(3, 20, 10).unauthenticated(2).build();
        Admission admission = new Admission(new Origins(List.of()), limits, "X-Forwarded-For");
        for (int i = 0; i < 2; i++) {
            admission.opened(twoLines("198.51.100." + i));
        }
        assertThat(admission.refuse(twoLines("198.51.100.9"), 0, false)).isPresent();
    }

    private static Handshake twoLines(String spoofed) {
        return Handshake.builder("test")
                .header("X-Forwarded-For", List.of(spoofed, "203.0.113.7"))
                .build();
    }

    /** a held presence sequence with a hole after an overflow and a resume. */
    @Test
    void presence_heldAcrossAnOverflow_losesNoChangeAfterTheSnapshot() {
        Outbox outbox = new Outbox(JsonCodec.INSTANCE, true, 8, 1_000, new LongAdder(), new LongAdder());
        Object one = new Object();
        outbox.attach(one);
        Lane lane = new Lane("a");
        outbox.open(lane, null);
        outbox.holdPresence(lane);
        outbox.offerPresence(lane, Frame.ofChannel("v5", "a", null, null), 5);
        outbox.offerPresence(lane, Frame.ofChannel("v6", "a", null, null), 6);
        for (int i = 0; i < 6; i++) {
            outbox.offer(Frame.counted("x"));
        }
        outbox.offerPresence(lane, Frame.ofChannel("v7", "a", null, null), 7); // overflow
        Object two = new Object();
        outbox.resume(two, "c", 0, 1, Set.of());
        outbox.offerPresence(lane, Frame.ofChannel("v8", "a", null, null), 8);
        outbox.openPresence(lane, Frame.counted("s7"), 7);
        List<String> got = new ArrayList<>();
        for (Frame f = outbox.poll(two, 0); f != null; f = outbox.poll(two, 0)) {
            got.add(f.text());
        }
        assertThat(got).endsWith("s7", "v8");
    }

    /** an Error of one link's stops the delivery to the others. */
    @Test
    void wake_throwsAnError_othersStillGetTheMessage() {
        Tidings tidings = builder().build();
        Handshake hs =
                Handshake.builder("test").parameter("channel", List.of("news")).build();
        List<TestLink> links = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            TestLink link = i != 10
                    ? new TestLink()
                    : new TestLink() {
                        @Override
                        public void wake() {
                            if (sent("message").size() + 1 > 0 && bad) {
                                throw new StackOverflowError("for the test");
                            }
                            super.wake();
                        }
                    };
            links.add(link.on(tidings, hs));
        }
        bad = true;
        tidings.channel("news").publish(Payload.json("1"));
        long got = links.stream().filter(l -> l.sent("message").size() == 1).count();
        assertThat(got).isGreaterThanOrEqualTo(19);
    }

    private static boolean bad;

    /** versions of a channel nobody ever entered begin above forgotten ones, its snapshot says 0: a false hole. */
    @Test
    void members_neverEntered_fitsTheFirstChange() {
        MemoryPresence store = new MemoryPresence();
        List<Long> versions = new ArrayList<>();
        store.start(change -> {
            if (change.channel().equals("fresh")) {
                versions.add(change.version());
            }
        });
        for (int i = 0; i < 10_002; i++) {
            store.enter("c" + i, new dev.tidings.protocol.Member("1", null, Payload.NULL));
            store.leave("c" + i, "1");
        }
        long snapshot = store.members("fresh").toCompletableFuture().join().version();
        store.enter("fresh", new dev.tidings.protocol.Member("1", null, Payload.NULL));
        assertThat(versions).containsExactly(snapshot + 1);
    }

    /** any scheme counts as the same origin. */
    @Test
    void origin_ofAnotherScheme_isRefused() {
        Handshake hs = Handshake.builder("test")
                .header("Origin", List.of("evil-app://good.example"))
                .header("Host", List.of("good.example"))
                .build();
        assertThat(new Origins(List.of()).admits(hs)).isFalse();
    }

    /** what a browser sends by itself includes Basic credentials. */
    @Test
    void withoutAmbientCredentials_basic_isGone() {
        Handshake hs = Handshake.builder("test")
                .header("Authorization", List.of("Basic YTpi"))
                .build();
        assertThat(hs.withoutAmbientCredentials().header("Authorization")).isEmpty();
    }
}
