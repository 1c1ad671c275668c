package dev.tidings.examples.playground;

import com.google.gson.JsonObject;
import dev.tidings.protocol.ChannelName;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A servlet that answers in JSON, also where something is wrong. */
abstract class JsonServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** The one method that the servlet knows. */
    private final String method;

    JsonServlet(String method) {
        this.method = method;
    }

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            if (!request.getMethod().equals(method)) {
                response.setHeader("Allow", method);
                throw new Problem(405, "Only " + method + " is possible here");
            }
            answer(request, response);
        } catch (Problem e) {
            if (e.status() == HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE) {
                // The rest of the body is not read, so that the connection is of no use to anybody any more.
                response.setHeader("Connection", "close");
            }
            JsonObject error = new JsonObject();
            error.addProperty("error", e.getMessage());
            send(response, e.status(), error.toString());
        }
    }

    /** Answers a request of the right method, or throws a {@link Problem}. */
    abstract void answer(HttpServletRequest request, HttpServletResponse response) throws IOException;

    static void send(HttpServletResponse response, int status, String json) throws IOException {
        byte[] body = (json + "\n").getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("application/json");
        response.setHeader("Cache-Control", "no-store");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** The channel that the path names behind the servlet's own. */
    static String channel(HttpServletRequest request) {
        String path = request.getPathInfo();
        String channel = path == null ? "" : path.substring(1);
        if (!ChannelName.isValid(channel)) {
            throw new Problem(
                    404,
                    "There is no such channel: its name has 1 to " + ChannelName.MAX_LENGTH
                            + " characters of A-Z a-z 0-9 _ . : / -");
        }
        return channel;
    }
}
