package dev.tidings.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ManualExecutorTest {

    private final ManualExecutor tasks = new ManualExecutor();
    private final List<String> ran = new ArrayList<>();

    @Test
    void runAll_tasksThatBringOthers_runsAllInOrder() {
        tasks.execute(() -> {
            ran.add("a");
            tasks.execute(() -> ran.add("c"));
        });
        tasks.execute(() -> ran.add("b"));
        assertThat(tasks.pending()).isEqualTo(2);
        assertThat(tasks.runAll()).isEqualTo(3);
        assertThat(ran).containsExactly("a", "b", "c");
        assertThat(tasks.runNext()).isFalse();
    }

    @Test
    void runOne_otherNumbers_otherOrders() {
        Set<List<String>> orders = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            ran.clear();
            List.of("a", "b", "c").forEach(name -> tasks.execute(() -> ran.add(name)));
            Random random = new Random(seed);
            while (tasks.runOne(random)) {
                assertThat(ran).isNotEmpty();
            }
            orders.add(List.copyOf(ran));
        }
        assertThat(orders).hasSize(6);
    }

    @Test
    void runAll_tasksWithoutEnd_failsClearly() {
        tasks.execute(new Runnable() {
            @Override
            public void run() {
                tasks.execute(this);
            }
        });
        assertThatThrownBy(tasks::runAll).isInstanceOf(AssertionError.class).hasMessageContaining("never end");
    }
}
