package dev.tidings.transport.longpoll;

import java.util.Map;

/** What a poll is answered with. */
final class Content {

    private final String type;
    private final Map<String, String> headers;
    private final byte[] body;

    /**
     * @param headers headers besides those that every answer has
     * @param body not to be changed any more
     */
    Content(String type, Map<String, String> headers, byte[] body) {
        this.type = type;
        this.headers = headers;
        this.body = body;
    }

    String type() {
        return type;
    }

    Map<String, String> headers() {
        return headers;
    }

    byte[] body() {
        return body;
    }
}
