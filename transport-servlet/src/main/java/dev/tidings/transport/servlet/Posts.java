package dev.tidings.transport.servlet;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Frames of an acknowledging client's that come by {@code POST}, beside the link that carries its connection. The body is read without
 * blocking, within a limit and a time, and goes to the host as a whole or not at all.
 *
 * <p>Of a request that is not read to its end the connection is closed with the answer: what is left of the body would be taken for the
 * next request.
 */
public final class Posts {

    /** How long a body may take. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(Posts.class.getPackageName());

    private static final String LINES = "application/x-ndjson";
    private static final String ONE = "application/json";
    private static final Answer FAILED = Answer.of(Disconnect.INTERNAL_ERROR);

    private final TransportHost host;
    private final String transport;

    /**
     * Posts of one transport.
     *
     * @param host where frames go
     * @param transport the transport's name
     */
    public Posts(TransportHost host, String transport) {
        this.host = Objects.requireNonNull(host, "host");
        this.transport = Objects.requireNonNull(transport, "transport");
    }

    /**
     * Answers a {@code POST}, now or later.
     *
     * @param request the request
     * @param response the response
     * @throws IOException if the client is gone
     */
    public void handle(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Handshake handshake;
        long first;
        try {
            handshake = HttpHandshake.read(request, transport).build();
            first = HttpHandshake.number(request, HttpHandshake.FIRST, 1);
        } catch (MalformedRequestException e) {
            unread(e.answer(), request, response);
            return;
        }
        // First of all: a page of another origin is not told what would be right.
        Optional<Refusal> refusal = Cors.refuse(host, handshake, request, response);
        if (refusal.isPresent()) {
            unread(Answer.of(refusal.get()), request, response);
            return;
        }
        Answer fault = fault(request, handshake, first);
        if (fault != null) {
            unread(fault, request, response);
        } else if (AsyncResponse.isSupported(request, response)) {
            new Exchange(handshake, first, isLines(request)).begin(request, response);
        }
    }

    private @Nullable Answer fault(HttpServletRequest request, Handshake handshake, long first) {
        if (!handshake.isAcknowledging() || handshake.resume().isEmpty()) {
            return Answer.badRequest(
                    400,
                    "A POST has the headers " + HttpHandshake.PROTOCOL + ": " + HttpHandshake.VERSION + " and "
                            + HttpHandshake.CONNECTION);
        }
        if (first < 1) {
            return Answer.badRequest(400, HttpHandshake.FIRST + " is a number from 1 on");
        }
        if (!isLines(request) && !isType(request, ONE)) {
            return Answer.badRequest(415, "The Content-Type is " + LINES + " or " + ONE);
        }
        if (request.getContentLengthLong() > host.settings().maxFrameBytes()) {
            return Answer.of(Disconnect.TOO_LARGE);
        }
        // Before a byte of the body is read or kept: it may be a stranger's.
        return host.isHere(handshake) ? null : Answer.GONE;
    }

    private static boolean isLines(HttpServletRequest request) {
        return isType(request, LINES);
    }

    private static boolean isType(HttpServletRequest request, String type) {
        String given = Objects.requireNonNullElse(request.getContentType(), "").toLowerCase(Locale.ROOT);
        int parameters = given.indexOf(';');
        String charset = parameters < 0 ? "" : given.substring(parameters + 1).replaceAll("[\\s\"]", "");
        boolean utf8 = !charset.contains("charset=") || charset.contains("charset=utf-8");
        return utf8
                && (parameters < 0 ? given : given.substring(0, parameters))
                        .strip()
                        .equals(type);
    }

    private static void unread(Answer answer, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        closeAfterwards(request.getProtocol(), response);
        answer.send(response);
    }

    private static void closeAfterwards(String protocol, HttpServletResponse response) {
        if (protocol.startsWith("HTTP/1.")) {
            response.setHeader("Connection", "close");
        }
    }

    private static List<String> frames(String body, boolean lines) {
        if (!lines) {
            return body.isBlank() ? List.of() : List.of(body);
        }
        List<String> frames = new ArrayList<>();
        int start = 0;
        while (start < body.length()) {
            int feed = body.indexOf('\n', start);
            int stop = feed < 0 ? body.length() : feed;
            String line = body.substring(start, stop);
            if (!line.isBlank()) {
                frames.add(line);
            }
            start = stop + 1;
        }
        return frames;
    }

    /** One post, until it is answered. */
    private final class Exchange implements AsyncResponse.Source {
        private final Handshake handshake;
        private final long first;
        private final boolean lines;
        private String protocol = "";

        private volatile boolean late;
        private volatile @Nullable Posted posted;
        private volatile boolean failed;

        // Set before the container asks for the first time; then the owner's own.
        private volatile @Nullable AsyncResponse response;
        private volatile @Nullable RequestBody body;
        private Time.@Nullable Cancellable deadline;

        Exchange(Handshake handshake, long first, boolean lines) {
            this.handshake = handshake;
            this.first = first;
            this.lines = lines;
        }

        void begin(HttpServletRequest request, HttpServletResponse servletResponse) throws IOException {
            protocol = request.getProtocol();
            AsyncResponse started = AsyncResponse.start(request, servletResponse, host, this);
            deadline = host.time().schedule(PATIENCE, this::tooLate);
            RequestBody reading = new RequestBody(
                    request.getInputStream(), host.settings().maxFrameBytes(), request.getContentLengthLong(), started);
            body = reading;
            response = started;
            reading.listen();
            started.wake();
        }

        private void tooLate() {
            late = true;
            AsyncResponse to = response;
            if (to != null) {
                // The timer is everybody's and never writes.
                host.executor().execute(to::wake);
            }
        }

        @Override
        public byte @Nullable [] next() {
            AsyncResponse to = response;
            if (to == null) {
                return null;
            }
            RequestBody reading = body;
            if (reading != null) {
                return read(reading, to);
            }
            Posted what = posted;
            if (failed) {
                return refuse(FAILED, to, true);
            }
            return what == null ? null : answer(what, to);
        }

        private byte @Nullable [] read(RequestBody reading, AsyncResponse to) {
            RequestBody.State state = reading.read();
            if (state == RequestBody.State.OPEN) {
                return late
                        ? refuse(
                                Answer.of(Disconnect.SLOW_CONSUMER.because(
                                        "The body did not arrive within " + PATIENCE.toSeconds() + " s")),
                                to,
                                false)
                        : null;
            }
            if (state == RequestBody.State.TOO_LARGE) {
                return refuse(Answer.of(Disconnect.TOO_LARGE), to, false);
            }
            if (state == RequestBody.State.CUT) {
                return refuse(Answer.badRequest(400, "The body is not complete"), to, false);
            }
            body = null;
            cancelDeadline();
            String text = reading.text();
            if (text == null) {
                return refuse(Answer.badRequest(400, "The body is not UTF-8"), to, true);
            }
            host.post(handshake, first, frames(text, lines)).whenComplete(this::posted);
            // It is known by now, mostly.
            return next();
        }

        private void posted(@Nullable Posted result, @Nullable Throwable failure) {
            if (result == null) {
                LOG.log(Level.ERROR, "A post failed", failure);
                failed = true;
            } else {
                posted = result;
            }
            AsyncResponse to = response;
            if (to != null) {
                to.wake();
            }
        }

        private byte @Nullable [] answer(Posted what, AsyncResponse to) {
            Answer refusal = Answer.of(what);
            if (refusal != null) {
                return refuse(refusal, to, true);
            }
            byte[] json = ("{\"expects\":" + what.expects() + "}").getBytes(StandardCharsets.US_ASCII);
            to.head(servletResponse -> {
                servletResponse.setContentType(Answer.JSON);
                servletResponse.setContentLength(json.length);
            });
            return last(json, to);
        }

        private byte[] refuse(Answer answer, AsyncResponse to, boolean read) {
            byte[] json = answer.body();
            to.head(servletResponse -> {
                answer.head(servletResponse);
                servletResponse.setContentLength(json.length);
                if (!read) {
                    closeAfterwards(protocol, servletResponse);
                }
            });
            return last(json, to);
        }

        private byte[] last(byte[] json, AsyncResponse to) {
            response = null;
            body = null;
            to.finish();
            return json;
        }

        private void cancelDeadline() {
            Time.Cancellable pending = deadline;
            if (pending != null) {
                pending.cancel();
            }
        }

        @Override
        public void taken() {}

        @Override
        public void ended(@Nullable Throwable failure) {
            response = null;
            body = null;
            cancelDeadline();
        }
    }
}
