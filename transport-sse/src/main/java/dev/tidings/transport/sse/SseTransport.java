package dev.tidings.transport.sse;

import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.ServletTransport;
import jakarta.servlet.http.HttpServlet;

/** Server-Sent Events for {@link dev.tidings.transport.servlet.TidingsServlet}, which finds this class by itself. */
public final class SseTransport implements ServletTransport {

    /** For {@link java.util.ServiceLoader}. */
    public SseTransport() {}

    @Override
    public String path() {
        return SseLink.TRANSPORT;
    }

    @Override
    public HttpServlet create(TransportHost host) {
        return new SseServlet(host);
    }
}
