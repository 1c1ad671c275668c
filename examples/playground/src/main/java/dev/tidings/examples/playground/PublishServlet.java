package dev.tidings.examples.playground;

import com.google.gson.JsonObject;
import dev.tidings.Channel.PublishOptions;
import dev.tidings.Tidings;
import dev.tidings.protocol.EventName;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;

/** {@code POST /publish/CHANNEL}: publishes the body, which is one JSON value, once or {@code ?count=} times. */
final class PublishServlet extends JsonServlet {

    private static final long serialVersionUID = 1L;

    private static final int MAX_COUNT = 1_000_000;
    private static final int MAX_BODY = 1024 * 1024;

    private static final long ANSWER_WITHIN_MILLIS = 600_000;

    private final transient Tidings tidings;
    private final transient ScheduledExecutorService timer;

    PublishServlet(Tidings tidings, ScheduledExecutorService timer) {
        super("POST");
        this.tidings = tidings;
        this.timer = timer;
    }

    @Override
    void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String channel = channel(request);
        requireSameOrigin(request);
        int count = count(request);
        PublishOptions options = options(request);
        Payload payload = payload(request);
        AsyncContext async = request.startAsync();
        async.setTimeout(ANSWER_WITHIN_MILLIS);
        new Publishing(
                        timer,
                        tidings.channel(channel),
                        payload,
                        options,
                        count,
                        (published, outcome) -> answer(async, published, published == count ? 200 : 503, outcome))
                .run();
    }

    private static void answer(AsyncContext async, int published, int status, Outcome outcome) {
        JsonObject answer = new JsonObject();
        answer.addProperty("published", published);
        answer.addProperty("outcome", outcome.name().toLowerCase(Locale.ROOT));
        try {
            send((HttpServletResponse) async.getResponse(), status, answer.toString());
            async.complete();
        } catch (IOException e) {
            // Whoever asked is gone, and what was published is published.
            async.complete();
        } catch (IllegalStateException e) {
            // The container gave the request up before.
        }
    }

    /** Pages of other sites may not publish; curl and programs do not say that they are a page. The transports do the same. */
    private static void requireSameOrigin(HttpServletRequest request) {
        String origin = request.getHeader("Origin");
        if (origin != null && !origin.endsWith("://" + request.getHeader("Host"))) {
            throw new Problem(403, "Pages of another origin may not publish");
        }
    }

    private static int count(HttpServletRequest request) {
        Optional<String> text = parameter(request, "count");
        if (text.isEmpty()) {
            return 1;
        }
        try {
            int count = Integer.parseInt(text.get());
            if (count >= 1 && count <= MAX_COUNT) {
                return count;
            }
        } catch (NumberFormatException e) {
            // Said below, together with a number out of range.
        }
        throw new Problem(400, "count is a number from 1 to " + MAX_COUNT);
    }

    private static PublishOptions options(HttpServletRequest request) {
        Optional<String> event = parameter(request, "event");
        if (event.isEmpty()) {
            return PublishOptions.DEFAULT;
        }
        if (!EventName.isValid(event.get())) {
            throw new Problem(
                    400, "event is a name of 1 to " + EventName.MAX_LENGTH + " characters of A-Z a-z 0-9 _ . : / ~ -");
        }
        return PublishOptions.DEFAULT.event(event.get());
    }

    /**
     * A parameter of the URL. The container's own method would take the body for parameters too, where a client says that it is a
     * form.
     */
    private static Optional<String> parameter(HttpServletRequest request, String name) {
        String query = request.getQueryString();
        if (query == null) {
            return Optional.empty();
        }
        try {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).equals(name)) {
                    return Optional.of(URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new Problem(400, "The query of the URL is not well-formed");
        }
        return Optional.empty();
    }

    private static Payload payload(HttpServletRequest request) throws IOException {
        byte[] body;
        try (InputStream in = request.getInputStream()) {
            body = in.readNBytes(MAX_BODY + 1);
        }
        if (body.length > MAX_BODY) {
            throw new Problem(413, "The data has at most " + MAX_BODY + " bytes");
        }
        try {
            return Payload.json(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new Problem(400, "The data is not UTF-8");
        } catch (IllegalArgumentException e) {
            throw new Problem(400, String.valueOf(e.getMessage()));
        }
    }
}
