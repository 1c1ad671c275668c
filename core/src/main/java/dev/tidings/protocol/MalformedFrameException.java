package dev.tidings.protocol;

/** A frame that its codec cannot read. The message is for the client's developer: what is wrong, never what was sent. */
public final class MalformedFrameException extends Exception {

    private static final long serialVersionUID = 1L;

    /** In the same words as the message, which may be null to the compiler. */
    private final String reason;

    /**
     * A frame that cannot be read.
     *
     * @param message what is wrong with it, in words that may go back to the client
     */
    public MalformedFrameException(String message) {
        super(message, null, false, false);
        this.reason = message;
    }

    /**
     * What is wrong.
     *
     * @return the words of the message
     */
    public String reason() {
        return reason;
    }
}
