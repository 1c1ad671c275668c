package dev.tidings.transport.longpoll;

import dev.tidings.transport.servlet.Answer;
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

    /** An object of JSON. */
    static Content of(byte[] json) {
        return new Content(Answer.JSON, Map.of(), json);
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
