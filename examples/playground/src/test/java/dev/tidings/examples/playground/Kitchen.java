package dev.tidings.examples.playground;

import dev.tidings.Tidings;
import dev.tidings.client.js.ClientScriptServlet;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.transport.servlet.TidingsServlet;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/** A server of a recipe. The container can stop and come back while the application goes on, which to clients looks like a lost network. */
final class Kitchen implements ServletContextListener, AutoCloseable {

    private final Container container;
    private final Tidings tidings;
    private final Supplier<String> ticket;
    private final int port;
    private EmbeddedServer server;

    Kitchen(Container container, Tidings tidings) {
        this(container, tidings, () -> "");
    }

    /** With somebody who issues tickets, at {@code POST /ticket}. */
    Kitchen(Container container, Tidings tidings, Supplier<String> ticket) {
        this.container = container;
        this.tidings = tidings;
        this.ticket = ticket;
        this.server = EmbeddedServer.start(container, 0, "", this);
        this.port = server.port();
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        TidingsServlet.register(event.getServletContext(), tidings, "/realtime");
        ClientScriptServlet.register(event.getServletContext(), "/tidings");
        event.getServletContext()
                .addServlet("ticket", new TicketServlet(ticket))
                .addMapping("/ticket");
    }

    int port() {
        return port;
    }

    Client client() {
        return new Client(port);
    }

    /** Waits until so many are subscribed. */
    void awaitSubscribers(String channel, int count) {
        Awaitility.await()
                .atMost(Client.PATIENCE)
                .until(() -> tidings.channel(channel).subscribers() == count);
    }

    void breakAllLinks() {
        server.close();
    }

    void comeBack() {
        server = EmbeddedServer.start(container, port, "", this);
    }

    @Override
    public void close() {
        tidings.close();
        server.close();
    }

    private static final class TicketServlet extends HttpServlet {

        private static final long serialVersionUID = 1L;

        private final transient Supplier<String> ticket;

        TicketServlet(Supplier<String> ticket) {
            this.ticket = ticket;
        }

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().write(ticket.get());
        }
    }
}
