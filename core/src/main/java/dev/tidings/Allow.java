package dev.tidings;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Who may do something with a channel.
 *
 * <p>Checked on the callback executor, in order with everything else of the connection; it may block. Once more, and then possibly at
 * the same time as the connection's other callbacks, when a connection resumes: a subscription that is not allowed any more ends
 * before anything is replayed. What a check throws, a stage that fails, and null mean no.
 */
@FunctionalInterface
public interface Allow {

    /**
     * Whether a connection may.
     *
     * @param access who, and what
     * @return true if it may
     */
    CompletionStage<Boolean> check(Access access);

    /**
     * Nobody. What a rule does not mention is so.
     *
     * @return a check that says no
     */
    static Allow nobody() {
        return when(access -> false);
    }

    /**
     * Everybody, anonymous clients included.
     *
     * @return a check that says yes
     */
    static Allow anyone() {
        return when(access -> true);
    }

    /**
     * Everybody who has a user.
     *
     * @return a check for a user
     */
    static Allow users() {
        return when(access -> access.connection().user().isPresent());
    }

    /**
     * Whoever fulfils a condition.
     *
     * @param condition the condition; it may block
     * @return a check of the condition
     */
    static Allow when(Predicate<Access> condition) {
        Objects.requireNonNull(condition, "condition");
        return access -> CompletableFuture.completedFuture(condition.test(access));
    }

    /**
     * Whoever another service says may.
     *
     * @param service asked for a verdict to come
     * @return a check that waits for the verdict
     */
    static Allow ask(Function<Access, CompletionStage<Boolean>> service) {
        return Objects.requireNonNull(service, "service")::apply;
    }
}
