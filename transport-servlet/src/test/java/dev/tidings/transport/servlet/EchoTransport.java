package dev.tidings.transport.servlet;

import dev.tidings.spi.TransportHost;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;

/** A stranger's transport, found like the built-in ones: it takes posts, and else says where it is. */
public final class EchoTransport implements ServletTransport {

    /** For {@link java.util.ServiceLoader}. */
    public EchoTransport() {}

    @Override
    public String path() {
        return "echo";
    }

    @Override
    public HttpServlet create(TransportHost host) {
        Posts posts = new Posts(host, "echo");
        return new HttpServlet() {
            private static final long serialVersionUID = 1L;
            private transient String context = "";

            @Override
            public void init() throws ServletException {
                context = Objects.requireNonNull(getServletContext().getContextPath());
            }

            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                if (request.getMethod().equals("POST")) {
                    posts.handle(request, response);
                } else if (request.getMethod().equals("OPTIONS")) {
                    Cors.preflight(host, "echo", request, response);
                } else {
                    response.getWriter().print("echo in " + context);
                }
            }
        };
    }
}
