package dev.tidings.benchmarks;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.protocol.Payload;
import dev.tidings.transport.websocket.WebSocketServlet;
import jakarta.servlet.ServletContext;
import java.util.concurrent.Semaphore;

/** The library, as an application uses it: one channel, plain WebSocket clients. */
final class TidingsBroadcast implements Broadcast {

    private final Semaphore subscribed = new Semaphore(0);
    private final Tidings tidings = Tidings.builder()
            .channel("news", rule -> rule.subscribe(Allow.anyone()))
            .listener(new ConnectionListener() {
                @Override
                public void onSubscribe(Connection connection, String channel) {
                    subscribed.release();
                }
            })
            .build();

    @Override
    public String label() {
        return "tidings";
    }

    @Override
    public String target() {
        return "/tidings?channel=news";
    }

    @Override
    public void register(ServletContext context) {
        WebSocketServlet.register(context, tidings, "/tidings");
    }

    @Override
    public void awaitReady(int clients) throws InterruptedException {
        subscribed.acquire(clients);
    }

    @Override
    public void publish(String data) {
        tidings.channel("news").publish(Payload.json(data));
    }

    @Override
    public void close() {
        tidings.close();
    }
}
