package dev.tidings.transport.sse;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.JsonCodec;
import dev.tidings.protocol.Outbound;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.Cors;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How a stream begins, and what comes in place of one. */
final class Stream {

    private static final int SOONEST_MILLIS = 1_000;
    private static final int LATEST_MILLIS = 5_000;

    private Stream() {}

    /** The headers of a stream that nobody on the way keeps, changes or holds back. */
    static void head(HttpServletResponse response) {
        Cors.everyAnswer(response);
        response.setStatus(HttpServletResponse.SC_OK);
        response.setContentType("text/event-stream;charset=utf-8");
        response.setHeader("X-Accel-Buffering", "no");
    }

    /** When an {@code EventSource} comes back, in milliseconds; spread, so that all do not come at once. */
    static int retry() {
        return ThreadLocalRandom.current().nextInt(SOONEST_MILLIS, LATEST_MILLIS + 1);
    }

    /** A refusal, as a client understands it. */
    interface Refused {
        /** Sets status and headers. */
        void head(HttpServletResponse response);

        /** What there is to read. */
        byte[] body();
    }

    /**
     * A status where that says enough. {@code EventSource} takes any status but 200 for the end of everything, so one that is to come back
     * gets a stream which says so and ends.
     */
    static Refused refused(Answer answer, boolean acknowledging) {
        boolean stream = !acknowledging && answer.isTemporary();
        byte[] body = stream ? close(answer) : answer.body();
        return new Refused() {
            @Override
            public void head(HttpServletResponse response) {
                if (stream) {
                    Stream.head(response);
                } else {
                    answer.head(response);
                    response.setContentLength(body.length);
                }
            }

            @Override
            public byte[] body() {
                return body;
            }
        };
    }

    private static byte[] close(Answer answer) {
        Duration later = answer.retryAfter();
        Long millis = later == null ? null : later.toMillis();
        Frame frame =
                JsonCodec.INSTANCE.encode(new Outbound.Close(new Disconnect(answer.code(), answer.reason()), millis));
        Events events = new Events();
        events.retry(millis == null ? retry() : millis + retry());
        events.frame(frame, null);
        return events.bytes();
    }
}
