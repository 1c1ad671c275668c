package dev.tidings.examples.playground;

/** What is wrong with a request: a status of HTTP, and a word for people. */
final class Problem extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    Problem(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
