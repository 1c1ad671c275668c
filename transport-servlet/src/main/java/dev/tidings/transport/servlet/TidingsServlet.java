package dev.tidings.transport.servlet;

import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All transports under one path: whatever {@link ServletTransport} is on the class path is served below it, such as
 * {@code /realtime/websocket}, {@code /realtime/sse} and {@code /realtime/poll}. {@code GET} of the path itself, or of {@code info} below it,
 * lists them.
 *
 * <p>Register it by {@link #register}, or in a descriptor with a mapping such as {@code /realtime/*} and {@code async-supported}; then it finds
 * the host in the {@code ServletContext} under {@link TransportHost#ATTRIBUTE}.
 *
 * <pre>{@code
 * public void contextInitialized(ServletContextEvent event) {
 *     tidings = Tidings.builder().build();
 *     TidingsServlet.register(event.getServletContext(), tidings, "/realtime");
 * }
 * }</pre>
 */
public final class TidingsServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final String INFO = "info";
    /** The best first; a stranger's come behind. */
    private static final List<String> ORDER = List.of("websocket", "sse", "poll");

    // A servlet is serializable by its type only; no container writes one.
    private transient @Nullable TransportHost host;
    private transient Map<String, HttpServlet> transports = Map.of();

    /** A servlet that finds its host in the {@code ServletContext}, under {@link TransportHost#ATTRIBUTE}, when it starts. */
    public TidingsServlet() {}

    /**
     * A servlet for a host.
     *
     * @param host where connections go
     */
    public TidingsServlet(TransportHost host) {
        this.host = Objects.requireNonNull(host, "host");
    }

    /**
     * Registers a servlet for a host, as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param host where connections go
     * @param path the base path, below the context path, such as {@code /realtime}
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, TransportHost host, String path) {
        Registration.add(context, new TidingsServlet(host), "tidings " + path, path + "/*");
    }

    @Override
    public void init() throws ServletException {
        TransportHost to = host == null ? Registration.host(this) : host;
        host = to;
        Map<String, HttpServlet> served = new LinkedHashMap<>();
        for (ServletTransport transport : found()) {
            HttpServlet servlet = transport.create(to);
            servlet.init(getServletConfig());
            HttpServlet other = served.putIfAbsent(transport.path(), servlet);
            if (other != null) {
                throw new ServletException("Two transports are called \"" + transport.path() + "\": "
                        + other.getClass().getName() + " and "
                        + servlet.getClass().getName());
            }
        }
        if (served.isEmpty()) {
            throw new ServletException("TidingsServlet has no transport: add tidings-transport-websocket,"
                    + " tidings-transport-sse or tidings-transport-longpoll to the application");
        }
        transports = Collections.unmodifiableMap(served);
    }

    /** Those that the application sees, or else those that the library sees. */
    private static List<ServletTransport> found() {
        List<ServletTransport> found = new ArrayList<>();
        ServiceLoader.load(ServletTransport.class).forEach(found::add);
        if (found.isEmpty()) {
            ServiceLoader.load(ServletTransport.class, TidingsServlet.class.getClassLoader())
                    .forEach(found::add);
        }
        found.sort((a, b) -> Integer.compare(rank(a), rank(b)));
        return found;
    }

    private static int rank(ServletTransport transport) {
        int known = ORDER.indexOf(transport.path());
        return known < 0 ? ORDER.size() : known;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        TransportHost to = host;
        String path = Objects.requireNonNullElse(request.getPathInfo(), "");
        String below = path.startsWith("/") ? path.substring(1) : path;
        HttpServlet transport = transports.get(below);
        if (transport != null) {
            transport.service(request, response);
        } else if (to == null || !(below.isEmpty() || below.equals(INFO))) {
            Answer.badRequest(404, "There is " + names(", ") + " and " + INFO).send(response);
        } else if (request.getMethod().equals("OPTIONS")) {
            Cors.preflight(to, INFO, request, response);
        } else if (request.getMethod().equals("GET")) {
            list(to, request, response);
        } else {
            response.setHeader("Allow", "GET, OPTIONS");
            Answer.badRequest(405, "What there is is told by GET").send(response);
        }
    }

    private void list(TransportHost to, HttpServletRequest request, HttpServletResponse response) throws IOException {
        Handshake handshake;
        try {
            handshake = HttpHandshake.copy(request, INFO).build();
        } catch (MalformedRequestException e) {
            e.answer().send(response);
            return;
        }
        Optional<Refusal> refusal = Cors.refuse(to, handshake, request, response);
        if (refusal.isPresent()) {
            Answer.of(refusal.get()).send(response);
            return;
        }
        byte[] json = ("{\"protocol\":\"" + HttpHandshake.VERSION + "\",\"transports\":[" + names(",") + "]}")
                .getBytes(StandardCharsets.UTF_8);
        response.setContentType(Answer.JSON);
        response.setContentLength(json.length);
        response.getOutputStream().write(json);
    }

    private String names(String between) {
        return transports.keySet().stream()
                .map(name -> Payload.string(name).json())
                .collect(Collectors.joining(between));
    }

    @Override
    public void destroy() {
        transports.values().forEach(HttpServlet::destroy);
    }
}
