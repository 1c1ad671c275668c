package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Outbox.Lost;
import dev.tidings.Outbox.Offer;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.protocol.Outbound;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/**
 * Does at random what links, clients and subscriptions do to an outbox, and the same to plain lists, and compares. Whatever fails
 * prints its seed; {@code -Dtidings.seed=…} runs that one again.
 */
class OutboxModelTest {

    private static final int RUNS = 4_000;
    private static final int STEPS = 120;
    private static final List<String> CHANNELS = List.of("a", "b");

    @Test
    void outbox_anySequence_behavesAsLists() {
        Long fixed = Long.getLong("tidings.seed");
        long first = fixed != null ? fixed : new Random().nextLong();
        for (long run = 0; run < (fixed != null ? 1 : RUNS); run++) {
            long seed = first + run;
            try {
                new Run(seed).play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("Run it again with -Dtidings.seed=" + seed, e);
            }
        }
    }

    /** A lane as a list. */
    private static final class ModelLane {
        final Lane lane;
        final String channel;
        final List<Frame> held = new ArrayList<>();
        boolean open;
        boolean closed;

        ModelLane(String channel) {
            this.channel = channel;
            this.lane = new Lane(channel);
        }
    }

    private static final class Run {
        private final Random random;
        private final boolean acknowledging;
        private final int maxFrames;
        private final int maxBytes;
        private final LongAdder queued = new LongAdder();
        private final LongAdder dropped = new LongAdder();
        private final Outbox outbox;

        private final List<ModelLane> lanes = new ArrayList<>();
        private final Deque<Frame> waiting = new ArrayDeque<>();
        /** All that was numbered, from number 1. */
        private final List<Frame> numbered = new ArrayList<>();
        /** The number of the oldest frame that may still be sent again. */
        private int oldest = 1;

        /** The highest number that the client ever said to have. */
        private int acknowledged;
        /** The number that is sent next. */
        private int next = 1;

        private final List<Frame> unwritten = new ArrayList<>();
        private boolean overflowed;
        private boolean sealed;
        private boolean lostDirect;
        private final Set<String> lostChannels = new HashSet<>();
        private long losses;
        private Object link = new Object();
        private String resumed;
        private int serial;

        Run(long seed) {
            random = new Random(seed);
            acknowledging = random.nextInt(4) > 0;
            maxFrames = 1 + random.nextInt(20);
            maxBytes = 20 + random.nextInt(150);
            outbox = new Outbox(JsonCodec.INSTANCE, acknowledging, maxFrames, maxBytes, queued, dropped);
            outbox.attach(link);
            CHANNELS.forEach(channel -> lanes.add(new ModelLane(channel)));
        }

        void play() {
            for (int i = 0; i < STEPS; i++) {
                step();
                assertThat(queued.sum()).isEqualTo(bytes());
                assertThat(dropped.sum()).isEqualTo(losses);
                assertThat(outbox.nextNumber()).isEqualTo(acknowledging ? next : 0);
            }
            lanes.forEach(each -> outbox.close(each.lane));
            outbox.clear();
            assertThat(queued.sum()).isZero();
        }

        private void step() {
            switch (random.nextInt(12)) {
                case 0, 1 -> offer(random.nextInt(5) == 0 ? Frame.uncounted(text()) : Frame.counted(text()));
                case 2, 3, 4 -> offer(lanes.get(random.nextInt(lanes.size())));
                case 5, 6, 7 -> poll();
                case 8 -> written();
                case 9 -> acknowledge();
                case 10 -> lane(random.nextInt(lanes.size()));
                default -> resume();
            }
        }

        private String text() {
            return serial++ + "-".repeat(random.nextInt(8));
        }

        private void offer(Frame frame) {
            assertThat(outbox.offer(frame)).isEqualTo(sealed ? Offer.IGNORED : put(waiting::add, frame));
        }

        private void offer(ModelLane to) {
            Frame frame = Frame.ofChannel(text(), to.channel, null, null);
            Offer expected = sealed || to.closed ? Offer.IGNORED : put(to.open ? waiting::add : to.held::add, frame);
            assertThat(outbox.offer(to.lane, frame)).isEqualTo(expected);
        }

        private Offer put(java.util.function.Consumer<Frame> place, Frame frame) {
            if (overflowed) {
                lose(frame);
                return Offer.IGNORED;
            }
            if (frames() >= maxFrames || bytes() + frame.size() > maxBytes) {
                overflowed = acknowledging;
                sealed = !acknowledging;
                numbered.subList(oldest - 1, numbered.size()).forEach(this::lose);
                waiting.forEach(this::lose);
                lose(frame);
                waiting.clear();
                oldest = numbered.size() + 1;
                next = oldest;
                return Offer.OVERFLOW;
            }
            place.accept(frame);
            return Offer.TAKEN;
        }

        private void lose(Frame frame) {
            losses++;
            if (frame.channel() != null) {
                lostChannels.add(frame.channel());
            } else {
                lostDirect |= frame.isCounted();
            }
        }

        private void poll() {
            Frame polled = outbox.poll(link, 0);
            if (resumed != null) {
                assertThat(polled).isNotNull();
                assertThat(polled.text()).isEqualTo(resumed.replace("NEXT", Integer.toString(next)));
                resumed = null;
                return;
            }
            Frame expected = null;
            if (next <= numbered.size()) {
                expected = numbered.get(next++ - 1);
            } else if (!waiting.isEmpty()) {
                expected = waiting.remove();
                if (!acknowledging) {
                    unwritten.add(expected);
                } else if (expected.isCounted()) {
                    numbered.add(expected);
                    next++;
                }
            }
            assertThat(polled == null ? null : polled.text()).isEqualTo(expected == null ? null : expected.text());
        }

        private void written() {
            boolean stale = random.nextInt(5) == 0;
            outbox.written(stale ? new Object() : link);
            if (!stale) {
                unwritten.clear();
            }
        }

        private void acknowledge() {
            int number = random.nextInt(numbered.size() + 2);
            assertThat(outbox.acknowledge(number)).isEqualTo(number <= numbered.size());
            if (number <= numbered.size()) {
                has(number);
            }
        }

        private void has(int number) {
            acknowledged = Math.max(acknowledged, number);
            // What the present link has yet to send again leaves no hole.
            oldest = Math.max(oldest, Math.min(number, next - 1) + 1);
        }

        private void lane(int index) {
            ModelLane each = lanes.get(index);
            int what = random.nextInt(4);
            if (what == 0) {
                outbox.close(each.lane);
                each.closed = true;
                each.held.clear();
                if (!sealed) {
                    waiting.removeIf(frame -> each.channel.equals(frame.channel()));
                }
                lostChannels.remove(each.channel);
                lanes.set(index, new ModelLane(each.channel));
            } else if (what == 1 && acknowledging) {
                Frame instead = Frame.ofChannel("gap", each.channel, null, null);
                outbox.withhold(each.lane, instead);
                numbered.replaceAll(frame -> each.channel.equals(frame.channel()) ? instead : frame);
            } else {
                Frame word = Frame.counted("subscribed");
                outbox.open(each.lane, word);
                if (!each.open) {
                    each.open = true;
                    if (!sealed) {
                        put(waiting::add, word);
                    }
                    if (!sealed) {
                        each.held.forEach(overflowed ? this::lose : waiting::add);
                    }
                    each.held.clear();
                }
            }
        }

        private void resume() {
            Object by = new Object();
            int received = random.nextInt(numbered.size() + 2);
            if (!acknowledging) {
                return;
            }
            Lost lost = outbox.resume(by, "c", received, 1, Set.of("z"));
            if (received > numbered.size()) {
                assertThat(lost).isNull();
                return;
            }
            Lost expected = overflowed ? new Lost(lostDirect, Set.copyOf(lostChannels)) : Lost.NOTHING;
            if (received < acknowledged) {
                expected = expected.and(Set.of("z"));
            }
            acknowledged = Math.max(acknowledged, received);
            assertThat(lost).isEqualTo(expected);
            oldest = Math.max(oldest, received + 1);
            next = oldest;
            waiting.removeIf(frame -> !frame.isCounted());
            List<Frame> told = new ArrayList<>();
            new TreeSet<>(lost.channels()).forEach(channel -> told.add(gap(channel)));
            if (lost.direct()) {
                told.add(gap(null));
            }
            List<Frame> behind = new ArrayList<>(waiting);
            waiting.clear();
            waiting.addAll(told);
            waiting.addAll(behind);
            if (overflowed) {
                overflowed = false;
                lostDirect = false;
                lostChannels.clear();
            }
            link = by;
            resumed = "{\"type\":\"resumed\",\"connection\":\"c\",\"next\":NEXT,\"expects\":1}";
        }

        private Frame gap(String channel) {
            return JsonCodec.INSTANCE.encode(new Outbound.Gap(channel, GapReason.OVERFLOW));
        }

        private int frames() {
            int held = lanes.stream().mapToInt(each -> each.held.size()).sum();
            return waiting.size() + held + numbered.size() - oldest + 1 + unwritten.size();
        }

        private long bytes() {
            List<Frame> all = new ArrayList<>(waiting);
            lanes.forEach(each -> all.addAll(each.held));
            all.addAll(numbered.subList(oldest - 1, numbered.size()));
            all.addAll(unwritten);
            return all.stream().mapToLong(Frame::size).sum();
        }
    }
}
