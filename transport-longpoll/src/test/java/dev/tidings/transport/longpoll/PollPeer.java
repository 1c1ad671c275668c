package dev.tidings.transport.longpoll;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.protocol.Disconnect;
import dev.tidings.testkit.TransportContract;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A client that polls, as the contract's peer. One that does not read goes on asking on the same connection, as if it had got the
 * answers, because a single answer fits into the buffers on the way.
 */
final class PollPeer implements TransportContract.Peer {

    static final String CLOSE = "{\"type\":\"close\"}";
    private static final int MANY = 200;
    private static final int LOOK_MILLIS = 20;

    private final int port;
    private final String path;
    private final String token;
    private final RawHttp polls;
    private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final CompletableFuture<Disconnect> end = new CompletableFuture<>();
    private volatile boolean reading = true;
    private volatile boolean over;
    private volatile boolean cut;
    private volatile CountDownLatch parked = new CountDownLatch(1);

    // The reading thread's own, or the test's while that one is parked.
    private long received;
    private long number;
    private int asked;

    private long sent;

    PollPeer(int port, String path, String token) {
        this.port = port;
        this.path = path;
        this.token = token;
        this.polls = RawHttp.connect(port, 4_096);
        Thread reader = new Thread(this::run, token);
        reader.setDaemon(true);
        reader.start();
    }

    private void run() {
        try {
            while (!over) {
                if (!reading) {
                    parked.countDown();
                    TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                } else {
                    if (asked == 0) {
                        ask(received);
                    }
                    polls.receive(LOOK_MILLIS).ifPresent(this::answered);
                }
            }
        } catch (UncheckedIOException e) {
            end.complete(Disconnect.LINK_LOST);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String headers() {
        return "Tidings-Protocol: tidings.v1\r\nTidings-Connection: " + token + "\r\n";
    }

    private void ask(long has) {
        asked++;
        polls.send(RawHttp.request(
                "GET", path, headers() + "Tidings-Received: " + has + "\r\nTidings-Poll: " + ++number + "\r\n", ""));
    }

    private void answered(RawHttp.Response response) {
        asked--;
        if (response.status() != 200) {
            JsonObject why = JsonParser.parseString(response.body()).getAsJsonObject();
            end(new Disconnect(why.get("code").getAsInt(), why.get("reason").getAsString()));
            return;
        }
        if (response.header("Tidings-First").isEmpty()) {
            throw new AssertionError("This is no answer to a poll: " + response);
        }
        long next = Long.parseLong(response.header("Tidings-First"));
        for (String frame : response.body().lines().toList()) {
            if (frame.startsWith("{\"type\":\"close\"")) {
                JsonObject why = JsonParser.parseString(frame).getAsJsonObject();
                end(new Disconnect(why.get("code").getAsInt(), why.get("reason").getAsString()));
            } else if (next > received) {
                received = next;
                texts.add(frame);
            }
            next++;
        }
    }

    private void end(Disconnect how) {
        over = true;
        end.complete(how);
    }

    @Override
    public synchronized void send(String text) {
        try (RawHttp post = RawHttp.connect(port)) {
            RawHttp.Response response = post.send(RawHttp.request(
                            "POST",
                            path,
                            headers() + "Tidings-First: " + (sent + 1) + "\r\nContent-Type: application/json\r\n",
                            text))
                    .receive();
            if (response.status() == 200) {
                sent++;
            } else {
                // By its class the code says not to come back.
                cut();
            }
        }
    }

    @Override
    public Optional<String> receive(Duration patience) {
        try {
            return Optional.ofNullable(texts.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    @Override
    public void stopReading() {
        parked = new CountDownLatch(1);
        reading = false;
        try {
            if (!parked.await(10, TimeUnit.SECONDS)) {
                throw new AssertionError("The peer goes on reading");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (int i = 1; i <= MANY; i++) {
            ask(received + i);
        }
    }

    @Override
    public void read() {
        reading = true;
    }

    @Override
    public void cut() {
        over = true;
        if (end.complete(Disconnect.LINK_LOST) || !cut) {
            cut = true;
            polls.cut();
        }
    }

    @Override
    public void close() {
        send(CLOSE);
    }

    @Override
    public Optional<Disconnect> closed(Duration patience) {
        try {
            return Optional.of(end.get(patience.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }
}
