package dev.tidings;

import dev.tidings.protocol.Member;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.PresenceStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A member enters and leaves by the application while its connection is hidden, shown again and ended by others.
 *
 * <p>It would show a ghost: a member in the store whose connection is not one, or not shown.
 */
@Tag("lincheck")
public class MembershipsLincheckTest {

    private final Store store = new Store();
    private final Memberships memberships = new Memberships("1", null, store, Runnable::run, 10);

    @Operation
    public void enter() {
        memberships.enter("c", Payload.NULL);
    }

    @Operation
    public void leave() {
        memberships.leave("c");
    }

    @Operation(runOnce = true)
    public void end() {
        memberships.end();
        memberships.hideAll();
    }

    @Validate
    public void noGhost() {
        if (store.there && !memberships.isIn("c")) {
            throw new IllegalStateException("A ghost");
        }
        memberships.end();
        memberships.hideAll();
        if (store.there) {
            throw new IllegalStateException("A ghost after the end");
        }
    }

    @Test
    void memberships_anyInterleaving_leaveNoGhost() {
        new ModelCheckingOptions()
                .iterations(20)
                .invocationsPerIteration(500)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(0)
                .check(MembershipsLincheckTest.class);
    }

    /** One channel's one member. */
    private static final class Store implements PresenceStore {
        private volatile boolean there;

        @Override
        public void start(Listener listener) {}

        @Override
        public CompletionStage<Void> enter(String channel, Member member) {
            there = true;
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> leave(String channel, String connection) {
            there = false;
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Snapshot> members(String channel) {
            return CompletableFuture.completedFuture(new Snapshot(0, List.of()));
        }

        @Override
        public CompletionStage<Boolean> isMember(String user) {
            return CompletableFuture.completedFuture(there);
        }

        @Override
        public void close() {}
    }
}
