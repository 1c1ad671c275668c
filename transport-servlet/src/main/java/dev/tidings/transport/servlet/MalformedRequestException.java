package dev.tidings.transport.servlet;

import java.util.Objects;

/** A request that is not well-formed. It is a client's fault and nobody else's, so it has no stack trace. */
public final class MalformedRequestException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * What is wrong.
     *
     * @param reason for the client's developer; it never quotes the request
     */
    public MalformedRequestException(String reason) {
        super(Objects.requireNonNull(reason, "reason"), null, false, false);
    }

    /**
     * What to answer.
     *
     * @return an answer with the status 400
     */
    public Answer answer() {
        return Answer.badRequest(400, Objects.requireNonNullElse(getMessage(), "Bad request"));
    }
}
