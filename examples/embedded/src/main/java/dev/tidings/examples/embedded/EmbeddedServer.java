package dev.tidings.examples.embedded;

import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A servlet container inside this program, with WebSocket switched on and one web application in it.
 *
 * <p>The application is a {@link ServletContextListener}: it registers its servlets when its context starts, and cleans
 * up when the context stops. Everything that the container writes goes to a temporary directory, gone after
 * {@link #close()}. The container's threads keep the program alive until then.
 */
public final class EmbeddedServer implements AutoCloseable {
    /** The containers to choose from. */
    public enum Container {
        /** Eclipse Jetty. */
        JETTY,
        /** Apache Tomcat. */
        TOMCAT
    }

    /** A started container. */
    interface Running {
        int port();

        /** Stops within a bounded time; throws what went wrong on the way. */
        void stop() throws Exception;
    }

    private static final String LOOPBACK = "127.0.0.1";

    private final Running running;
    private final TemporaryDirectory directory;

    private EmbeddedServer(Running running, TemporaryDirectory directory) {
        this.running = running;
        this.directory = directory;
    }

    /**
     * Starts a container that listens on the loopback address.
     *
     * @param container which one
     * @param port the port, 0 for any free one
     * @param contextPath where the application is: empty for the root, or like {@code /app}
     * @param application the application
     * @return the running server
     */
    public static EmbeddedServer start(
            Container container, int port, String contextPath, ServletContextListener application) {
        return start(container, LOOPBACK, port, contextPath, application);
    }

    /**
     * Starts a container that listens on an address of choice.
     *
     * @param container which one
     * @param host the address or host name to listen on
     * @param port the port, 0 for any free one
     * @param contextPath where the application is: empty for the root, or like {@code /app}
     * @param application the application
     * @return the running server
     */
    public static EmbeddedServer start(
            Container container, String host, int port, String contextPath, ServletContextListener application) {
        if (!contextPath.isEmpty() && (!contextPath.startsWith("/") || contextPath.endsWith("/"))) {
            throw new IllegalArgumentException("contextPath must be empty or like /app, but is " + contextPath);
        }
        TemporaryDirectory directory = TemporaryDirectory.create();
        try {
            Path path = directory.path();
            Running running = switch (container) {
                case JETTY -> JettyServer.start(host, port, contextPath, application, path);
                case TOMCAT -> TomcatServer.start(host, port, contextPath, application, path);
            };
            return new EmbeddedServer(running, directory);
        } catch (Exception e) {
            directory.delete();
            throw new IllegalStateException(container + " did not start on " + host + ":" + port, e);
        }
    }

    /**
     * The port the server listens on.
     *
     * @return the port, never 0
     */
    public int port() {
        return running.port();
    }

    /** Stops the application and the container, and removes what they left in the file system. A second call does nothing. */
    @Override
    public void close() {
        try {
            running.stop();
        } catch (IOException | RuntimeException e) {
            throw new IllegalStateException("The container did not stop cleanly", e);
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new IllegalStateException("The container did not stop cleanly", e);
        } finally {
            directory.delete();
        }
    }
}
