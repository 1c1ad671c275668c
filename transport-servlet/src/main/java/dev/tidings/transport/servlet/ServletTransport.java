package dev.tidings.transport.servlet;

import dev.tidings.spi.TransportHost;
import jakarta.servlet.http.HttpServlet;

/**
 * A transport that {@link TidingsServlet} finds by {@link java.util.ServiceLoader}. A custom transport is served beside the built-in ones by
 * being named in {@code META-INF/services}, or in its {@code module-info}.
 */
public interface ServletTransport {

    /**
     * Where it is below the base path, and what it is called in the list of transports.
     *
     * @return one segment without slashes, such as {@code websocket}
     */
    String path();

    /**
     * Makes its servlet. It is initialised with the configuration of the {@link TidingsServlet}.
     *
     * @param host where connections go
     * @return a servlet that serves all requests that it is given, whatever their path
     */
    HttpServlet create(TransportHost host);
}
