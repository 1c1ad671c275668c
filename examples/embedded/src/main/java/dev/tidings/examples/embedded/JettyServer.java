package dev.tidings.examples.embedded;

import jakarta.servlet.ServletContextListener;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jetty.ee11.servlet.DefaultServlet;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.ee11.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Jetty, set up by hand. */
final class JettyServer implements EmbeddedServer.Running {
    private static final long STOP_MILLIS = 5_000;

    private final Server server;
    private final int port;

    private JettyServer(Server server, int port) {
        this.server = server;
        this.port = port;
    }

    static JettyServer start(
            String host, int port, String contextPath, ServletContextListener application, Path directory)
            throws Exception {
        QueuedThreadPool threads = new QueuedThreadPool();
        threads.setName("jetty");
        threads.setStopTimeout(STOP_MILLIS);
        Server server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        server.addConnector(connector);
        server.setHandler(context(contextPath, application, directory));
        try {
            server.start();
        } catch (Exception e) {
            server.stop();
            throw e;
        }
        return new JettyServer(server, connector.getLocalPort());
    }

    private static ServletContextHandler context(String contextPath, ServletContextListener application, Path directory)
            throws Exception {
        ServletContextHandler context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
        context.setContextPath(contextPath.isEmpty() ? "/" : contextPath);
        context.setBaseResourceAsPath(Files.createDirectory(directory.resolve("pages")));
        context.setTempDirectory(
                Files.createDirectory(directory.resolve("work")).toFile());
        context.setAllowNullPathInContext(true);
        ServletHolder files = new ServletHolder("default", DefaultServlet.class);
        files.setAsyncSupported(true);
        context.addServlet(files, "/");
        // WebSocket comes first: the application finds its ServerContainer when it starts.
        JakartaWebSocketServletContainerInitializer.configure(context, null);
        context.addEventListener(application);
        return context;
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void stop() throws Exception {
        server.stop();
        server.destroy();
    }
}
