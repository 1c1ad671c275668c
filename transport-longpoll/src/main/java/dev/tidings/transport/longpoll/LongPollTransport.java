package dev.tidings.transport.longpoll;

import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.ServletTransport;
import jakarta.servlet.http.HttpServlet;

/** Serves polls below the path of a {@link dev.tidings.transport.servlet.TidingsServlet}, which finds it by itself. */
public final class LongPollTransport implements ServletTransport {

    /** For the {@link java.util.ServiceLoader}. */
    public LongPollTransport() {}

    @Override
    public String path() {
        return PollLink.TRANSPORT;
    }

    @Override
    public HttpServlet create(TransportHost host) {
        return new LongPollServlet(host);
    }
}
