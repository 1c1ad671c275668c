package dev.tidings.transport.websocket;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client without a library: what {@code new WebSocket(url)} is to a page. */
final class PlainClient implements WebSocket.Listener, AutoCloseable {

    static final HttpClient HTTP = HttpClient.newHttpClient();

    private final BlockingQueue<String> messages;
    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private final Consumer<String> onMessage;
    private final StringBuilder parts = new StringBuilder();
    private final WebSocket socket;

    private PlainClient(URI uri, BlockingQueue<String> messages, Consumer<String> onMessage, String... subProtocols) {
        this.messages = messages;
        this.onMessage = onMessage;
        WebSocket.Builder builder = HTTP.newWebSocketBuilder();
        if (subProtocols.length > 0) {
            builder.subprotocols(subProtocols[0], Arrays.copyOfRange(subProtocols, 1, subProtocols.length));
        }
        this.socket =
                builder.buildAsync(uri, this).orTimeout(20, TimeUnit.SECONDS).join();
    }

    static PlainClient open(WireServer server, String query, String... subProtocols) {
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        return new PlainClient(server.uri(query), messages, messages::add, subProtocols);
    }

    /** A client that hands every message over and keeps none. */
    static PlainClient handingOver(WireServer server, String query, Consumer<String> onMessage) {
        return new PlainClient(server.uri(query), new LinkedBlockingQueue<>(), onMessage);
    }

    String subProtocol() {
        return socket.getSubprotocol();
    }

    PlainClient send(String text) {
        socket.sendText(text, true).orTimeout(20, TimeUnit.SECONDS).join();
        return this;
    }

    String message() {
        return WireServer.take(messages);
    }

    /** The next frame of a type; others are skipped. */
    JsonObject next(String type) {
        while (true) {
            JsonObject json = JsonParser.parseString(message()).getAsJsonObject();
            if (json.get("type").getAsString().equals(type)) {
                return json;
            }
        }
    }

    /** The code and reason of the close frame. */
    String closing() {
        return closed.orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        parts.append(data);
        if (last) {
            String message = parts.toString();
            parts.setLength(0);
            onMessage.accept(message);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
        closed.complete(code + (reason.isEmpty() ? "" : " " + reason));
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.completeExceptionally(error);
    }

    void close(int code) {
        socket.sendClose(code, "").orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        socket.abort();
    }
}
