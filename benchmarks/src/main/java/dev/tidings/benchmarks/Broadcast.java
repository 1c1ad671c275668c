package dev.tidings.benchmarks;

import jakarta.servlet.ServletContext;

/** A way to send one text to everybody who is connected. Two of them are compared. */
interface Broadcast extends AutoCloseable {

    /** What the table calls it. */
    String label();

    /** Where clients connect, with the query. */
    String target();

    /** Registers what it needs, while the context starts. */
    void register(ServletContext context);

    /** Waits until so many clients are ready to receive. */
    void awaitReady(int clients) throws InterruptedException;

    /** Sends a message; every client receives {@link #text} of it. */
    void publish(String data);

    @Override
    void close();

    /** The text on the wire, the same for both. */
    static String text(String data) {
        return "{\"type\":\"message\",\"channel\":\"news\",\"data\":" + data + "}";
    }
}
