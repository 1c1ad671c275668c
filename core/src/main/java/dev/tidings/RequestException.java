package dev.tidings;

import dev.tidings.protocol.ErrorCode;
import java.util.Objects;

/**
 * A request that got no answer, or a request handler's way to refuse one.
 *
 * <p>A handler that throws it (or ends its stage with it) chooses what the client reads; any other exception reads as
 * {@link ErrorCode#INTERNAL} without detail.
 */
public final class RequestException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    private final ErrorCode code;

    /**
     * A request without an answer.
     *
     * @param code what went wrong
     * @param reason in words for the other side's developer
     */
    public RequestException(ErrorCode code, String reason) {
        super(Objects.requireNonNull(reason, "reason"));
        this.code = Objects.requireNonNull(code, "code");
    }

    /**
     * What went wrong.
     *
     * @return the code
     */
    public ErrorCode code() {
        return code;
    }
}
