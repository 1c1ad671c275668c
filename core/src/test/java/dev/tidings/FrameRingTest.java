package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.protocol.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameRingTest {

    private final FrameRing ring = new FrameRing();

    @Test
    void remove_framesAdded_comeInOrder() {
        add(1, 20);

        assertThat(removeAll()).isEqualTo(numbers(1, 20));
        assertThat(ring.isEmpty()).isTrue();
    }

    @Test
    void add_headInTheMiddle_wrapsAndGrows() {
        add(1, 8);
        for (int i = 0; i < 5; i++) {
            ring.remove();
        }
        add(9, 30);

        assertThat(ring.size()).isEqualTo(25);
        assertThat(ring.get(0).text()).isEqualTo("6");
        assertThat(ring.get(24).text()).isEqualTo("30");
        assertThat(removeAll()).isEqualTo(numbers(6, 30));
    }

    @Test
    void set_middle_replacesThatOneOnly() {
        add(1, 3);
        ring.set(1, Frame.counted("two"));

        assertThat(removeAll()).containsExactly("1", "two", "3");
    }

    @Test
    void access_outside_throws() {
        assertThatThrownBy(ring::remove).isInstanceOf(IndexOutOfBoundsException.class);
        add(1, 2);
        assertThatThrownBy(() -> ring.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ring.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ring.set(2, Frame.counted("x"))).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ring.set(-1, Frame.counted("x"))).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void removeIf_some_keepsTheOrderAndTellsTheBytes() {
        add(8, 12);

        assertThat(ring.removeIf(frame -> frame.text().length() == 2)).isEqualTo(6);
        assertThat(removeAll()).containsExactly("8", "9");
        assertThat(ring.removeIf(frame -> true)).isZero();
    }

    @Test
    void clear_thenAdd_startsAnew() {
        add(1, 100);
        ring.clear();
        assertThat(ring.size()).isZero();

        add(5, 6);
        assertThat(removeAll()).containsExactly("5", "6");
    }

    @Test
    void remove_lastOfABurst_takesMoreAfterwards() {
        add(1, 500);
        removeAll();
        add(1, 3);

        assertThat(removeAll()).containsExactly("1", "2", "3");
    }

    /** Whatever is done in whatever order, a list does the same. */
    @Test
    void anything_random_isAsAList() {
        Random random = new Random(7);
        List<Frame> list = new ArrayList<>();
        for (int step = 0; step < 100_000; step++) {
            int what = random.nextInt(100);
            if (what < 50) {
                Frame frame = Frame.counted(Integer.toString(step));
                ring.add(frame);
                list.add(frame);
            } else if (what < 95 && !list.isEmpty()) {
                assertThat(ring.remove()).isSameAs(list.remove(0));
            } else if (what < 97) {
                int digit = '0' + random.nextInt(10);
                ring.removeIf(frame -> frame.text().indexOf(digit) >= 0);
                list.removeIf(frame -> frame.text().indexOf(digit) >= 0);
            } else if (what == 97) {
                ring.clear();
                list.clear();
            } else if (!list.isEmpty()) {
                int index = random.nextInt(list.size());
                Frame frame = Frame.counted("x" + step);
                ring.set(index, frame);
                list.set(index, frame);
            }
            assertThat(ring.size()).isEqualTo(list.size());
            if (!list.isEmpty()) {
                int index = random.nextInt(list.size());
                assertThat(ring.get(index)).isSameAs(list.get(index));
            }
        }
    }

    private void add(int from, int to) {
        numbers(from, to).forEach(number -> ring.add(Frame.counted(number)));
    }

    private List<String> removeAll() {
        List<String> all = new ArrayList<>();
        while (!ring.isEmpty()) {
            all.add(ring.remove().text());
        }
        return all;
    }

    private static List<String> numbers(int from, int to) {
        List<String> numbers = new ArrayList<>();
        for (int i = from; i <= to; i++) {
            numbers.add(Integer.toString(i));
        }
        return numbers;
    }
}
