package dev.tidings.examples.chat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** What scripts in a browser ask of the test that has started them, over HTTP. */
final class Control implements AutoCloseable {

    private final HttpServer server;

    private Control(HttpServer server) {
        this.server = server;
    }

    static Control start() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        return new Control(server);
    }

    /** Does something whenever a path is asked for. */
    Control on(String path, Runnable action) {
        server.createContext(path, exchange -> {
            try (exchange) {
                action.run();
                exchange.sendResponseHeaders(204, -1);
            }
        });
        return this;
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
