package dev.tidings.examples.playground;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import jakarta.servlet.ServletContextListener;
import java.util.Locale;

/** Starts the playground: {@code java -jar playground.jar [jetty|tomcat] [port]}. */
public final class Playground {
    private Playground() {}

    /**
     * Starts the playground.
     *
     * @param arguments the container and the port; Jetty and 8080 when left out
     */
    public static void main(String[] arguments) {
        Container container =
                arguments.length > 0 ? Container.valueOf(arguments[0].toUpperCase(Locale.ROOT)) : Container.JETTY;
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8080;
        EmbeddedServer server = EmbeddedServer.start(container, port, "", new ServletContextListener() {});
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "playground-stop"));
        System.out.println("http://127.0.0.1:" + server.port() + "/");
    }
}
