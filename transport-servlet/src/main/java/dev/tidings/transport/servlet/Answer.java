package dev.tidings.transport.servlet;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A plain HTTP answer that is a refusal: a status, and an object with the same code and reason as a close frame would have.
 *
 * @param status the HTTP status
 * @param code the close code
 * @param reason the reason, for people
 * @param retryAfter when to try again at the earliest, or null
 * @param expects the number of the frame that is expected next; 0 where there is none to state
 */
public record Answer(
        int status, int code, String reason, @Nullable Duration retryAfter, long expects) {

    /** The content type of every answer. */
    public static final String JSON = "application/json;charset=utf-8";

    private static final int SLOW = Disconnect.SLOW_CONSUMER.code();
    static final Answer GONE = new Answer(404, SLOW, "That connection is not here any more", null, 0);

    /**
     * The client has done something wrong.
     *
     * @param status the HTTP status
     * @param reason the reason, for people
     * @return an answer with the code 4000
     */
    public static Answer badRequest(int status, String reason) {
        return new Answer(status, Disconnect.BAD_REQUEST.code(), reason, null, 0);
    }

    /**
     * The server is not set up, or has failed.
     *
     * @param status the HTTP status
     * @param reason the reason, for people
     * @return an answer with the code 4100
     */
    public static Answer broken(int status, String reason) {
        return new Answer(status, Disconnect.INTERNAL_ERROR.code(), reason, null, 0);
    }

    /**
     * A link may not be opened, or has ended before it had anything to write.
     *
     * @param why the code and the reason
     * @return an answer with the status that says the same
     */
    public static Answer of(Disconnect why) {
        return new Answer(status(why), why.code(), why.reason(), null, 0);
    }

    /**
     * A link may not be opened.
     *
     * @param refusal why
     * @return an answer with the status that says the same
     */
    public static Answer of(Refusal refusal) {
        Disconnect why = refusal.disconnect();
        return new Answer(status(why), why.code(), why.reason(), refusal.retryAfter(), 0);
    }

    /**
     * Not all frames of a {@code POST} were taken.
     *
     * @param posted what became of them
     * @return an answer; null if all were taken
     */
    static @Nullable Answer of(Posted posted) {
        Refusal refusal = posted.refusal();
        if (posted.isGone()) {
            return GONE;
        }
        if (refusal == null) {
            return null;
        }
        Disconnect why = refusal.disconnect();
        return new Answer(status(why), why.code(), why.reason(), refusal.retryAfter(), posted.expects());
    }

    /** A 408 makes some clients repeat a request by themselves. */
    private static int status(Disconnect why) {
        return why.code() == SLOW ? 503 : why.httpStatus();
    }

    /**
     * Whether the same request may succeed later.
     *
     * @return true for 429 and 503
     */
    public boolean isTemporary() {
        return status == 429 || status == 503;
    }

    /**
     * Sets the status, and all headers of this answer and of every answer. The headers for pages of other origins are
     * {@link Cors}' matter.
     *
     * @param response the response, not committed
     */
    public void head(HttpServletResponse response) {
        Cors.everyAnswer(response);
        response.setStatus(status);
        response.setContentType(JSON);
        Duration later = retryAfter;
        if (later != null) {
            response.setHeader(
                    "Retry-After", Long.toString(later.plusMillis(999).toSeconds()));
        }
    }

    /**
     * The body.
     *
     * @return one JSON object
     */
    public byte[] body() {
        StringBuilder json = new StringBuilder("{\"code\":").append(code).append(",\"reason\":");
        json.append(Payload.string(reason).json());
        Duration later = retryAfter;
        if (later != null) {
            json.append(",\"retryAfter\":").append(later.toMillis());
        }
        if (expects > 0) {
            json.append(",\"expects\":").append(expects);
        }
        return json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Answers at once, in the thread that serves the request.
     *
     * @param response the response, not committed
     * @throws IOException if the client is gone
     */
    public void send(HttpServletResponse response) throws IOException {
        byte[] body = body();
        head(response);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
