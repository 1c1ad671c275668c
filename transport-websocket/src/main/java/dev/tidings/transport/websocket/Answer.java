package dev.tidings.transport.websocket;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Refusal;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A plain HTTP answer in place of an upgrade: a status, and the same code and reason as a close frame would have.
 *
 * @param status the HTTP status
 * @param code the close code
 * @param reason the reason, for people
 * @param retryAfter when to try again at the earliest, or null
 */
record Answer(int status, int code, String reason, @Nullable Duration retryAfter) {

    static Answer badRequest(int status, String reason) {
        return new Answer(status, Disconnect.BAD_REQUEST.code(), reason, null);
    }

    static Answer broken(int status, String reason) {
        return new Answer(status, Disconnect.INTERNAL_ERROR.code(), reason, null);
    }

    static Answer of(Refusal refusal) {
        Disconnect why = refusal.disconnect();
        return new Answer(why.httpStatus(), why.code(), why.reason(), refusal.retryAfter());
    }

    void send(HttpServletResponse response) throws IOException {
        byte[] body = ("{\"code\":" + code + ",\"reason\":"
                        + Payload.string(reason).json() + "}")
                .getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("application/json;charset=utf-8");
        response.setContentLength(body.length);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "no-store");
        if (retryAfter != null) {
            response.setHeader(
                    "Retry-After", Long.toString(retryAfter.plusMillis(999).toSeconds()));
        }
        response.getOutputStream().write(body);
    }
}
