package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Outbox.Lost;
import dev.tidings.Outbox.Offer;
import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.FrameLimits;
import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.protocol.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class OutboxTest {

    private static final int MAX_FRAMES = 5;
    private static final int MAX_BYTES = 100;

    private final LongAdder queuedBytes = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Object link = new Object();
    private final Lane lane = new Lane("a");

    @Nested
    class Acknowledging {

        private final Outbox outbox = attached(true);

        @Test
        void poll_offered_comesInOrderAndIsNumberedThen() {
            offer(outbox, "1", "2");
            assertThat(outbox.nextNumber()).isEqualTo(1);

            assertThat(poll(outbox)).isEqualTo("1");
            assertThat(outbox.nextNumber()).isEqualTo(2);
            assertThat(poll(outbox)).isEqualTo("2");
            assertThat(poll(outbox)).isNull();
            assertThat(outbox.nextNumber()).isEqualTo(3);
        }

        @Test
        void poll_uncounted_takesNoNumberAndIsReleasedAtOnce() {
            outbox.offer(Frame.uncounted("ping"));
            assertThat(queuedBytes.sum()).isEqualTo(4);

            assertThat(poll(outbox)).isEqualTo("ping");
            assertThat(outbox.nextNumber()).isEqualTo(1);
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void written_counted_isKeptUntilAcknowledged() {
            offer(outbox, "12345", "678");
            pollAll(outbox);
            outbox.written(link);
            assertThat(queuedBytes.sum()).isEqualTo(8);

            assertThat(outbox.acknowledge(1)).isTrue();
            assertThat(queuedBytes.sum()).isEqualTo(3);
            assertThat(outbox.acknowledge(1)).isTrue();
            assertThat(queuedBytes.sum()).isEqualTo(3);
            assertThat(outbox.acknowledge(2)).isTrue();
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void acknowledge_moreThanWasPolled_isRefusedAndChangesNothing() {
            offer(outbox, "1", "2");
            poll(outbox);

            assertThat(outbox.acknowledge(2)).isFalse();
            assertThat(queuedBytes.sum()).isEqualTo(2);
            assertThat(outbox.acknowledge(1)).isTrue();
        }

        @Test
        void offer_framesAtTheBound_overflowsWithOneMore() {
            offer(outbox, "1", "2", "3", "4", "5");

            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.OVERFLOW);
            assertThat(dropped.sum()).isEqualTo(6);
            assertThat(queuedBytes.sum()).isZero();
        }

        /** Waiting, held back and unacknowledged frames share one bound. */
        @Test
        void offer_allPartsTogether_areBounded() {
            Lane open = openLane(outbox, "b");
            offer(outbox, "1", "2");
            poll(outbox);
            outbox.offer(open, of("b", "3"));
            outbox.offer(lane, of("a", "4"));
            outbox.holdPresence(open);
            assertThat(outbox.offerPresence(open, of("b", "5"), 1)).isEqualTo(Offer.TAKEN);

            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void offer_bytesAtTheBound_overflowsWithOneMore() {
            assertThat(outbox.offer(Frame.counted("x".repeat(MAX_BYTES)))).isEqualTo(Offer.TAKEN);
            assertThat(outbox.offer(Frame.counted(""))).isEqualTo(Offer.TAKEN);
            assertThat(outbox.offer(Frame.counted("x"))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void offer_bytesOfUtf8_countNotChars() {
            assertThat(outbox.offer(Frame.counted("ä".repeat(MAX_BYTES / 2)))).isEqualTo(Offer.TAKEN);
            assertThat(outbox.offer(Frame.counted("x"))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void offer_largerThanTheBound_overflowsAtOnce() {
            assertThat(outbox.offer(Frame.counted("x".repeat(MAX_BYTES + 1)))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void offer_acknowledgedMeanwhile_hasRoomAgain() {
            offer(outbox, "1", "2", "3", "4", "5");
            pollAll(outbox);
            outbox.acknowledge(2);

            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.TAKEN);
            assertThat(outbox.offer(Frame.counted("7"))).isEqualTo(Offer.TAKEN);
            assertThat(outbox.offer(Frame.counted("8"))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void resume_afterOverflow_tellsOnceWhatIsLost() {
            Lane open = openLane(outbox, "b");
            outbox.offer(open, of("b", "1"));
            poll(outbox);
            offer(outbox, "2", "3", "4", "5");
            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.OVERFLOW);
            assertThat(outbox.offer(Frame.counted("7"))).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offer(lane, of("a", "8"))).isEqualTo(Offer.IGNORED);
            assertThat(poll(outbox)).isNull();
            assertThat(dropped.sum()).isEqualTo(8);

            Object next = new Object();
            assertThat(outbox.resume(next, "c", 0, 1, Set.of("z"))).isEqualTo(new Lost(true, Set.of("a", "b")));
            assertThat(poll(outbox, next)).isEqualTo(resumed(2, 1));
            assertThat(pollAll(outbox, next)).containsExactly(gap("a"), gap("b"), gap(null));
            outbox.acknowledge(4);
            outbox.offer(Frame.counted("9"));
            assertThat(poll(outbox, next)).isEqualTo("9");
            assertThat(outbox.nextNumber()).isEqualTo(6);
            assertThat(outbox.resume(new Object(), "c", 4, 1, Set.of("z"))).isEqualTo(Lost.NOTHING);
        }

        @Test
        void overflow_carrierFramesOnly_losesNothingDirect() {
            for (int i = 0; i < MAX_FRAMES; i++) {
                outbox.offer(Frame.uncounted("ping"));
            }
            assertThat(outbox.offer(Frame.uncounted("ping"))).isEqualTo(Offer.OVERFLOW);

            assertThat(outbox.resume(new Object(), "c", 0, 1, Set.of("z"))).isEqualTo(new Lost(false, Set.of()));
        }

        @Test
        void overflow_laneClosedAfterwards_isNotTold() {
            Lane open = openLane(outbox, "b");
            for (int i = 0; i <= MAX_FRAMES; i++) {
                outbox.offer(open, of("b", "x"));
            }
            outbox.close(open);

            assertThat(outbox.resume(new Object(), "c", 0, 1, Set.of())).isEqualTo(new Lost(false, Set.of()));
        }

        /** What a lane held when it all overflowed is lost with the rest, and says so. */
        @Test
        void open_afterOverflow_losesWhatWasHeld() {
            outbox.offer(lane, of("a", "1"));
            overflow();
            assertThat(outbox.open(lane, Frame.counted("subscribed"))).isTrue();

            assertThat(queuedBytes.sum()).isZero();
            assertThat(outbox.resume(new Object(), "c", 0, 1, Set.of())).isEqualTo(new Lost(true, Set.of("a")));
        }

        @Test
        void resume_someReceived_sendsTheRestAgainThenWhatIsNew() {
            offer(outbox, "1", "2", "3", "4");
            poll(outbox);
            poll(outbox);
            poll(outbox);
            outbox.detach(link);

            Object next = new Object();
            assertThat(outbox.resume(next, "c", 1, 8, Set.of())).isEqualTo(Lost.NOTHING);
            assertThat(outbox.nextNumber()).isEqualTo(2);
            assertThat(pollAll(outbox, next)).containsExactly(resumed(2, 8), "2", "3", "4");
            assertThat(outbox.nextNumber()).isEqualTo(5);
        }

        @Test
        void resume_everythingReceived_sendsOnlyWhatIsNew() {
            offer(outbox, "1", "2");
            pollAll(outbox);

            Object next = new Object();
            outbox.resume(next, "c", 2, 1, Set.of());
            outbox.offer(Frame.counted("3"));
            assertThat(pollAll(outbox, next)).containsExactly(resumed(3, 1), "3");
        }

        @Test
        void resume_moreThanWasSent_isRefusedAndTheLinkStays() {
            offer(outbox, "1");
            poll(outbox);
            offer(outbox, "2");

            assertThat(outbox.resume(new Object(), "c", 2, 1, Set.of())).isNull();
            assertThat(poll(outbox)).isEqualTo("2");
        }

        /** A client that has acknowledged more than it now says it has, has lost state: everything may be missing. */
        @Test
        void resume_lessThanWasAcknowledged_tellsThatAllMayBeLost() {
            offer(outbox, "1", "2", "3");
            pollAll(outbox);
            outbox.acknowledge(2);

            Object next = new Object();
            assertThat(outbox.resume(next, "c", 1, 1, Set.of("a"))).isEqualTo(new Lost(true, Set.of("a")));
            assertThat(pollAll(outbox, next)).containsExactly(resumed(3, 1), "3", gap("a"), gap(null));
        }

        @Test
        void resume_again_beforeAllWasSentAgain_beginsWithTheOldest() {
            offer(outbox, "1", "2", "3");
            pollAll(outbox);
            Object second = new Object();
            outbox.resume(second, "c", 0, 1, Set.of());
            poll(outbox, second);
            poll(outbox, second);

            Object third = new Object();
            outbox.resume(third, "c", 1, 1, Set.of());
            assertThat(pollAll(outbox, third)).containsExactly(resumed(2, 1), "2", "3");
            assertThat(poll(outbox, second)).isNull();
        }

        /** The client counts what comes on a link from the number that it was told: nothing may be missing from the middle. */
        @Test
        void acknowledge_whileSendingAgain_leavesNoHole() {
            offer(outbox, "1", "2", "3", "4");
            pollAll(outbox);
            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());
            poll(outbox, next);
            assertThat(poll(outbox, next)).isEqualTo("1");

            outbox.acknowledge(3);
            assertThat(outbox.nextNumber()).isEqualTo(2);
            assertThat(pollAll(outbox, next)).containsExactly("2", "3", "4");
            assertThat(outbox.nextNumber()).isEqualTo(5);
            outbox.acknowledge(4);
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void resume_acknowledgedWhileSendingAgain_goesOnBehindIt() {
            offer(outbox, "1", "2", "3", "4");
            pollAll(outbox);
            Object second = new Object();
            outbox.resume(second, null, 0, 1, Set.of());
            poll(outbox, second);
            outbox.acknowledge(3);

            Object third = new Object();
            assertThat(outbox.resume(third, null, 3, 1, Set.of())).isEqualTo(Outbox.Lost.NOTHING);
            assertThat(pollAll(outbox, third)).containsExactly("4");
        }

        /** Pings that wait for a link that is gone would only be noise on the next one. */
        @Test
        void resume_uncountedWaiting_isDropped() {
            outbox.offer(Frame.uncounted("ping"));
            outbox.offer(Frame.counted("1"));

            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());
            assertThat(pollAll(outbox, next)).containsExactly(resumed(1, 1), "1");
        }

        @Test
        void poll_staleLink_getsNothing() {
            offer(outbox, "1");
            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());

            assertThat(poll(outbox)).isNull();
            outbox.detach(link);
            assertThat(poll(outbox, next)).isEqualTo(resumed(1, 1));
        }

        @Test
        void poll_detached_getsNothing() {
            offer(outbox, "1");
            outbox.detach(link);

            assertThat(poll(outbox)).isNull();
        }

        @Test
        void withhold_sentFrames_keepTheirNumbers() {
            Lane open = openLane(outbox, "b");
            offer(outbox, "1");
            outbox.offer(open, of("b", "secret"));
            offer(outbox, "3");
            pollAll(outbox);
            outbox.close(open);
            outbox.withhold(open, of("b", "gap"));
            assertThat(queuedBytes.sum()).isEqualTo(5);

            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());
            assertThat(pollAll(outbox, next)).containsExactly(resumed(1, 1), "1", "gap", "3");
            outbox.acknowledge(3);
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void withhold_byALargerFrame_countsItsBytes() {
            Lane open = openLane(outbox, "b");
            outbox.offer(open, of("b", "x"));
            poll(outbox);
            outbox.withhold(open, of("b", "longer"));

            assertThat(queuedBytes.sum()).isEqualTo(6);
        }

        @Test
        void isDrained_sentButNotAcknowledged_isTrue() {
            offer(outbox, "1");
            outbox.seal();
            assertThat(outbox.isDrained(link, true)).isFalse();
            poll(outbox);
            assertThat(outbox.isDrained(link, true)).isFalse();
            outbox.written(link);
            assertThat(outbox.isDrained(link, true)).isTrue();
            assertThat(outbox.isDrained(new Object(), true)).isFalse();
        }

        @Test
        void isDrained_notAllSentAgain_isFalse() {
            offer(outbox, "1", "2");
            pollAll(outbox);
            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());
            outbox.seal();
            poll(outbox, next);
            poll(outbox, next);
            outbox.written(next);
            assertThat(outbox.isDrained(next, true)).isFalse();

            poll(outbox, next);
            outbox.written(next);
            assertThat(outbox.isDrained(next, true)).isTrue();
        }

        private void overflow() {
            Offer offer;
            do {
                offer = outbox.offer(Frame.counted("x"));
            } while (offer == Offer.TAKEN);
        }
    }

    @Nested
    class Plain {

        private final Outbox outbox = attached(false);

        @Test
        void nextNumber_always_isZero() {
            offer(outbox, "1");
            poll(outbox);

            assertThat(outbox.nextNumber()).isZero();
        }

        @Test
        void written_polled_isReleased() {
            offer(outbox, "1", "22", "333");
            poll(outbox);
            poll(outbox);
            assertThat(queuedBytes.sum()).isEqualTo(6);

            outbox.written(link);
            assertThat(queuedBytes.sum()).isEqualTo(3);
            outbox.written(link);
            assertThat(queuedBytes.sum()).isEqualTo(3);
        }

        @Test
        void written_byAStaleLink_releasesNothing() {
            offer(outbox, "1");
            poll(outbox);
            outbox.written(new Object());

            assertThat(queuedBytes.sum()).isEqualTo(1);
        }

        @Test
        void offer_unwrittenFrames_countAgainstTheBound() {
            offer(outbox, "1", "2", "3", "4", "5");
            poll(outbox);
            poll(outbox);

            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.OVERFLOW);
        }

        @Test
        void offer_writtenMeanwhile_hasRoomAgain() {
            offer(outbox, "1", "2", "3", "4", "5");
            poll(outbox);
            outbox.written(link);

            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.TAKEN);
        }

        @Test
        void overflow_plain_takesAndSendsNothingMore() {
            outbox.offer(lane, of("a", "1"));
            offer(outbox, "2", "3", "4", "5");
            assertThat(outbox.offer(Frame.counted("6"))).isEqualTo(Offer.OVERFLOW);

            assertThat(outbox.offer(Frame.counted("7"))).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offer(lane, of("a", "8"))).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offerPresence(lane, of("a", "9"), 1)).isEqualTo(Offer.IGNORED);
            assertThat(poll(outbox)).isNull();
            outbox.close(lane);
            outbox.clear();
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void acknowledge_anything_isRefused() {
            offer(outbox, "1");
            poll(outbox);

            assertThat(outbox.acknowledge(1)).isFalse();
        }

        @Test
        void detach_unwritten_isReleased() {
            offer(outbox, "1", "2");
            poll(outbox);
            outbox.detach(link);
            assertThat(queuedBytes.sum()).isEqualTo(1);

            outbox.clear();
            assertThat(queuedBytes.sum()).isZero();
        }

        @Test
        void writingSince_firstOfABatch_countsUntilAllIsWritten() {
            offer(outbox, "1", "2");
            assertThat(outbox.writingSince(link, 9)).isEqualTo(9);
            outbox.poll(link, 10);
            outbox.poll(link, 20);
            assertThat(outbox.writingSince(link, 30)).isEqualTo(10);
            assertThat(outbox.writingSince(new Object(), 30)).isEqualTo(30);

            outbox.written(link);
            assertThat(outbox.writingSince(link, 40)).isEqualTo(40);
        }
    }

    @Nested
    class Lanes {

        private final Outbox outbox = attached(true);

        @Test
        void open_held_followsTheWordInOrder() {
            outbox.offer(lane, of("a", "1"));
            outbox.offer(lane, of("a", "2"));
            offer(outbox, "direct");
            assertThat(pollAll(outbox)).containsExactly("direct");

            assertThat(outbox.open(lane, Frame.counted("subscribed"))).isTrue();
            outbox.offer(lane, of("a", "3"));
            assertThat(pollAll(outbox)).containsExactly("subscribed", "1", "2", "3");
        }

        @Test
        void open_withoutAWord_letsPass() {
            outbox.offer(lane, of("a", "1"));

            assertThat(outbox.open(lane, null)).isTrue();
            assertThat(pollAll(outbox)).containsExactly("1");
        }

        @Test
        void open_again_saysNothingTwice() {
            outbox.open(lane, Frame.counted("subscribed"));

            assertThat(outbox.open(lane, Frame.counted("subscribed"))).isTrue();
            assertThat(pollAll(outbox)).containsExactly("subscribed");
        }

        @Test
        void open_closedBefore_isRefused() {
            outbox.offer(lane, of("a", "1"));
            outbox.close(lane);

            assertThat(outbox.open(lane, Frame.counted("subscribed"))).isFalse();
            assertThat(outbox.offer(lane, of("a", "2"))).isEqualTo(Offer.IGNORED);
            assertThat(pollAll(outbox)).isEmpty();
            assertThat(queuedBytes.sum()).isZero();
        }

        /** Nothing of the channel leaves after it; what has left keeps its place in the count. */
        @Test
        void close_undrained_goesAndDrainedStays() {
            Lane open = openLane(outbox, "b");
            outbox.offer(open, of("b", "1"));
            poll(outbox);
            outbox.offer(open, of("b", "2"));
            offer(outbox, "3");
            outbox.offer(open, of("b", "4"));
            outbox.close(open);

            assertThat(pollAll(outbox)).containsExactly("3");
            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());
            assertThat(pollAll(outbox, next)).containsExactly(resumed(1, 1), "1", "3");
        }

        @Test
        void close_otherChannel_isNotTouched() {
            Lane b = openLane(outbox, "b");
            Lane c = openLane(outbox, "c");
            outbox.offer(b, of("b", "1"));
            outbox.offer(c, of("c", "2"));
            outbox.close(b);

            assertThat(pollAll(outbox)).containsExactly("2");
        }

        /** At the connection's end what waits still leaves, although its subscriptions end. */
        @Test
        void close_sealed_letsWhatWaitsLeave() {
            Lane open = openLane(outbox, "b");
            outbox.offer(open, of("b", "1"));
            outbox.offer(lane, of("a", "held"));
            outbox.seal();
            outbox.close(open);
            outbox.close(lane);

            assertThat(pollAll(outbox)).containsExactly("1");
        }

        @Test
        void offerPresence_nobodyAsked_isDropped() {
            outbox.open(lane, null);

            assertThat(outbox.offerPresence(lane, of("a", "v1"), 1)).isEqualTo(Offer.IGNORED);
        }

        @Test
        void openPresence_heldChanges_followTheSnapshotWithoutHoleOrDuplicate() {
            outbox.open(lane, null);
            assertThat(outbox.holdPresence(lane)).isTrue();
            for (int version = 4; version <= 7; version++) {
                outbox.offerPresence(lane, of("a", "v" + version), version);
            }

            outbox.openPresence(lane, Frame.counted("s5"), 5);
            assertThat(outbox.offerPresence(lane, of("a", "v7"), 7)).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offerPresence(lane, of("a", "v8"), 8)).isEqualTo(Offer.TAKEN);
            assertThat(pollAll(outbox)).containsExactly("s5", "v6", "v7", "v8");
        }

        @Test
        void openPresence_snapshotIsAhead_dropsWhatItHolds() {
            outbox.open(lane, null);
            outbox.holdPresence(lane);
            outbox.offerPresence(lane, of("a", "v4"), 4);

            outbox.openPresence(lane, Frame.counted("s6"), 6);
            assertThat(outbox.offerPresence(lane, of("a", "v5"), 5)).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offerPresence(lane, of("a", "v6"), 6)).isEqualTo(Offer.IGNORED);
            outbox.offerPresence(lane, of("a", "v7"), 7);
            assertThat(pollAll(outbox)).containsExactly("s6", "v7");
        }

        @Test
        void openPresence_snapshotIsBehind_keepsAllThatIsHeld() {
            outbox.open(lane, null);
            outbox.holdPresence(lane);
            outbox.offerPresence(lane, of("a", "v4"), 4);

            outbox.openPresence(lane, Frame.counted("s3"), 3);
            assertThat(pollAll(outbox)).containsExactly("s3", "v4");
        }

        @Test
        void openPresence_nothingHeld_letsPassFromItsVersion() {
            outbox.open(lane, null);
            outbox.holdPresence(lane);
            outbox.openPresence(lane, Frame.counted("s3"), 3);

            assertThat(outbox.offerPresence(lane, of("a", "v3"), 3)).isEqualTo(Offer.IGNORED);
            assertThat(outbox.offerPresence(lane, of("a", "v4"), 4)).isEqualTo(Offer.TAKEN);
        }

        @Test
        void openPresence_withoutSnapshot_letsAllPass() {
            outbox.open(lane, null);
            outbox.holdPresence(lane);
            outbox.offerPresence(lane, of("a", "v4"), 4);
            outbox.openPresence(lane, null, 0);

            assertThat(outbox.offerPresence(lane, of("a", "v5"), 5)).isEqualTo(Offer.TAKEN);
            assertThat(pollAll(outbox)).containsExactly("v4", "v5");
        }

        @Test
        void openPresence_notHolding_doesNothing() {
            outbox.open(lane, null);
            outbox.openPresence(lane, Frame.counted("s1"), 1);

            assertThat(pollAll(outbox)).isEmpty();
        }

        @Test
        void holdPresence_twiceOrClosed_isRefused() {
            outbox.open(lane, null);
            assertThat(outbox.holdPresence(lane)).isTrue();
            assertThat(outbox.holdPresence(lane)).isFalse();
            outbox.openPresence(lane, null, 0);
            assertThat(outbox.holdPresence(lane)).isFalse();
            outbox.close(lane);
            assertThat(outbox.holdPresence(lane)).isFalse();
        }

        @Test
        void close_heldPresence_isReleased() {
            outbox.open(lane, null);
            outbox.holdPresence(lane);
            outbox.offerPresence(lane, of("a", "v4"), 4);
            outbox.close(lane);
            outbox.openPresence(lane, Frame.counted("s5"), 5);

            assertThat(pollAll(outbox)).isEmpty();
            assertThat(queuedBytes.sum()).isZero();
        }
    }

    @Nested
    class Carrier {

        private final Outbox outbox = attached(true);

        @Test
        void poll_owed_comesBeforeEverything() {
            offer(outbox, "1");
            outbox.owePong();
            outbox.oweAck(7, true);
            outbox.offerCarrier(Frame.uncounted("welcome"));
            outbox.offerCarrier(Frame.uncounted("second"));

            assertThat(pollAll(outbox))
                    .containsExactly(
                            "welcome", "second", "{\"type\":\"ack\",\"received\":7}", "{\"type\":\"pong\"}", "1");
            assertThat(outbox.nextNumber()).isEqualTo(2);
            assertThat(queuedBytes.sum()).isEqualTo(1);
        }

        @Test
        void poll_resumed_statesTheFrameThatFollows() {
            offer(outbox, "1", "2");
            poll(outbox);
            Object next = new Object();
            outbox.resume(next, "c", 0, 5, Set.of());
            outbox.oweAck(4, true);
            outbox.acknowledge(1);

            assertThat(pollAll(outbox, next))
                    .containsExactly(resumed(1, 5), "{\"type\":\"ack\",\"received\":4}", "1", "2");
        }

        @Test
        void owePong_manyPings_isOneAnswer() {
            outbox.owePong();
            outbox.owePong();

            assertThat(pollAll(outbox)).containsExactly("{\"type\":\"pong\"}");
        }

        @Test
        void oweAck_notDue_waitsUntilItIs() {
            assertThat(outbox.ackIsDue()).isFalse();
            outbox.oweAck(3, false);
            assertThat(pollAll(outbox)).isEmpty();
            outbox.oweAck(4, false);

            assertThat(outbox.ackIsDue()).isTrue();
            assertThat(pollAll(outbox)).containsExactly("{\"type\":\"ack\",\"received\":4}");
            assertThat(outbox.ackIsDue()).isFalse();
            assertThat(pollAll(outbox)).isEmpty();
        }

        @Test
        void oweAck_overtakenBeforeItLeft_saysTheLastOnly() {
            outbox.oweAck(3, true);
            outbox.oweAck(9, false);

            assertThat(pollAll(outbox)).containsExactly("{\"type\":\"ack\",\"received\":9}");
        }

        @Test
        void detach_owedToThatLink_isForgotten() {
            outbox.owePong();
            outbox.offerCarrier(Frame.uncounted("welcome"));
            outbox.detach(link);
            Object next = new Object();
            outbox.resume(next, "c", 0, 1, Set.of());

            assertThat(pollAll(outbox, next)).containsExactly(resumed(1, 1));
        }

        @Test
        void isDrained_welcomeWaits_isFalse() {
            outbox.offerCarrier(Frame.uncounted("welcome"));
            outbox.seal();
            assertThat(outbox.isDrained(link, true)).isFalse();
            pollAll(outbox);
            outbox.written(link);
            assertThat(outbox.isDrained(link, true)).isTrue();
        }

        /** A protocol without a word for it leaves it out, and the next frame follows. */
        @Test
        void poll_codecHasNoWord_goesOnWithTheNext() {
            Codec silent = new Codec() {
                @Override
                public String name() {
                    return "silent";
                }

                @Override
                public List<Inbound> decode(String text, FrameLimits limits) {
                    return List.of();
                }

                @Override
                public Frame encode(Outbound message) {
                    return null;
                }
            };
            Outbox mute = new Outbox(silent, true, MAX_FRAMES, MAX_BYTES, queuedBytes, dropped);
            mute.attach(link);
            mute.owePong();
            mute.oweAck(1, true);
            offer(mute, "1");

            assertThat(pollAll(mute)).containsExactly("1");
        }

        /** The lock is not held while the codec encodes; if the link is taken over meanwhile, the frame is for nobody. */
        @Test
        void poll_takenOverWhileEncoding_returnsNothing() {
            Object next = new Object();
            Outbox[] box = new Outbox[1];
            Codec slow = new Codec() {
                @Override
                public String name() {
                    return "slow";
                }

                @Override
                public List<Inbound> decode(String text, FrameLimits limits) {
                    return List.of();
                }

                @Override
                public Frame encode(Outbound message) {
                    if (message instanceof Outbound.Pong) {
                        box[0].resume(next, "c", 0, 1, Set.of());
                    }
                    return JsonCodec.INSTANCE.encode(message);
                }
            };
            box[0] = new Outbox(slow, true, MAX_FRAMES, MAX_BYTES, queuedBytes, dropped);
            box[0].attach(link);
            box[0].owePong();

            assertThat(box[0].poll(link, 0)).isNull();
            assertThat(box[0].writingSince(next, 5)).isEqualTo(5);
        }
    }

    @Test
    void seal_waiting_leavesButNothingIsTaken() {
        Outbox outbox = attached(true);
        offer(outbox, "1");
        outbox.seal();

        assertThat(outbox.offer(Frame.counted("2"))).isEqualTo(Offer.IGNORED);
        assertThat(pollAll(outbox)).containsExactly("1");
    }

    @Test
    void clear_everything_givesAllBytesBack() {
        for (boolean acknowledging : new boolean[] {true, false}) {
            Outbox outbox = attached(acknowledging);
            Lane held = new Lane("a");
            offer(outbox, "1", "2");
            poll(outbox);
            outbox.offer(held, of("a", "3"));
            outbox.offerCarrier(Frame.uncounted("welcome"));
            outbox.clear();
            outbox.close(held);

            assertThat(queuedBytes.sum()).isZero();
            assertThat(outbox.offer(Frame.counted("4"))).isEqualTo(Offer.IGNORED);
            assertThat(poll(outbox)).isNull();
        }
    }

    private Outbox attached(boolean acknowledging) {
        Outbox outbox = new Outbox(JsonCodec.INSTANCE, acknowledging, MAX_FRAMES, MAX_BYTES, queuedBytes, dropped);
        outbox.attach(link);
        return outbox;
    }

    private static Lane openLane(Outbox outbox, String channel) {
        Lane open = new Lane(channel);
        outbox.open(open, null);
        return open;
    }

    private static void offer(Outbox outbox, String... texts) {
        for (String text : texts) {
            assertThat(outbox.offer(Frame.counted(text))).isEqualTo(Offer.TAKEN);
        }
    }

    private static Frame of(String channel, String text) {
        return Frame.ofChannel(text, channel, null, null);
    }

    private static String gap(String channel) {
        Frame frame = JsonCodec.INSTANCE.encode(new Outbound.Gap(channel, GapReason.OVERFLOW));
        return frame.text();
    }

    private static String resumed(long next, long expects) {
        return "{\"type\":\"resumed\",\"connection\":\"c\",\"next\":" + next + ",\"expects\":" + expects + "}";
    }

    private String poll(Outbox outbox) {
        return poll(outbox, link);
    }

    private static String poll(Outbox outbox, Object by) {
        Frame frame = outbox.poll(by, 0);
        return frame == null ? null : frame.text();
    }

    private List<String> pollAll(Outbox outbox) {
        return pollAll(outbox, link);
    }

    private static List<String> pollAll(Outbox outbox, Object by) {
        List<String> all = new ArrayList<>();
        for (String text = poll(outbox, by); text != null; text = poll(outbox, by)) {
            all.add(text);
        }
        return all;
    }
}
