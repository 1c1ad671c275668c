package dev.tidings.transport.websocket;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** An acknowledging client on the JDK's WebSocket: it counts, acknowledges, keeps what is unacknowledged, and resumes. */
final class CountingClient implements AutoCloseable {

    private static final int ACK_EVERY = 16;
    private static final int WINDOW = 32;

    private final HttpClient http = HttpClient.newHttpClient();
    private final String uri;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<JsonObject> received = new ArrayList<>();
    private final ArrayDeque<String> wanted = new ArrayDeque<>();
    private final ArrayDeque<String> unacknowledged = new ArrayDeque<>();
    private long firstUnacknowledged = 1;
    private long has;
    private String secret = "";
    private int generation;
    private WebSocket socket;
    private boolean open;

    CountingClient(String uri) {
        this.uri = uri;
    }

    /** Opens a socket; from the second time on it resumes. */
    void connect() throws Exception {
        Incoming incoming;
        lock.lock();
        try {
            incoming = new Incoming(++generation);
        } finally {
            lock.unlock();
        }
        boolean resuming = !secret.isEmpty();
        WebSocket opened = http.newWebSocketBuilder()
                .subprotocols("tidings.v1")
                .buildAsync(URI.create(resuming ? uri + "?resume=true" : uri), incoming)
                .get(10, TimeUnit.SECONDS);
        lock.lock();
        try {
            socket = opened;
            if (resuming) {
                transmit("{\"type\":\"resume\",\"token\":\"" + secret + "\",\"received\":" + has + "}");
            }
        } finally {
            lock.unlock();
        }
    }

    /** Breaks the connection without a word; whatever is on its way is lost. */
    void cut() {
        lock.lock();
        try {
            generation++;
            open = false;
            socket.abort();
        } finally {
            lock.unlock();
        }
    }

    void send(String frame) {
        lock.lock();
        try {
            wanted.add(frame);
            flush();
        } finally {
            lock.unlock();
        }
    }

    boolean isOpen() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** The counted frames of a type, in order. */
    List<JsonObject> received(String type) {
        lock.lock();
        try {
            return received.stream()
                    .filter(frame -> frame.get("type").getAsString().equals(type))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }

    // What follows runs under the lock.

    private void transmit(String text) {
        // The JDK's client takes one send at a time.
        try {
            socket.sendText(text, true).get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            open = false;
        }
    }

    private void flush() {
        while (open && !wanted.isEmpty() && unacknowledged.size() < WINDOW) {
            String frame = wanted.remove();
            unacknowledged.add(frame);
            transmit(frame);
        }
    }

    private void handle(JsonObject frame) {
        switch (frame.get("type").getAsString()) {
            case "welcome" -> {
                secret = frame.get("resume").getAsString();
                open = true;
                flush();
            }
            case "resumed" -> {
                acknowledged(frame.get("expects").getAsLong() - 1);
                if (frame.get("next").getAsLong() != has + 1) {
                    throw new AssertionError("has " + has + " but is sent " + frame);
                }
                open = true;
                List.copyOf(unacknowledged).forEach(this::transmit);
                flush();
            }
            case "ack" -> {
                acknowledged(frame.get("received").getAsLong());
                flush();
            }
            case "ping" -> transmit("{\"type\":\"pong\"}");
            case "pong", "close", "auth_success" -> {}
            default -> {
                received.add(frame);
                if (++has % ACK_EVERY == 0) {
                    transmit("{\"type\":\"ack\",\"received\":" + has + "}");
                }
            }
        }
    }

    private void acknowledged(long number) {
        while (firstUnacknowledged <= number && !unacknowledged.isEmpty()) {
            unacknowledged.remove();
            firstUnacknowledged++;
        }
    }

    /** What one socket brings, until another one has taken its place. */
    private final class Incoming implements WebSocket.Listener {
        private final int mine;
        private final StringBuilder text = new StringBuilder();

        Incoming(int mine) {
            this.mine = mine;
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                JsonObject frame = JsonParser.parseString(text.toString()).getAsJsonObject();
                text.setLength(0);
                lock.lock();
                try {
                    if (mine == generation) {
                        socket = from;
                        handle(frame);
                    }
                } finally {
                    lock.unlock();
                }
            }
            from.request(1);
            return null;
        }
    }
}
