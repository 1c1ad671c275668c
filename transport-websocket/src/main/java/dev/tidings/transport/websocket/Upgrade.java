package dev.tidings.transport.websocket;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has the container turn a request into a WebSocket. Apart from {@link WebSocketServlet}, so that the servlet can say what is
 * missing in a container that does not even have the classes.
 */
final class Upgrade {

    private Upgrade() {}

    /**
     * Upgrades, or leaves an answer of the container's own, or does nothing: see the response's status.
     *
     * @param container the context's {@code ServerContainer}
     * @param subProtocol what to echo, or null
     */
    static void perform(
            Object container,
            HttpServletRequest request,
            HttpServletResponse response,
            Endpoint endpoint,
            @Nullable String subProtocol)
            throws IOException, DeploymentException {
        List<String> subProtocols = subProtocol == null ? List.of() : List.of(subProtocol);
        // Neither class nor path are of use here: the configurator has the endpoint, and the servlet's mapping has
        // decided. But some
        // containers insist on a public class.
        ServerEndpointConfig config = ServerEndpointConfig.Builder.create(Endpoint.class, "/")
                .subprotocols(subProtocols)
                .configurator(new Decided(endpoint, subProtocol))
                .build();
        ((ServerContainer) container).upgradeHttpToWebSocket(request, response, config, Map.of());
    }

    /** Everything is decided when it comes to the container; nothing is left to its defaults, such as compression. */
    private static final class Decided extends ServerEndpointConfig.Configurator {
        private final Endpoint endpoint;
        private final @Nullable String subProtocol;

        Decided(Endpoint endpoint, @Nullable String subProtocol) {
            this.endpoint = endpoint;
            this.subProtocol = subProtocol;
        }

        @Override
        public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
            return subProtocol == null ? "" : subProtocol;
        }

        @Override
        public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
            return List.of();
        }

        @Override
        public boolean checkOrigin(String originHeaderValue) {
            return true;
        }

        @Override
        public void modifyHandshake(
                ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {}

        @Override
        public <T> T getEndpointInstance(Class<T> endpointClass) {
            return endpointClass.cast(endpoint);
        }
    }
}
