package dev.tidings.examples.playground;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.scan.StandardJarScanner;
import org.eclipse.jetty.ee.webapp.WebAppClassLoader;
import org.eclipse.jetty.ee11.annotations.AnnotationConfiguration;
import org.eclipse.jetty.ee11.webapp.WebAppContext;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A container that deploys a file, with all that the container does by itself: the descriptor, annotations, WebSocket, resources in jars. */
final class WarServer implements AutoCloseable {

    private static final String HOST = "127.0.0.1";

    /** What a container of one's own would have on its class path: everything that is not the application's. */
    private static final class Outside extends ClassLoader {

        Outside() {
            super(WarServer.class.getClassLoader());
        }

        private static boolean isOurs(String name) {
            return name.contains("dev/tidings/")
                    || name.contains("META-INF/services/dev.tidings.")
                    || name.startsWith("META-INF/resources")
                    || name.startsWith("com/google/gson/");
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (isOurs(name.replace('.', '/'))) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }

        @Override
        public URL getResource(String name) {
            return isOurs(name) ? null : super.getResource(name);
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return isOurs(name) ? Collections.emptyEnumeration() : super.getResources(name);
        }
    }

    private interface Stop {
        void stop() throws Exception;
    }

    private final int port;
    private final Stop stop;

    private WarServer(int port, Stop stop) {
        this.port = port;
        this.stop = stop;
    }

    static WarServer start(Container container, String contextPath, Path war, Path directory) throws Exception {
        return switch (container) {
            case JETTY -> jetty(contextPath, war, directory);
            case TOMCAT -> tomcat(contextPath, war, directory);
        };
    }

    private static WarServer jetty(String contextPath, Path war, Path directory) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost(HOST);
        server.addConnector(connector);
        WebAppContext context = new WebAppContext(war.toString(), contextPath.isEmpty() ? "/" : contextPath);
        context.setTempDirectory(
                Files.createDirectories(directory.resolve("jetty")).toFile());
        context.setClassLoader(new WebAppClassLoader(new Outside(), context));
        // The other container is on this class path, too.
        context.setAttribute(
                AnnotationConfiguration.SERVLET_CONTAINER_INITIALIZER_EXCLUSION_PATTERN, "org\\.apache\\..*");
        context.setThrowUnavailableOnStartupException(true);
        server.setHandler(context);
        try {
            server.start();
        } catch (Exception e) {
            server.stop();
            throw e;
        }
        return new WarServer(connector.getLocalPort(), () -> {
            server.stop();
            server.destroy();
        });
    }

    private static WarServer tomcat(String contextPath, Path war, Path directory) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setSilent(true);
        tomcat.setBaseDir(directory.resolve("tomcat").toString());
        Files.createDirectories(directory.resolve("tomcat/webapps"));
        Connector connector = new Connector();
        connector.setProperty("address", HOST);
        connector.setPort(0);
        connector.setThrowOnFailure(true);
        tomcat.setConnector(connector);
        StandardContext context = (StandardContext) tomcat.addWebapp(contextPath, war.toString());
        context.setParentClassLoader(new Outside());
        // These searches for leaks need --add-opens.
        context.setClearReferencesRmiTargets(false);
        context.setClearReferencesThreadLocals(false);
        context.addLifecycleListener(event -> {
            if (event.getType().equals(Lifecycle.BEFORE_START_EVENT)) {
                withoutPages(context);
            }
        });
        StandardJarScanner scanner = new StandardJarScanner();
        scanner.setScanClassPath(false);
        context.setJarScanner(scanner);
        // The other container is on this class path, too.
        context.setContainerSciFilter("org\\.eclipse\\.jetty\\..*");
        try {
            tomcat.start();
            if (!context.getState().isAvailable()) {
                throw new IllegalStateException("The application did not start");
            }
        } catch (Exception e) {
            tomcat.stop();
            tomcat.destroy();
            throw e;
        }
        return new WarServer(connector.getLocalPort(), () -> {
            tomcat.stop();
            tomcat.destroy();
        });
    }

    /** Tomcat's own defaults have a servlet for JSP, which is not on this class path. */
    private static void withoutPages(StandardContext context) {
        context.removeServletMapping("*.jsp");
        context.removeServletMapping("*.jspx");
        context.removeChild(context.findChild("jsp"));
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        try {
            stop.stop();
        } catch (Exception e) {
            throw new IllegalStateException("The container did not stop cleanly", e);
        }
    }
}
