package dev.tidings.examples.embedded;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsSci;
import org.jspecify.annotations.Nullable;

/** Tomcat, set up by hand. */
final class TomcatServer implements EmbeddedServer.Running {
    private final Tomcat tomcat;
    private final int port;

    private TomcatServer(Tomcat tomcat, int port) {
        this.tomcat = tomcat;
        this.port = port;
    }

    static TomcatServer start(
            String host, int port, String contextPath, ServletContextListener application, Path directory)
            throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setSilent(true);
        tomcat.setBaseDir(directory.toString());
        Connector connector = new Connector();
        connector.setProperty("address", host);
        connector.setPort(port);
        connector.setThrowOnFailure(true);
        tomcat.setConnector(connector);

        Path pages = Files.createDirectory(directory.resolve("pages"));
        StandardContext context = (StandardContext) tomcat.addContext(contextPath, pages.toString());
        context.setParentClassLoader(TomcatServer.class.getClassLoader());
        // The application's classes stay when it stops, so these searches for leaks, which need --add-opens, find
        // nothing.
        context.setClearReferencesRmiTargets(false);
        context.setClearReferencesThreadLocals(false);
        // Something must be mapped to "/": the filter that upgrades annotated endpoints runs in front of servlets only.
        Tomcat.addServlet(context, "default", new DefaultServlet()).setAsyncSupported(true);
        context.addServletMapping("/", "default");
        // WebSocket comes first: the application finds its ServerContainer when it starts.
        context.addServletContainerInitializer(new WsSci(), null);
        Bridge bridge = new Bridge(application);
        context.addServletContainerInitializer(
                (classes, servletContext) -> {
                    bridge.startIn(new ServletContextEvent(servletContext));
                    servletContext.addListener(bridge);
                },
                null);
        try {
            tomcat.start();
            if (context.getState() != LifecycleState.STARTED) {
                throw new LifecycleException("The application did not start", bridge.failure);
            }
        } catch (Exception e) {
            stop(tomcat);
            throw e;
        }
        return new TomcatServer(tomcat, connector.getLocalPort());
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void stop() throws LifecycleException {
        stop(tomcat);
    }

    private static void stop(Tomcat tomcat) throws LifecycleException {
        if (tomcat.getServer().getState() == LifecycleState.DESTROYED) {
            return;
        }
        tomcat.stop();
        tomcat.destroy();
    }

    /**
     * The application as Tomcat takes it. A listener that is handed over as an object may not register servlets, by the
     * Servlet specification; an initializer may. So the application starts inside an initializer, and only the end of
     * the context reaches it as an event.
     */
    private static final class Bridge implements ServletContextListener {
        private final ServletContextListener application;
        private @Nullable RuntimeException failure;

        Bridge(ServletContextListener application) {
            this.application = application;
        }

        void startIn(ServletContextEvent event) {
            try {
                application.contextInitialized(event);
            } catch (RuntimeException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void contextDestroyed(ServletContextEvent event) {
            application.contextDestroyed(event);
        }
    }
}
