package dev.tidings.transport.websocket;

import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.ServletTransport;
import jakarta.servlet.http.HttpServlet;

/** WebSocket for {@link dev.tidings.transport.servlet.TidingsServlet}, which finds this class by itself. */
public final class WebSocketTransport implements ServletTransport {

    /** For {@link java.util.ServiceLoader}. */
    public WebSocketTransport() {}

    @Override
    public String path() {
        return WebSocketLink.TRANSPORT;
    }

    @Override
    public HttpServlet create(TransportHost host) {
        return new WebSocketServlet(host);
    }
}
