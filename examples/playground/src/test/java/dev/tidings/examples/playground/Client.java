package dev.tidings.examples.playground;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What the tests talk to a playground with: nothing but the JDK. */
final class Client {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final String authority;

    Client(int port) {
        this.authority = "127.0.0.1:" + port;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HTTP.send(request(path).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path).POST(BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<String> postBytes(String path, byte[] body) throws IOException, InterruptedException {
        return HTTP.send(request(path).POST(BodyPublishers.ofByteArray(body)).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> delete(String path) throws IOException, InterruptedException {
        return HTTP.send(request(path).DELETE().build(), BodyHandlers.ofString());
    }

    /** An answer that need not end, by lines. */
    HttpResponse<Stream<String>> lines(String path) throws IOException, InterruptedException {
        return HTTP.send(request(path).build(), BodyHandlers.ofLines());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://" + authority + path)).timeout(PATIENCE);
    }

    /** Opens a WebSocket; the first thing it receives is {@code welcome}. */
    Socket open(String pathAndQuery, String... subProtocols) throws Exception {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        WebSocket.Builder builder = HTTP.newWebSocketBuilder();
        if (subProtocols.length > 0) {
            builder.subprotocols(subProtocols[0], Arrays.copyOfRange(subProtocols, 1, subProtocols.length));
        }
        WebSocket socket = builder.buildAsync(URI.create("ws://" + authority + pathAndQuery), new Collector(received))
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return new Socket(socket, received);
    }

    /** A WebSocket and what has come of it. */
    record Socket(WebSocket socket, BlockingQueue<String> received) {

        void send(String text) throws Exception {
            socket.sendText(text, true).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        /** The next text, or {@code closed CODE REASON}, or null if nothing comes. */
        String next() throws InterruptedException {
            return received.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static final class Collector implements WebSocket.Listener {

        private final BlockingQueue<String> received;
        private final StringBuilder parts = new StringBuilder();

        Collector(BlockingQueue<String> received) {
            this.received = received;
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            parts.append(data);
            if (last) {
                received.add(parts.toString());
                parts.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            received.add("closed " + status + " " + reason);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            received.add("failed " + error);
        }
    }
}
