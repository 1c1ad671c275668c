package dev.tidings.transport.servlet;

import dev.tidings.spi.TransportHost;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import java.util.Set;

/** How servlets of transports are registered, and where they find their host. */
public final class Registration {

    private Registration() {}

    /**
     * Registers a servlet as it has to be registered. To be called while the context starts.
     *
     * @param context the web application
     * @param servlet the servlet
     * @param name what it is called in the context
     * @param mapping where it is, below the context path
     * @throws IllegalStateException if something else is there already
     */
    public static void add(ServletContext context, HttpServlet servlet, String name, String mapping) {
        ServletRegistration.Dynamic registration = context.addServlet(name, servlet);
        Set<String> taken = registration == null ? Set.of(mapping) : registration.addMapping(mapping);
        if (registration == null || !taken.isEmpty()) {
            throw new IllegalStateException("Another servlet is mapped to " + taken + " already");
        }
        registration.setAsyncSupported(true);
        // At the start, so that a missing host shows then and not at the first client.
        registration.setLoadOnStartup(1);
    }

    /**
     * The host in a servlet's context, under {@link TransportHost#ATTRIBUTE}.
     *
     * @param servlet a servlet that is being initialised
     * @return the host
     * @throws ServletException if there is none, with what to do about it
     */
    public static TransportHost host(HttpServlet servlet) throws ServletException {
        Object found = servlet.getServletContext().getAttribute(TransportHost.ATTRIBUTE);
        if (found instanceof TransportHost host) {
            return host;
        }
        String name = servlet.getClass().getSimpleName();
        throw new ServletException(name
                + " has no host. Before it starts, put the application's Tidings into the ServletContext:"
                + " context.setAttribute(TransportHost.ATTRIBUTE, tidings), for instance in a"
                + " ServletContextListener; or register it with "
                + name
                + ".register(context, tidings, path)."
                + (found == null
                        ? ""
                        : " What is there is a "
                                + found.getClass().getName()
                                + "; if that looks right, the library is on the class path twice."));
    }
}
