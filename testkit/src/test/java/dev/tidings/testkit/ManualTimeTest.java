package dev.tidings.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.spi.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualTimeTest {

    private final ManualTime time = new ManualTime();
    private final List<String> ran = new ArrayList<>();

    private void at(int seconds, String name) {
        time.schedule(
                Duration.ofSeconds(seconds),
                () -> ran.add(name + "@" + time.elapsed().toSeconds()));
    }

    @Test
    void advance_dueTasks_runInTheOrderOfTheirTimeEachAtItsOwn() {
        at(3, "c");
        at(1, "a");
        at(3, "d");
        at(2, "b");
        at(9, "late");
        time.advance(Duration.ofSeconds(5));
        assertThat(ran).containsExactly("a@1", "b@2", "c@3", "d@3");
        assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5));
        assertThat(time.pending()).isEqualTo(1);
    }

    @Test
    void advance_taskSchedulesAnother_runsItToo() {
        time.schedule(Duration.ofSeconds(1), () -> at(1, "next"));
        time.advance(Duration.ofSeconds(2));
        assertThat(ran).containsExactly("next@2");
    }

    @Test
    void cancel_beforeItIsDue_doesNotRun() {
        Time.Cancellable task = time.schedule(Duration.ofSeconds(1), () -> ran.add("no"));
        task.cancel();
        time.advance(Duration.ofSeconds(2));
        assertThat(ran).isEmpty();
        assertThat(time.pending()).isZero();
    }

    @Test
    void advance_taskFails_runsTheOthersAndThenFails() {
        time.schedule(Duration.ofSeconds(1), () -> {
            throw new IllegalStateException("broken");
        });
        at(2, "after");
        assertThatThrownBy(() -> time.advance(Duration.ofSeconds(3)))
                .isInstanceOf(AssertionError.class)
                .hasRootCauseMessage("broken");
        assertThat(ran).containsExactly("after@2");
    }

    @Test
    void nanoTime_passesTheLargestNumber_differencesStayRight() {
        long start = time.nanoTime();
        time.advance(Duration.ofMinutes(1));
        assertThat(time.nanoTime()).isLessThan(start);
        assertThat(time.nanoTime() - start).isEqualTo(Duration.ofMinutes(1).toNanos());
        assertThat(time.now()).isEqualTo(ManualTime.START.plusSeconds(60));
    }

    @Test
    void advance_backwards_isRefused() {
        assertThatThrownBy(() -> time.advance(Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
    }
}
