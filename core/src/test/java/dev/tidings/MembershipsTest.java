package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Memberships.Change;
import dev.tidings.protocol.Member;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.PresenceStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class MembershipsTest {

    private static final Payload DATA = Payload.json("1");

    private final Queue<Runnable> executor = new ArrayDeque<>();
    private final SlowStore store = new SlowStore();
    private final Memberships memberships = new Memberships("1", "ann", store, executor::add, 2);

    @Test
    void enter_leave_tellsTheStore() {
        CompletionStage<Change> entered = memberships.enter("c", DATA);
        assertThat(memberships.isIn("c")).isTrue();
        CompletionStage<Change> left = memberships.leave("c");
        run();

        assertThat(store.calls).containsExactly("enter c 1", "leave c");
        assertThat(entered.toCompletableFuture()).isCompletedWithValue(Change.DONE);
        assertThat(left.toCompletableFuture()).isCompletedWithValue(Change.DONE);
        assertThat(memberships.isEmpty()).isTrue();
    }

    /** The store is asked one thing at a time, so that a slow answer is not overtaken. */
    @Test
    void enter_storeIsSlow_nothingOvertakesIt() {
        store.answer = new CompletableFuture<>();
        CompletionStage<Change> entered = memberships.enter("c", DATA);
        memberships.leave("c");
        run();
        assertThat(store.calls).containsExactly("enter c 1");
        assertThat(entered.toCompletableFuture()).isNotDone();

        store.answer.complete(null);
        run();
        assertThat(store.calls).containsExactly("enter c 1", "leave c");
    }

    @Test
    void enter_moreThanAllowed_isRefusedButAnUpdateIsNot() {
        memberships.enter("a", DATA);
        memberships.enter("b", DATA);

        assertThat(now(memberships.enter("c", DATA))).isEqualTo(Change.TOO_MANY);
        assertThat(now(memberships.enter("b", Payload.json("2")))).isEqualTo(Change.DONE);
        memberships.leave("a");
        assertThat(now(memberships.enter("c", DATA))).isEqualTo(Change.DONE);
    }

    @Test
    void update_notAMember_isAbsent() {
        assertThat(now(memberships.update("c", DATA))).isEqualTo(Change.ABSENT);
        assertThat(now(memberships.leave("c"))).isEqualTo(Change.ABSENT);
        assertThat(store.calls).isEmpty();
    }

    @Test
    void hideAll_showAll_leavesAndEntersAgain() {
        memberships.enter("a", DATA);
        memberships.enter("b", DATA);
        memberships.hideAll();
        memberships.hideAll();
        memberships.showAll();
        memberships.showAll();
        run();

        assertThat(store.calls)
                .containsExactly("enter a 1", "enter b 1", "leave a", "leave b", "enter a 1", "enter b 1");
    }

    /** What a member says while it is not shown is shown when its client is back. */
    @Test
    void enter_whileHidden_isShownLater() {
        memberships.enter("a", DATA);
        memberships.hideAll();
        assertThat(now(memberships.enter("a", Payload.json("2")))).isEqualTo(Change.DONE);
        run();
        assertThat(store.calls).containsExactly("enter a 1", "leave a");

        memberships.showAll();
        run();
        assertThat(store.calls).containsExactly("enter a 1", "leave a", "enter a 2");
    }

    @Test
    void hideAll_nowhere_remembersNothing() {
        memberships.hideAll();
        memberships.enter("a", DATA);
        run();

        assertThat(store.calls).containsExactly("enter a 1");
    }

    @Test
    void end_thenEnterOrShow_doesNothing() {
        memberships.enter("a", DATA);
        memberships.end();
        memberships.hideAll();
        memberships.showAll();
        assertThat(now(memberships.enter("b", DATA))).isEqualTo(Change.ABSENT);
        run();

        assertThat(store.calls).containsExactly("enter a 1", "leave a");
    }

    @Test
    void enter_storeFails_failsAndTheNextIsAsked() {
        store.answer = CompletableFuture.failedFuture(new IllegalStateException("for the test"));
        CompletionStage<Change> failed = memberships.enter("a", DATA);
        run();
        assertThat(failed.toCompletableFuture()).isCompletedExceptionally();

        store.answer = CompletableFuture.completedFuture(null);
        assertThat(now(memberships.leave("a"))).isEqualTo(Change.DONE);
    }

    @Test
    void enter_storeThrows_failsAndTheNextIsAsked() {
        store.answer = null;
        CompletionStage<Change> failed = memberships.enter("a", DATA);
        run();
        assertThat(failed.toCompletableFuture()).isCompletedExceptionally();

        store.answer = CompletableFuture.completedFuture(null);
        assertThat(now(memberships.leave("a"))).isEqualTo(Change.DONE);
    }

    private Change now(CompletionStage<Change> stage) {
        run();
        return stage.toCompletableFuture().join();
    }

    private void run() {
        for (Runnable task = executor.poll(); task != null; task = executor.poll()) {
            task.run();
        }
    }

    /** Writes down what it is asked, and answers when the test lets it; without an answer it throws. */
    private static final class SlowStore implements PresenceStore {
        final List<String> calls = new ArrayList<>();
        CompletableFuture<Void> answer = CompletableFuture.completedFuture(null);

        @Override
        public void start(Listener listener) {}

        @Override
        public CompletionStage<Void> enter(String channel, Member member) {
            return called("enter " + channel + " " + member.data().json());
        }

        @Override
        public CompletionStage<Void> leave(String channel, String connection) {
            return called("leave " + channel);
        }

        private CompletionStage<Void> called(String what) {
            if (answer == null) {
                throw new IllegalStateException("for the test");
            }
            calls.add(what);
            return answer;
        }

        @Override
        public CompletionStage<Snapshot> members(String channel) {
            return CompletableFuture.completedFuture(new Snapshot(0, List.of()));
        }

        @Override
        public CompletionStage<Boolean> isMember(String user) {
            return CompletableFuture.completedFuture(false);
        }

        @Override
        public void close() {}
    }
}
