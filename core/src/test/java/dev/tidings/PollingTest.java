package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that are carried by one poll after the other. */
class PollingTest {

    private static final Pattern RESUME = Pattern.compile("\"resume\":\"([^\"]+)\"");

    private final TestTime time = new TestTime();
    private final List<String> events = new ArrayList<>();
    private final Tidings tidings = build();
    private String token = "";
    private long number;
    private long received;

    @AfterEach
    void close() {
        tidings.close();
    }

    /** Holds until there is something, answers once, and is gone with its answer. */
    private final class Poll implements Link {
        final List<String> answer = new ArrayList<>();
        final List<Disconnect> closes = new ArrayList<>();
        private final int share;
        private Attachment attachment;
        private boolean answering;
        private long first;
        private int counted;

        /** The wire is slow: the answer is on its way until {@link #arrive}. */
        private boolean slow;

        Poll(int share) {
            this.share = share;
        }

        Poll on(Handshake handshake) {
            attachment = tidings.attach(handshake, this);
            if (!closes.isEmpty()) {
                attachment.detached(closes.get(0));
            }
            wake();
            return this;
        }

        @Override
        public String transport() {
            return "poll";
        }

        @Override
        public void wake() {
            if (attachment == null || answering) {
                return;
            }
            first = attachment.nextNumber();
            for (Frame frame = attachment.poll();
                    frame != null;
                    frame = answer.size() < share ? attachment.poll() : null) {
                answer.add(frame.text());
                counted += frame.isCounted() ? 1 : 0;
                answering = true;
            }
            if (answering && !slow) {
                leave();
            }
        }

        void leave() {
            attachment.written();
            attachment.detached(Disconnect.LINK_LOST);
        }

        /** The client has the answer. */
        List<String> arrive() {
            if (counted > 0) {
                received = first + counted - 1;
            }
            for (String text : answer) {
                Matcher matcher = RESUME.matcher(text);
                if (matcher.find()) {
                    token = matcher.group(1);
                }
            }
            return answer;
        }

        @Override
        public void close(Disconnect disconnect) {
            closes.add(disconnect);
            if (!answering) {
                answering = true;
                if (attachment != null) {
                    attachment.detached(disconnect);
                }
            }
        }
    }

    private Poll poll() {
        return poll(100);
    }

    private Poll poll(int share) {
        return poll(share, ++number);
    }

    private Poll poll(int share, long as) {
        Handshake.Builder handshake = handshake().polling(true);
        if (!token.isEmpty()) {
            handshake.resume(new Handshake.Resume(token, received, as));
        }
        return new Poll(share).on(handshake.build());
    }

    private static Handshake.Builder handshake() {
        return Handshake.builder("poll").acknowledging(true).allowsAuthFrame(false);
    }

    private Posted post(long first, String... frames) {
        Handshake handshake =
                handshake().resume(new Handshake.Resume(token, 0, 0)).build();
        return tidings.post(handshake, first, List.of(frames))
                .toCompletableFuture()
                .join();
    }

    private static String event(int value) {
        return "{\"type\":\"send\",\"event\":\"e\",\"data\":" + value + "}";
    }

    private Connection begin() {
        assertThat(poll().arrive()).singleElement().asString().contains("\"welcome\"");
        return tidings.connections().iterator().next();
    }

    private void say(Connection connection, int value) {
        assertThat(connection.send("e", Payload.json("" + value))).isTrue();
    }

    private static String direct(int value) {
        return "{\"type\":\"direct\",\"event\":\"e\",\"data\":" + value + "}";
    }

    @Test
    void poll_afterPoll_isHeardOfByNobody() {
        Connection connection = begin();
        for (int i = 0; i < 20; i++) {
            Poll poll = poll();
            assertThat(connection.transport()).hasValue("poll");
            say(connection, i);
            assertThat(poll.arrive()).containsExactly(direct(i));
            assertThat(connection.transport()).hasValue("poll");
            time.advance(Duration.ofSeconds(8));
        }
        assertThat(events).containsExactly("connect");
        assertThat(tidings.stats().attached()).isEqualTo(1);
    }

    @Test
    void poll_doesNotComeInTime_isDetachedOnceAndResumed() {
        Connection connection = begin();
        say(connection, 1);
        time.advance(Duration.ofSeconds(12));
        assertThat(events).containsExactly("connect", "detached");
        assertThat(connection.transport()).isEmpty();

        assertThat(poll().arrive()).hasSize(2).element(1).isEqualTo(direct(1));
        assertThat(events).containsExactly("connect", "detached", "resumed");
    }

    @Test
    void poll_isHeldForLong_isNoDeadPeer() {
        begin();
        Poll poll = poll();
        time.advance(Duration.ofMinutes(5));
        assertThat(poll.closes).isEmpty();
        assertThat(poll.answer).isEmpty();
    }

    @Test
    void poll_answerWasLost_comesAgain() {
        Connection connection = begin();
        say(connection, 1);
        poll();
        say(connection, 2);
        assertThat(poll().arrive()).containsExactly(direct(1), direct(2));
        assertThat(post(1, "{\"type\":\"ack\",\"received\":2}").refusal()).isNull();
        assertThat(tidings.stats().queuedBytes()).isZero();
    }

    @Test
    void poll_answerWithAnAcknowledgementWasLost_bothComeAgain() {
        Connection connection = begin();
        for (int i = 1; i <= 16; i++) {
            post(i, event(i));
        }
        say(connection, 1);
        assertThat(poll().answer).containsExactly("{\"type\":\"ack\",\"received\":16}", direct(1));
        assertThat(poll().arrive()).containsExactly("{\"type\":\"ack\",\"received\":16}", direct(1));
    }

    /** An answer that had nothing but an acknowledgement shows by nothing that it was lost; the client repeats what it keeps. */
    @Test
    void post_repeated_isAcknowledgedAgain() {
        begin();
        for (int i = 1; i <= 16; i++) {
            post(i, event(i));
        }
        assertThat(poll().answer).containsExactly("{\"type\":\"ack\",\"received\":16}");
        Poll next = poll();
        assertThat(next.answer).isEmpty();
        assertThat(post(16, event(16))).isEqualTo(new Posted(17, null));
        assertThat(next.arrive()).containsExactly("{\"type\":\"ack\",\"received\":16}");
        assertThat(events).hasSize(17);
    }

    @Test
    void f37_poll_repeated_isRefusedAndTheOtherStays() {
        Connection connection = begin();
        Poll held = poll();
        Poll again = poll(100, number);
        assertThat(again.closes).containsExactly(Disconnect.IN_USE);
        say(connection, 1);
        assertThat(held.arrive()).containsExactly(direct(1));
    }

    @Test
    void f37_poll_delayedUntilAnotherTransportCarries_disturbsNothing() {
        Connection connection = begin();
        poll();
        TestLink socket = TestLink.attach(
                tidings,
                Handshake.builder("websocket")
                        .acknowledging(true)
                        .resume(new Handshake.Resume(token, 0, 0))
                        .build());
        Poll late = poll(100, number);
        assertThat(late.closes).containsExactly(Disconnect.IN_USE);
        say(connection, 1);
        assertThat(socket.sent("direct")).containsExactly(direct(1));
        assertThat(events).containsExactly("connect", "resumed");
    }

    @Test
    void poll_withAHigherNumber_takesOver() {
        Connection connection = begin();
        Poll old = poll();
        Poll young = poll();
        assertThat(old.answer).singleElement().asString().contains("\"close\"", "4009");
        say(connection, 1);
        assertThat(young.arrive()).containsExactly(direct(1));
        assertThat(events).containsExactly("connect");
    }

    @Test
    void disconnect_whileHeld_isSaidBehindWhatWaits() {
        Connection connection = begin();
        Poll held = poll();
        held.slow = true;
        say(connection, 1);
        say(connection, 2);
        connection.disconnect(Disconnect.FORBIDDEN);
        held.leave();
        // The answer was on its way already, so that the next one says it.
        assertThat(held.arrive()).containsExactly(direct(1));
        List<String> last = poll().arrive();
        assertThat(last).hasSize(2).element(0).isEqualTo(direct(2));
        assertThat(last.get(1)).contains("\"close\"", "4003");
        assertNothingLeft();
    }

    @Test
    void disconnect_betweenPolls_isSaidByTheNextOne() {
        Connection connection = begin();
        say(connection, 1);
        connection.disconnect(Disconnect.FORBIDDEN);
        List<String> last = poll().arrive();
        assertThat(last).hasSize(2).element(0).isEqualTo(direct(1));
        assertThat(last.get(1)).contains("\"close\"", "4003");
        assertThat(poll().arrive()).singleElement().asString().contains("\"welcome\"");
        assertThat(events).containsExactly("connect", "disconnect 4003", "connect");
    }

    @Test
    void disconnect_moreThanOneAnswerWaits_isSaidByTheLast() {
        Connection connection = begin();
        for (int i = 1; i <= 5; i++) {
            say(connection, i);
        }
        connection.disconnect(Disconnect.FORBIDDEN);
        assertThat(poll(2).arrive()).containsExactly(direct(1), direct(2));
        assertThat(poll(2).arrive()).containsExactly(direct(3), direct(4));
        List<String> last = poll(2).arrive();
        assertThat(last).hasSize(2).element(0).isEqualTo(direct(5));
        assertThat(last.get(1)).contains("\"close\"", "4003");
        assertNothingLeft();
    }

    @Test
    void disconnect_nobodyComesToHear_isForgotten() {
        Connection connection = begin();
        say(connection, 1);
        connection.disconnect(Disconnect.FORBIDDEN);
        time.advance(Duration.ofSeconds(11));
        assertNothingLeft();
        assertThat(poll().arrive()).singleElement().asString().contains("\"welcome\"");
    }

    @Test
    void close_byPost_endsIt() {
        begin();
        Poll held = poll();
        post(1, "{\"type\":\"close\"}");
        assertThat(held.answer).singleElement().asString().contains("\"close\"", "1000");
        assertThat(events).containsExactly("connect", "disconnect 1000");
        assertThat(post(1, event(1)).isGone()).isTrue();
        assertNothingLeft();
    }

    private void assertNothingLeft() {
        assertThat(tidings.stats().queuedBytes()).isZero();
        assertThat(tidings.stats().connections()).isZero();
    }

    private Tidings build() {
        return Tidings.builder()
                .time(time)
                .callbackExecutor(Runnable::run)
                .deliveryExecutor(Runnable::run)
                .listener(new ConnectionListener() {
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
                    public void onMessage(Connection connection, String event, Payload payload) {
                        events.add("message " + payload.json());
                    }

                    @Override
                    public void onDisconnect(Connection connection, Disconnect disconnect) {
                        events.add("disconnect " + disconnect.code());
                    }
                })
                .build();
    }
}
