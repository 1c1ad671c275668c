package dev.tidings.transport.longpoll;

import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.AsyncResponse;
import dev.tidings.transport.servlet.Cors;
import dev.tidings.transport.servlet.MalformedRequestException;
import dev.tidings.transport.servlet.Posts;
import dev.tidings.transport.servlet.Registration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The long-polling transport: {@code GET} is a poll, answered when there is something to say or its time is over; {@code POST} brings in
 * what an acknowledging client says. With {@code timeout=0} it is plain polling.
 *
 * <p>Register it by {@link #register}, or in a descriptor with {@code async-supported}; then it finds the host in the
 * {@code ServletContext} under {@link TransportHost#ATTRIBUTE}.
 *
 * <pre>{@code
 * public void contextInitialized(ServletContextEvent event) {
 *     tidings = Tidings.builder().build();
 *     LongPollServlet.register(event.getServletContext(), tidings, "/realtime/poll");
 * }
 * }</pre>
 */
public final class LongPollServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    // A servlet is serializable by its type only; no container writes one.
    private transient @Nullable TransportHost host;
    private transient @Nullable Posts posts;

    /** A servlet that finds its host in the {@code ServletContext}, under {@link TransportHost#ATTRIBUTE}, when it starts. */
    public LongPollServlet() {}

    /**
     * A servlet for a host.
     *
     * @param host where connections go
     */
    public LongPollServlet(TransportHost host) {
        this.host = Objects.requireNonNull(host, "host");
    }

    /**
     * Registers a servlet for a host, as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param host where connections go
     * @param path where the servlet is, below the context path, such as {@code /realtime/poll}
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, TransportHost host, String path) {
        Registration.add(context, new LongPollServlet(host), "tidings-poll " + path, path);
    }

    @Override
    public void init() throws ServletException {
        TransportHost to = host == null ? Registration.host(this) : host;
        host = to;
        posts = new Posts(to, PollLink.TRANSPORT);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        TransportHost to = host;
        Posts sending = posts;
        if (to == null || sending == null) {
            Answer.broken(500, "This servlet has not started").send(response);
            return;
        }
        switch (request.getMethod()) {
            case "GET" -> poll(to, request, response);
            case "POST" -> sending.handle(request, response);
            case "OPTIONS" -> Cors.preflight(to, PollLink.TRANSPORT, request, response);
            default -> Cors.notAllowed(response);
        }
    }

    private static void poll(TransportHost to, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        PollRequest poll;
        try {
            poll = PollRequest.read(request, to.settings().pollTimeout());
        } catch (MalformedRequestException e) {
            e.answer().send(response);
            return;
        }
        Optional<Refusal> refusal = Cors.refuse(to, poll.handshake(), request, response);
        if (refusal.isPresent()) {
            Answer.of(refusal.get()).send(response);
        } else if (AsyncResponse.isSupported(request, response)) {
            HttpReply reply = new HttpReply();
            PollLink link = new PollLink(to, reply, poll.handshake().isAcknowledging(), poll.hold());
            reply.begin(request, response, to, link);
            link.open(poll.handshake());
        }
    }
}
