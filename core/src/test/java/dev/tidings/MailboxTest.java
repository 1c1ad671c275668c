package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Mailbox.Receipt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class MailboxTest {

    private final Queue<Runnable> executor = new ArrayDeque<>();
    private final List<String> done = new ArrayList<>();
    private final List<Long> handled = new ArrayList<>();
    private final Object link = new Object();
    private int rejections;
    private boolean rejecting;

    private final Mailbox mailbox = new Mailbox(this::execute, 4, 100, handled::add, () -> rejections++);

    @Test
    void accept_several_runsInOrderAndCounts() {
        mailbox.attach(link);
        accept(1, 1);
        accept(2, 1);
        accept(3, 1);
        assertThat(done).isEmpty();
        run();

        assertThat(done).containsExactly("1", "2", "3");
        assertThat(handled).containsExactly(1L, 2L, 3L);
        assertThat(mailbox.handledNumber()).isEqualTo(3);
    }

    @Test
    void accept_taskReturnsAStage_nothingElseRunsUntilItEnds() {
        mailbox.attach(link);
        CompletableFuture<Void> stage = new CompletableFuture<>();
        mailbox.accept(link, 1, 1, () -> stage);
        accept(2, 1);
        mailbox.post(() -> {
            done.add("posted");
            return null;
        });
        run();
        assertThat(done).isEmpty();
        assertThat(handled).isEmpty();

        stage.complete(null);
        assertThat(handled).containsExactly(1L);
        assertThat(done).isEmpty();
        run();
        assertThat(done).containsExactly("2", "posted");
    }

    @Test
    void accept_stageFails_countsAsHandled() {
        mailbox.attach(link);
        mailbox.accept(link, 1, 1, () -> CompletableFuture.failedFuture(new IllegalStateException("for the test")));
        accept(2, 1);
        run();

        assertThat(handled).containsExactly(1L, 2L);
        assertThat(done).containsExactly("2");
    }

    @Test
    void accept_taskThrows_countsAsHandledAndTheNextRuns() {
        mailbox.attach(link);
        mailbox.accept(link, 1, 100, () -> {
            throw new IllegalStateException("for the test");
        });
        run();
        assertThat(accept(2, 100)).isEqualTo(Receipt.ACCEPTED);
        run();

        assertThat(handled).containsExactly(1L, 2L);
        assertThat(done).containsExactly("2");
    }

    @Test
    void accept_numberSeenBefore_isADuplicate() {
        mailbox.attach(link);
        accept(1, 1);
        accept(2, 1);

        assertThat(accept(1, 1)).isEqualTo(Receipt.DUPLICATE);
        assertThat(accept(2, 1)).isEqualTo(Receipt.DUPLICATE);
        run();
        assertThat(done).containsExactly("1", "2");
    }

    @Test
    void accept_numberTooHigh_isAHole() {
        mailbox.attach(link);
        accept(1, 1);

        assertThat(accept(3, 1)).isEqualTo(Receipt.HOLE);
        assertThat(accept(2, 1)).isEqualTo(Receipt.ACCEPTED);
    }

    @Test
    void accept_framesAtTheBound_isFullUntilOneIsHandled() {
        mailbox.attach(link);
        for (int i = 1; i <= 4; i++) {
            assertThat(accept(i, 1)).isEqualTo(Receipt.ACCEPTED);
        }
        assertThat(accept(5, 1)).isEqualTo(Receipt.FULL);
        run();

        assertThat(accept(5, 1)).isEqualTo(Receipt.ACCEPTED);
    }

    @Test
    void accept_bytesAtTheBound_isFullUntilTheyAreHandled() {
        mailbox.attach(link);
        assertThat(accept(1, 60)).isEqualTo(Receipt.ACCEPTED);
        assertThat(accept(2, 41)).isEqualTo(Receipt.FULL);
        assertThat(accept(2, 40)).isEqualTo(Receipt.ACCEPTED);
        run();

        assertThat(accept(3, 100)).isEqualTo(Receipt.ACCEPTED);
    }

    /** A frame in hand, whose stage has not ended, still takes its room. */
    @Test
    void accept_pausedTask_keepsItsRoom() {
        mailbox.attach(link);
        CompletableFuture<Void> stage = new CompletableFuture<>();
        mailbox.accept(link, 1, 100, () -> stage);
        run();
        assertThat(accept(2, 1)).isEqualTo(Receipt.FULL);

        stage.complete(null);
        assertThat(accept(2, 1)).isEqualTo(Receipt.ACCEPTED);
    }

    @Test
    void accept_withoutNumbers_takesAll() {
        mailbox.attach(link);
        accept(0, 1);
        accept(0, 1);
        run();

        assertThat(done).containsExactly("0", "0");
        assertThat(handled).isEmpty();
        assertThat(mailbox.handledNumber()).isZero();
    }

    @Test
    void accept_otherLinkOrClosed_isStale() {
        assertThat(accept(1, 1)).isEqualTo(Receipt.STALE);
        assertThat(mailbox.attach(link)).isEqualTo(1);
        accept(1, 1);
        assertThat(mailbox.attach(new Object())).isEqualTo(2);
        assertThat(accept(2, 1)).isEqualTo(Receipt.STALE);

        mailbox.attach(link);
        mailbox.close();
        assertThat(accept(2, 1)).isEqualTo(Receipt.STALE);
        run();
        assertThat(done).containsExactly("1");
    }

    @Test
    void accept_executorRejects_tellsAndKeepsTheTask() {
        mailbox.attach(link);
        rejecting = true;
        assertThat(accept(1, 1)).isEqualTo(Receipt.ACCEPTED);
        assertThat(rejections).isEqualTo(1);

        rejecting = false;
        accept(2, 1);
        run();
        assertThat(done).containsExactly("1", "2");
    }

    private Receipt accept(long number, int size) {
        return mailbox.accept(link, number, size, () -> {
            done.add(Long.toString(number));
            return null;
        });
    }

    private void execute(Runnable task) {
        if (rejecting) {
            throw new RejectedExecutionException("for the test");
        }
        executor.add(task);
    }

    private void run() {
        for (Runnable task = executor.poll(); task != null; task = executor.poll()) {
            task.run();
        }
    }
}
