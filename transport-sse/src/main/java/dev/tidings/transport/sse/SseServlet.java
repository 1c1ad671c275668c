package dev.tidings.transport.sse;

import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.AsyncResponse;
import dev.tidings.transport.servlet.Cors;
import dev.tidings.transport.servlet.HttpHandshake;
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
 * The transport by Server-Sent Events: a servlet whose answers to {@code GET} are streams that stay, and which takes by {@code POST} what
 * acknowledging clients have to say.
 *
 * <p>A stream is answered when it is known who the client is: wrong credentials are a 401, another origin's page gets a 403, each with
 * {@code {"code":…,"reason":"…"}}.
 *
 * <p>Register it by {@link #register}, or in a descriptor with {@code async-supported}; then it finds the host in the
 * {@code ServletContext} under {@link TransportHost#ATTRIBUTE}.
 *
 * <pre>{@code
 * public void contextInitialized(ServletContextEvent event) {
 *     tidings = Tidings.builder().build();
 *     SseServlet.register(event.getServletContext(), tidings, "/realtime/sse");
 * }
 * }</pre>
 */
public final class SseServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** The longest position that the core gives out. */
    private static final int MAX_POSITION = 1_024;
    /** Stands for a position that cannot be one. */
    private static final String UNKNOWN = "?";

    // A servlet is serializable by its type only; no container writes one.
    private transient @Nullable TransportHost host;
    private transient @Nullable Posts posts;

    /** A servlet that finds its host in the {@code ServletContext}, under {@link TransportHost#ATTRIBUTE}, when it starts. */
    public SseServlet() {}

    /**
     * A servlet for a host.
     *
     * @param host where connections go
     */
    public SseServlet(TransportHost host) {
        this.host = Objects.requireNonNull(host, "host");
    }

    /**
     * Registers a servlet for a host, as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param host where connections go
     * @param path where the servlet is, below the context path, such as {@code /realtime/sse}
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, TransportHost host, String path) {
        Registration.add(context, new SseServlet(host), "tidings-sse " + path, path);
    }

    @Override
    public void init() throws ServletException {
        TransportHost to = host == null ? Registration.host(this) : host;
        host = to;
        posts = new Posts(to, SseLink.TRANSPORT);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        TransportHost to = host;
        Posts incoming = posts;
        if (to == null || incoming == null) {
            Answer.broken(500, "This servlet has not started").send(response);
            return;
        }
        switch (request.getMethod()) {
            case "GET" -> stream(to, request, response);
            case "POST" -> incoming.handle(request, response);
            case "OPTIONS" -> Cors.preflight(to, SseLink.TRANSPORT, request, response);
            default -> Cors.notAllowed(response);
        }
    }

    private static void stream(TransportHost to, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Handshake handshake;
        try {
            Handshake.Builder builder = HttpHandshake.read(request, SseLink.TRANSPORT);
            handshake = HttpHandshake.isAcknowledging(request)
                    ? builder.build()
                    : builder.since(since(request)).build();
        } catch (MalformedRequestException e) {
            e.answer().send(response);
            return;
        }
        Optional<Refusal> refusal = Cors.refuse(to, handshake, request, response);
        if (refusal.isPresent()) {
            Stream.Refused refused = Stream.refused(Answer.of(refusal.get()), handshake.isAcknowledging());
            refused.head(response);
            response.getOutputStream().write(refused.body());
        } else if (AsyncResponse.isSupported(request, response)) {
            new SseLink(to, handshake.isAcknowledging()).open(request, response, handshake);
        }
    }

    /** Where an {@code EventSource} says that it stood. It comes from a stranger; what is too long is no position for sure. */
    private static @Nullable String since(HttpServletRequest request) {
        String id = request.getHeader("Last-Event-ID");
        if (id == null || id.isBlank()) {
            return null;
        }
        return id.length() > MAX_POSITION ? UNKNOWN : id;
    }
}
