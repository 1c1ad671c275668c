package dev.tidings;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An authenticator's verdict. Immutable.
 */
public final class Authentication {

    enum Verdict {
        ACCEPTED,
        REFUSED,
        MISSING
    }

    private static final Authentication REFUSED = new Authentication(Verdict.REFUSED, null, null, Map.of());
    private static final Authentication MISSING = new Authentication(Verdict.MISSING, null, null, Map.of());
    private static final Authentication ANONYMOUS = new Authentication(Verdict.ACCEPTED, null, null, Map.of());

    private final Verdict verdict;
    private final @Nullable String user;
    private final @Nullable Instant expiresAt;
    private final Map<String, Object> attributes;

    private Authentication(
            Verdict verdict, @Nullable String user, @Nullable Instant expiresAt, Map<String, Object> attributes) {
        this.verdict = verdict;
        this.user = user;
        this.expiresAt = expiresAt;
        this.attributes = attributes;
    }

    /**
     * The client is this user.
     *
     * @param id the user's id, 1 to 255 characters
     * @return a verdict without expiry
     * @throws IllegalArgumentException if the id is empty or too long
     */
    public static Authentication user(String id) {
        Objects.requireNonNull(id, "id");
        if (id.isEmpty() || id.length() > 255) {
            throw new IllegalArgumentException("A user's id has 1 to 255 characters");
        }
        return new Authentication(Verdict.ACCEPTED, id, null, Map.of());
    }

    /**
     * The client is welcome without a name.
     *
     * @return the verdict
     */
    public static Authentication anonymous() {
        return ANONYMOUS;
    }

    /**
     * The credentials are wrong: the link is closed with 4001.
     *
     * @return the verdict
     */
    public static Authentication refused() {
        return REFUSED;
    }

    /**
     * There are no credentials here. A client whose wire allows it may send them in an {@code auth} frame within the deadline;
     * any other is refused.
     *
     * @return the verdict
     */
    public static Authentication missing() {
        return MISSING;
    }

    /**
     * The same with an end: unless the client refreshes its credentials by then and a grace (25 s), it is closed with 4001.
     *
     * @param time when they run out
     * @return a verdict with expiry
     */
    public Authentication expiresAt(Instant time) {
        return new Authentication(verdict, user, Objects.requireNonNull(time, "time"), attributes);
    }

    /**
     * The same with attributes for {@link Connection#attributes()}. A refresh replaces those of the same names.
     *
     * @param values the attributes
     * @return a verdict with attributes
     */
    public Authentication attributes(Map<String, Object> values) {
        return new Authentication(verdict, user, expiresAt, Map.copyOf(values));
    }

    Verdict verdict() {
        return verdict;
    }

    @Nullable
    String user() {
        return user;
    }

    @Nullable
    Instant expiresAt() {
        return expiresAt;
    }

    Map<String, Object> attributes() {
        return attributes;
    }
}
