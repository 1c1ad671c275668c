package dev.tidings.transport.websocket;

import dev.tidings.protocol.Codec;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.MalformedRequestException;
import dev.tidings.transport.servlet.Registration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The WebSocket transport: a servlet that turns requests into WebSockets and attaches them to the application's host.
 *
 * <p>Who may not come gets a plain HTTP answer, never a socket that closes at once: 403 for a page of another origin, 429 for too
 * many connections, 503 while the application stops, each with {@code {"code":…,"reason":"…"}}. Other answers name what is wrong with
 * the request (400, 405, 426) or with the installation (500, 501).
 *
 * <p>Register it by {@link #register}, or in a descriptor; then it finds the host in the {@code ServletContext} under
 * {@link TransportHost#ATTRIBUTE}.
 *
 * <pre>{@code
 * public void contextInitialized(ServletContextEvent event) {
 *     tidings = Tidings.builder().build();
 *     WebSocketServlet.register(event.getServletContext(), tidings, "/realtime/websocket");
 * }
 * }</pre>
 */
public final class WebSocketServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final System.Logger LOG = System.getLogger(WebSocketServlet.class.getPackageName());

    private static final String CONTAINER_ATTRIBUTE = "jakarta.websocket.server.ServerContainer";

    private static final String NO_CONTAINER =
            "This server has no Jakarta WebSocket: there is no " + CONTAINER_ATTRIBUTE
                    + " in the servlet context. Embedded containers have to be told to switch it on; on Tomcat add tomcat-embed-websocket"
                    + " (WsSci), on Jetty jetty-ee*-websocket-jakarta-server (JakartaWebSocketServletContainerInitializer.configure)";

    private static final String NOT_UPGRADED =
            "The server has WebSocket but did not upgrade the request. The cause is mostly a filter in front of this servlet that"
                    + " wraps or answers the response, or a server where ServerContainer.upgradeHttpToWebSocket does nothing"
                    + " (GlassFish and Payara)";

    // A servlet is serializable by its type only; no container writes one.
    private transient @Nullable TransportHost host;
    private final transient Map<String, SubProtocol> foreign;
    private final transient AtomicBoolean saidWhatIsMissing = new AtomicBoolean();

    /** A servlet that finds its host in the {@code ServletContext}, under {@link TransportHost#ATTRIBUTE}, when it starts. */
    public WebSocketServlet() {
        this(null, Map.of());
    }

    /**
     * A servlet for a host.
     *
     * @param host where connections go
     */
    public WebSocketServlet(TransportHost host) {
        this(Objects.requireNonNull(host, "host"), Map.of());
    }

    private WebSocketServlet(@Nullable TransportHost host, Map<String, SubProtocol> foreign) {
        this.host = host;
        this.foreign = foreign;
    }

    /**
     * Starts to build a servlet that speaks other protocols too.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Registers a servlet for a host, as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param host where connections go
     * @param path where the servlet is, below the context path, such as {@code /realtime/websocket}
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, TransportHost host, String path) {
        register(context, new WebSocketServlet(host), path);
    }

    /**
     * Registers a servlet, as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param servlet the servlet
     * @param path where it is, below the context path, such as {@code /realtime/websocket}
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, WebSocketServlet servlet, String path) {
        Registration.add(context, servlet, "tidings-websocket " + path, path);
    }

    @Override
    public void init() throws ServletException {
        if (host == null) {
            host = Registration.host(this);
        }
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        TransportHost to = host;
        if (to == null) {
            Answer.broken(500, "This servlet has not started").send(response);
        } else if (!request.getMethod().equals("GET")) {
            response.setHeader("Allow", "GET");
            Answer.badRequest(405, "A WebSocket is opened by GET").send(response);
        } else {
            Optional<Answer> fault = UpgradeRequest.fault(request);
            if (fault.isPresent()) {
                response.setHeader("Upgrade", "websocket");
                response.setHeader("Sec-WebSocket-Version", "13");
                fault.get().send(response);
            } else {
                open(to, request, response);
            }
        }
    }

    private void open(TransportHost to, HttpServletRequest request, HttpServletResponse response) throws IOException {
        SubProtocol chosen = SubProtocol.choose(request.getHeaders("Sec-WebSocket-Protocol"), foreign);
        Handshake handshake;
        try {
            handshake = UpgradeRequest.read(request, chosen);
        } catch (MalformedRequestException e) {
            e.answer().send(response);
            return;
        }
        Optional<Refusal> refusal = to.refuse(handshake);
        if (refusal.isPresent()) {
            Answer.of(refusal.get()).send(response);
            return;
        }
        Object container = getServletContext().getAttribute(CONTAINER_ATTRIBUTE);
        if (container == null) {
            sayOnce(NO_CONTAINER, null);
            Answer.broken(501, NO_CONTAINER).send(response);
            return;
        }
        upgrade(container, request, response, new LinkEndpoint(to, handshake, chosen.lines()), chosen.name());
    }

    private void upgrade(
            Object container,
            HttpServletRequest request,
            HttpServletResponse response,
            LinkEndpoint endpoint,
            @Nullable String subProtocol)
            throws IOException {
        Exception failure = null;
        try {
            Upgrade.perform(container, request, response, endpoint, subProtocol);
        } catch (Exception e) {
            failure = e;
        }
        if (failure == null && response.getStatus() != HttpServletResponse.SC_OK) {
            return;
        }
        if (failure != null && Failures.isOfTheWire(failure)) {
            // The client left while it was answered, which is nobody's fault here.
            LOG.log(Level.DEBUG, "An upgrade failed: " + Failures.describe(failure));
        } else {
            sayOnce(NOT_UPGRADED, failure);
        }
        if (!response.isCommitted()) {
            Answer.broken(500, NOT_UPGRADED).send(response);
        }
    }

    private void sayOnce(String what, @Nullable Exception failure) {
        if (saidWhatIsMissing.compareAndSet(false, true)) {
            LOG.log(Level.ERROR, what, failure);
        }
    }

    /**
     * Collects what a servlet speaks. Not for several threads.
     *
     * <pre>{@code
     * WebSocketServlet servlet = WebSocketServlet.builder()
     *         .host(tidings)
     *         .subProtocol("example.v7", exampleCodec)
     *         .build();
     * }</pre>
     */
    public static final class Builder {

        private @Nullable TransportHost host;
        private final Map<String, SubProtocol> foreign = new HashMap<>();

        private Builder() {}

        /**
         * Where connections go. Without a call, the servlet finds the host in the {@code ServletContext} when it starts.
         *
         * @param application the application's host
         * @return this builder
         */
        public Builder host(TransportHost application) {
            host = Objects.requireNonNull(application, "application");
            return this;
        }

        /**
         * Adds another protocol. Clients that offer its name speak it, as plain clients: what of acknowledging and resuming
         * it has is the codec's own.
         *
         * @param name the name of the WebSocket sub-protocol
         * @param codec reads and writes its frames
         * @return this builder
         * @throws IllegalArgumentException if the name is not a token, or is the library's own
         */
        public Builder subProtocol(String name, Codec codec) {
            foreign.put(name, SubProtocol.foreign(name, Objects.requireNonNull(codec, "codec")));
            return this;
        }

        /**
         * Makes the servlet.
         *
         * @return the servlet
         */
        public WebSocketServlet build() {
            return new WebSocketServlet(host, Map.copyOf(foreign));
        }
    }
}
