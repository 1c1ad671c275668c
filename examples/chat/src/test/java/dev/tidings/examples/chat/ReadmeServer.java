package dev.tidings.examples.chat;

import dev.tidings.Allow;
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

/** The whole server of the README, and a page with the whole client of the README. */
final class ReadmeServer implements ServletContextListener, AutoCloseable {

    private final String script;
    private final Tidings tidings;
    private final EmbeddedServer server;

    ReadmeServer(String script) {
        this.script = script;
        this.tidings = Tidings.builder()
                .channel("news", rule -> rule.subscribe(Allow.anyone()).publish(Allow.anyone()))
                .build();
        this.server = EmbeddedServer.start(Container.JETTY, 0, "", this);
    }

    int port() {
        return server.port();
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        TidingsServlet.register(event.getServletContext(), tidings, "/realtime");
        ClientScriptServlet.register(event.getServletContext(), "/tidings");
        event.getServletContext()
                .addServlet(
                        "page", new Text("text/html", "<!doctype html><script type=module src=/readme.js></script>"))
                .addMapping("");
        event.getServletContext()
                .addServlet("script", new Text("text/javascript", script))
                .addMapping("/readme.js");
    }

    @Override
    public void close() {
        tidings.close();
        server.close();
    }

    private static final class Text extends HttpServlet {

        private static final long serialVersionUID = 1L;

        private final String type;
        private final String text;

        Text(String type, String text) {
            this.type = type;
            this.text = text;
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType(type);
            response.setCharacterEncoding("UTF-8");
            response.getWriter().write(text);
        }
    }
}
