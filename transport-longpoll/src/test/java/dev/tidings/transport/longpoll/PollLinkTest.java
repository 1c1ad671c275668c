package dev.tidings.transport.longpoll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Position;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.RecordingAttachment;
import dev.tidings.testkit.RecordingHost;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One poll on a wire that the test holds in its hand. */
class PollLinkTest {

    private static final Duration HOLD = Duration.ofSeconds(25);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Disconnect WHY = Disconnect.FORBIDDEN.because("Banned until Monday");
    private static final String GAP = "{\"type\":\"gap\",\"channel\":\"a\",\"reason\":\"NO_HISTORY\"}";

    private final ManualTime time = new ManualTime();
    private final RecordingHost host = new RecordingHost(
            new TransportSettings(
                    4_096,
                    64,
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(105),
                    16,
                    1_000,
                    HOLD,
                    Duration.ofSeconds(15),
                    Duration.ofMinutes(10)),
            time);
    private final FakeReply reply = new FakeReply();

    @AfterEach
    void close() {
        List<String> violations = new ArrayList<>();
        host.attachments().forEach(attachment -> violations.addAll(attachment.violations()));
        host.close();
        assertThat(violations).isEmpty();
    }

    private static final class FakeReply implements Reply {
        final List<Content> sent = new ArrayList<>();
        final List<Disconnect> refused = new ArrayList<>();
        int cuts;
        boolean throwing;
        Ended ended;

        @Override
        public void send(Content content, Ended then) {
            if (throwing) {
                throw new IllegalStateException("The response is recycled");
            }
            sent.add(content);
            ended = then;
        }

        @Override
        public void refuse(Disconnect why, Ended then) {
            refused.add(why);
            ended = then;
        }

        @Override
        public void cut() {
            cuts++;
        }

        String body() {
            assertThat(sent).hasSize(1);
            return new String(sent.get(0).body(), StandardCharsets.UTF_8);
        }
    }

    private RecordingAttachment open(boolean acknowledging, Duration hold) {
        new PollLink(host, reply, acknowledging, hold)
                .open(Handshake.builder("poll").build());
        return host.attached(PATIENCE);
    }

    private RecordingAttachment acknowledging() {
        return open(true, HOLD);
    }

    private RecordingAttachment plain() {
        return open(false, HOLD);
    }

    private static Frame message(String text) {
        return Frame.ofChannel(text, "a", null, null);
    }

    private static void offerAndWake(RecordingAttachment attachment, Frame... frames) {
        for (Frame frame : frames) {
            attachment.offer(frame);
        }
        attachment.link().wake();
    }

    private void passTheTime(Duration by) {
        time.advance(by);
    }

    // ---- Acknowledging ----------------------------------------------------------------------------------------------

    @Test
    void wake_frames_areOneAnswer() {
        RecordingAttachment attachment = acknowledging();
        offerAndWake(
                attachment, Frame.uncounted("{\"type\":\"ack\"}"), Frame.counted("{\"n\":1}"), Frame.counted("\"ü\""));

        assertThat(reply.body()).isEqualTo("{\"type\":\"ack\"}\n{\"n\":1}\n\"ü\"");
        assertThat(reply.sent.get(0).type()).isEqualTo("application/x-ndjson");
        // The record counts every frame, the carrier's too.
        assertThat(reply.sent.get(0).headers()).isEqualTo(Map.of("Tidings-First", "2"));
        assertThat(attachment.writes()).isZero();
        assertThat(attachment.detachments()).isEmpty();

        reply.ended.ended(true);
        assertThat(attachment.writes()).isEqualTo(1);
        assertThat(attachment.detachments()).containsExactly(Disconnect.LINK_LOST);
    }

    @Test
    void wake_whileAnswering_pollsNothing() {
        RecordingAttachment attachment = acknowledging();
        offerAndWake(attachment, Frame.counted("1"));
        offerAndWake(attachment, Frame.counted("2"));
        assertThat(attachment.polled()).isEqualTo(1);

        reply.ended.ended(true);
        attachment.link().wake();
        attachment.link().close(WHY);
        reply.ended.ended(true);
        assertThat(attachment.polled()).isEqualTo(1);
        assertThat(attachment.detachments()).hasSize(1);
        assertThat(reply.refused).isEmpty();
        assertThat(reply.cuts).isZero();
    }

    @Test
    void wake_moreThanAnAnswerHolds_takesThatManyFrames() {
        RecordingAttachment attachment = acknowledging();
        for (int i = 0; i < 20; i++) {
            attachment.offer(Frame.counted("" + i));
        }
        attachment.link().wake();
        assertThat(reply.body().split("\n", -1)).hasSize(16);
        assertThat(attachment.polled()).isEqualTo(16);
    }

    @Test
    void wake_largeFrames_takesOneAtLeastAndNoneBeyondTheBytes() {
        RecordingAttachment attachment = acknowledging();
        Frame half = Frame.counted("x".repeat(600));
        offerAndWake(attachment, half, half, half);
        assertThat(attachment.polled()).isEqualTo(2);
    }

    @Test
    void time_isOver_answersNothingButTheNumber() {
        RecordingAttachment attachment = acknowledging();
        passTheTime(HOLD.minusMillis(1));
        assertThat(reply.sent).isEmpty();

        passTheTime(Duration.ofMillis(1));
        assertThat(attachment.awaitSilence(Duration.ofMillis(100), PATIENCE)).isTrue();
        assertThat(reply.body()).isEmpty();
        assertThat(reply.sent.get(0).headers()).isEqualTo(Map.of("Tidings-First", "1"));
        reply.ended.ended(true);
        assertThat(attachment.detachments()).containsExactly(Disconnect.LINK_LOST);
    }

    @Test
    void time_ofAnAnsweredPoll_isCancelled() {
        RecordingAttachment attachment = acknowledging();
        offerAndWake(attachment, Frame.counted("1"));
        reply.ended.ended(true);
        assertThat(time.pending()).isZero();
    }

    @Test
    void noTime_nothingToSay_waitsUntilThatIsCertain() {
        host.onAttach(attachment -> attachment.settle(false));
        RecordingAttachment attachment = open(true, Duration.ZERO);
        attachment.link().wake();
        assertThat(reply.sent).isEmpty();

        attachment.settle(true);
        attachment.link().wake();
        assertThat(reply.body()).isEmpty();
        assertThat(time.pending()).isZero();
    }

    @Test
    void noTime_somethingToSay_isAnswered() {
        host.onAttach(attachment -> attachment.offer(Frame.counted("1")));
        open(true, Duration.ZERO);
        assertThat(reply.body()).isEqualTo("1");
    }

    // ---- Ends -------------------------------------------------------------------------------------------------------

    @Test
    void close_held_saysWhyByAStatus() {
        RecordingAttachment attachment = acknowledging();
        attachment.link().close(WHY);
        assertThat(reply.refused).containsExactly(WHY);
        assertThat(attachment.detachments()).containsExactly(WHY);
        offerAndWake(attachment, Frame.counted("after"));
        assertThat(reply.sent).isEmpty();
    }

    /** The status for 1000 is 200, which would pass for an answer. */
    @Test
    void close_normally_isAnAnswer() {
        RecordingAttachment attachment = acknowledging();
        attachment.link().close(Disconnect.NORMAL);
        assertThat(reply.body())
                .isEqualTo("{\"type\":\"close\",\"code\":1000,\"reason\":\"Normal closure\",\"reconnect\":\"never\"}");
        assertThat(attachment.detachments()).containsExactly(Disconnect.NORMAL);
    }

    @Test
    void plain_closedNormally_isAnAnswer() {
        RecordingAttachment attachment = plain();
        attachment.link().close(Disconnect.NORMAL);
        assertThat(reply.body()).isEqualTo("{\"messages\":[]}");
    }

    @Test
    void close_beforeAttachReturned_saysWhyByAStatus() {
        host.onAttach(attachment -> attachment.link().close(WHY));
        RecordingAttachment attachment = acknowledging();
        assertThat(reply.refused).containsExactly(WHY);
        assertThat(attachment.detachments()).containsExactly(WHY);
    }

    @Test
    void close_statusDoesNotGetThrough_isGivenUpAtTheSendDeadline() {
        RecordingAttachment attachment = acknowledging();
        attachment.link().close(WHY);
        passTheTime(Duration.ofSeconds(10));
        assertThat(reply.cuts).isEqualTo(1);
    }

    @Test
    void close_statusGotThrough_leavesNoTimer() {
        RecordingAttachment attachment = acknowledging();
        attachment.link().close(WHY);
        reply.ended.ended(true);
        assertThat(time.pending()).isZero();
        passTheTime(Duration.ofMinutes(1));
        assertThat(reply.cuts).isZero();
    }

    @Test
    void close_answerStalls_givesItUp() {
        RecordingAttachment attachment = acknowledging();
        offerAndWake(attachment, Frame.counted("1"));
        attachment.link().close(Disconnect.SLOW_CONSUMER);
        assertThat(reply.cuts).isEqualTo(1);
        assertThat(attachment.detachments()).containsExactly(Disconnect.SLOW_CONSUMER);
        assertThat(attachment.writes()).isZero();
        reply.ended.ended(true);
        assertThat(attachment.writes()).isZero();
    }

    @Test
    void lost_held_isDetachedAndPollsNothing() {
        PollLink link = new PollLink(host, reply, true, HOLD);
        link.open(Handshake.builder("poll").build());
        RecordingAttachment attachment = host.attached(PATIENCE);
        link.lost();
        offerAndWake(attachment, Frame.counted("1"));
        assertThat(attachment.detachments()).containsExactly(Disconnect.LINK_LOST);
        assertThat(attachment.polled()).isZero();
        assertThat(reply.sent).isEmpty();
        assertThat(time.pending()).isZero();
    }

    @Test
    void answer_fails_isDetached() {
        RecordingAttachment attachment = acknowledging();
        offerAndWake(attachment, Frame.counted("1"));
        reply.ended.ended(false);
        assertThat(attachment.detachments()).containsExactly(Disconnect.LINK_LOST);
        assertThat(attachment.writes()).isZero();
    }

    @Test
    void answer_throws_isDetachedAndReachesNobody() {
        RecordingAttachment attachment = acknowledging();
        reply.throwing = true;
        assertThatCode(() -> offerAndWake(attachment, Frame.counted("1"))).doesNotThrowAnyException();
        assertThat(attachment.detachments()).containsExactly(Disconnect.LINK_LOST);
    }

    // ---- Plain ------------------------------------------------------------------------------------------------------

    @Test
    void plain_messages_areOneObject() {
        RecordingAttachment attachment = plain();
        attachment.stand("7-ab,0-unknown");
        offerAndWake(attachment, Frame.uncounted("{\"type\":\"welcome\"}"), message("{\"n\":1}"), message("{\"n\":2}"));
        assertThat(reply.body()).isEqualTo("{\"messages\":[{\"n\":1},{\"n\":2}],\"next\":\"7-ab,0-unknown\"}");
        assertThat(reply.sent.get(0).type()).isEqualTo("application/json;charset=utf-8");
        reply.ended.ended(true);
        assertThat(attachment.detachments()).containsExactly(Disconnect.NORMAL);
    }

    @Test
    void plain_onlyTheCarrierSpeaks_isHeldOn() {
        RecordingAttachment attachment = plain();
        offerAndWake(attachment, Frame.uncounted("{\"type\":\"welcome\"}"));
        assertThat(reply.sent).isEmpty();
        assertThat(attachment.outstanding()).as("nobody watches a write of it").isZero();
        offerAndWake(attachment, message("1"));
        assertThat(reply.body()).isEqualTo("{\"messages\":[1]}");
    }

    /** Where nothing is kept there is a gap at the beginning of each poll. */
    @Test
    void plain_nothingButThatNothingIsKept_isHeldOn() {
        RecordingAttachment attachment = plain();
        offerAndWake(attachment, message(GAP).as(Frame.Kind.GAP, "gap"));
        assertThat(reply.sent).isEmpty();
        offerAndWake(attachment, message("1"));
        assertThat(reply.body()).isEqualTo("{\"messages\":[" + GAP + ",1],\"gap\":true}");
    }

    @Test
    void plain_anotherGap_isToldAtOnce() {
        RecordingAttachment attachment = plain();
        offerAndWake(attachment, message("{\"reason\":\"TRIMMED\"}").as(Frame.Kind.GAP, "gap"));
        assertThat(reply.body()).isEqualTo("{\"messages\":[{\"reason\":\"TRIMMED\"}],\"gap\":true}");
    }

    @Test
    void plain_noTime_saysWhereItStands() {
        host.onAttach(attachment -> attachment.stand(Position.UNKNOWN.toString()));
        open(false, Duration.ZERO);
        assertThat(reply.body()).isEqualTo("{\"messages\":[],\"next\":\"0-unknown\"}");
    }

    @Test
    void plain_closedWithNothingToSay_saysWhyByAStatus() {
        RecordingAttachment attachment = plain();
        offerAndWake(attachment, Frame.uncounted("{\"type\":\"close\"}"));
        attachment.link().close(WHY);
        assertThat(reply.refused).containsExactly(WHY);
        assertThat(attachment.detachments()).containsExactly(WHY);
    }
}
