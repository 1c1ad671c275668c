package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client of the native protocol that needs no container: its wire is a method call.
 *
 * <p>It does what a correct client does: counts frames, acknowledges them, answers pings, keeps its own frames until the server has
 * acknowledged them, and after {@link #resume} goes on where it was. {@link #received()} has each message once and in order, whatever
 * happened to the links. A test can also make it misbehave: {@link #autoAck}, {@link #autoPong}, {@link #sendRaw},
 * {@link #sendNumbered}, {@link #resume(String, long)}.
 *
 * <p>It has no thread. Frames reach it in the threads of whatever executors the host writes with; its own reach the host in the thread
 * that sends, or in one that is bringing in others at that moment. Any thread may use it.
 *
 * <pre>{@code
 * MemoryClient client = MemoryClient.acknowledging(tidings).token("secret").connect();
 * String id = client.subscribe("news");
 * tasks.runAll();
 * assertThat(client.answer(id)).isPresent();
 * client.cut();
 * client.resume();
 * }</pre>
 */
public final class MemoryClient implements ClientCommands {

    private final TransportHost host;
    private final String transport;
    private final boolean acknowledging;
    private final UnaryOperator<Handshake.Builder> handshake;
    private final MemoryLink.Peer peer = new MemoryLink.Peer() {
        @Override
        public void arrived(MemoryLink on, String text) {
            MemoryClient.this.arrived(on, text);
        }

        @Override
        public void ended(MemoryLink on, Disconnect disconnect) {
            MemoryClient.this.ended(on, disconnect);
        }
    };
    private final AtomicLong ids = new AtomicLong();
    private final Inbox inbox = new Inbox();

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Conversation conversation;

    @GuardedBy("lock")
    private @Nullable MemoryLink link;

    @GuardedBy("lock")
    private @Nullable Refusal refusal;

    MemoryClient(
            TransportHost host, String transport, boolean acknowledging, UnaryOperator<Handshake.Builder> handshake) {
        this.host = host;
        this.transport = transport;
        this.acknowledging = acknowledging;
        this.handshake = handshake;
        this.conversation = new Conversation(acknowledging);
    }

    /**
     * Starts to describe a client that only receives what it can, like a bare WebSocket.
     *
     * @param host where to connect
     * @return a builder
     */
    public static MemoryClientBuilder plain(TransportHost host) {
        return new MemoryClientBuilder(host, false);
    }

    /**
     * Starts to describe a client that counts, acknowledges and resumes.
     *
     * @param host where to connect
     * @return a builder
     */
    public static MemoryClientBuilder acknowledging(TransportHost host) {
        return new MemoryClientBuilder(host, true);
    }

    // ---- Links ------------------------------------------------------------------------------------------------------

    void open(boolean resuming, @Nullable String first) {
        Handshake said = handshake
                .apply(Handshake.builder(transport).acknowledging(acknowledging).resuming(resuming))
                .build();
        Optional<Refusal> refused = host.refuse(said);
        MemoryLink fresh = refused.isPresent() ? null : new MemoryLink(transport, host, peer);
        lock.lock();
        try {
            refusal = refused.orElse(null);
            if (fresh == null) {
                return;
            }
            link = fresh;
            conversation.linkChanged();
            if (first != null) {
                fresh.send(0, List.of(first));
            }
        } finally {
            lock.unlock();
        }
        fresh.open(said);
    }

    /**
     * Opens another link and goes on with the connection. A link that is still there is not listened to any more; it is the server's
     * to close it. The server's answer is {@code resumed}, or {@code error} with the code {@code gone} and a new connection.
     *
     * @throws IllegalStateException if this is a plain client, or it had no connection yet
     */
    public void resume() {
        String first;
        lock.lock();
        try {
            first = conversation.resume();
            // From here on nothing of the old link counts, so that what is claimed stays true.
            link = null;
        } finally {
            lock.unlock();
        }
        open(true, first);
    }

    /**
     * Opens another link and claims to have had a connection, truly or not.
     *
     * @param token the secret of the connection
     * @param has how many frames the client says it has
     */
    public void resume(String token, long has) {
        open(true, Conversation.resume(token, has));
    }

    /** The wire breaks, and the server is told so: {@link Disconnect#LINK_LOST}. */
    public void cut() {
        end(Disconnect.LINK_LOST);
    }

    /**
     * The client closes the wire.
     *
     * @param code the code of the close frame; 1000 is a normal end
     */
    public void close(int code) {
        end(new Disconnect(code, "Closed by the client"));
    }

    private void end(Disconnect disconnect) {
        MemoryLink present = present();
        if (present != null) {
            present.end(disconnect);
        }
    }

    /** From now on no write to this client ends: it does not read. */
    public void stall() {
        required().stall();
    }

    /** It reads again. */
    public void unstall() {
        required().unstall();
    }

    /**
     * After so many frames more the network loses everything, in both directions, without a word to either end; the server's writes go
     * on to end well. {@link #cut} tells it.
     *
     * @param frames how many frames still arrive at the client
     */
    public void darkAfter(int frames) {
        required().darkAfter(frames);
    }

    private @Nullable MemoryLink present() {
        lock.lock();
        try {
            return link;
        } finally {
            lock.unlock();
        }
    }

    private MemoryLink required() {
        MemoryLink present = present();
        if (present == null) {
            throw new IllegalStateException("The client has no link");
        }
        return present;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    private void arrived(MemoryLink on, String text) {
        ReceivedFrame frame = ReceivedFrame.parse(text);
        lock.lock();
        try {
            if (on != link) {
                return;
            }
            List<String> answers = new ArrayList<>();
            inbox.add(frame, conversation.arrived(frame, answers));
            answers.forEach(answer -> on.send(0, List.of(answer)));
        } finally {
            lock.unlock();
        }
        on.pump();
    }

    private void ended(MemoryLink on, Disconnect disconnect) {
        lock.lock();
        try {
            inbox.ended(disconnect);
            if (on == link) {
                link = null;
                conversation.linkChanged();
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    /** Sends a frame as a correct client does: counted, kept until it is acknowledged, and sent when there is a link for it. */
    @Override
    public void send(String json) {
        MemoryLink on;
        lock.lock();
        try {
            on = link;
            List<String> now = conversation.send(json);
            if (on == null) {
                return;
            }
            for (String text : now) {
                on.send(0, List.of(text));
            }
        } finally {
            lock.unlock();
        }
        on.pump();
    }

    /**
     * Puts a text on the wire, whatever it is, past all counting.
     *
     * @param text the text
     */
    public void sendRaw(String text) {
        sendNumbered(0, List.of(text));
    }

    /**
     * Sends frames as a POST does, which says the number of its first, past all counting.
     *
     * @param first the number of the first frame
     * @param frames the frames
     */
    public void sendNumbered(long first, List<String> frames) {
        MemoryLink on = required();
        on.send(first, List.copyOf(frames));
        on.pump();
    }

    @Override
    public String command(String type, String rest) {
        String id = Long.toString(ids.incrementAndGet());
        send("{\"type\":\"" + type + "\",\"id\":\"" + id + "\"" + (rest.isEmpty() ? "" : "," + rest) + "}");
        return id;
    }

    /** Acknowledges all frames that have arrived. Only needed after {@link #autoAck autoAck(false)}. */
    public void ack() {
        String ack;
        lock.lock();
        try {
            ack = conversation.ack();
        } finally {
            lock.unlock();
        }
        send(ack);
    }

    /**
     * Whether each frame is acknowledged when it arrives, which it is at first.
     *
     * @param on false to do it by hand
     */
    public void autoAck(boolean on) {
        lock.lock();
        try {
            conversation.acknowledges = on;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether pings are answered, which they are at first.
     *
     * @param on false for a client that is dead and does not know
     */
    public void autoPong(boolean on) {
        lock.lock();
        try {
            conversation.answersPings = on;
        } finally {
            lock.unlock();
        }
    }

    // ---- What happened ----------------------------------------------------------------------------------------------

    /**
     * The messages that have arrived: each once, in order, without the carrier's own frames.
     *
     * @return a copy
     */
    public List<ReceivedFrame> received() {
        return inbox.received();
    }

    /**
     * The messages of a type that have arrived.
     *
     * @param type the type
     * @return a copy, in order
     */
    public List<ReceivedFrame> received(String type) {
        return received().stream().filter(frame -> frame.type().equals(type)).toList();
    }

    /**
     * The messages that have arrived since this was asked last.
     *
     * @return a copy, in order
     */
    public List<ReceivedFrame> take() {
        return inbox.take();
    }

    /**
     * The answer to a command: {@code reply} or {@code error}.
     *
     * @param id the id of the command
     * @return the answer, if it has arrived
     */
    public Optional<ReceivedFrame> answer(String id) {
        return received().stream()
                .filter(frame -> frame.type().equals("reply") || frame.type().equals("error"))
                .filter(frame -> frame.optional("id").orElse("").equals(id))
                .findFirst();
    }

    /**
     * Everything that has arrived on the links that the client listened to, also what is the carrier's own or came again.
     *
     * @return a copy, in order
     */
    public List<ReceivedFrame> wire() {
        return inbox.wire();
    }

    /**
     * Everything of a type that has arrived on the links that the client listened to.
     *
     * @param type the type
     * @return a copy, in order
     */
    public List<ReceivedFrame> wire(String type) {
        return wire().stream().filter(frame -> frame.type().equals(type)).toList();
    }

    /**
     * How the link that ended last has ended, whoever ended it.
     *
     * @return code and reason; empty if none has ended
     */
    public Optional<Disconnect> closed() {
        List<Disconnect> all = closures();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    /**
     * How the client's links have ended.
     *
     * @return code and reason of each, in the order of their ends
     */
    public List<Disconnect> closures() {
        return inbox.closures();
    }

    /**
     * Why the host did not admit the last link.
     *
     * @return the refusal; empty if it was admitted
     */
    public Optional<Refusal> refused() {
        lock.lock();
        try {
            return Optional.ofNullable(refusal);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a link carries the connection, as far as the client knows.
     *
     * @return true after {@code welcome} or {@code resumed}, until the link has ended
     */
    public boolean isOpen() {
        lock.lock();
        try {
            return conversation.isOpen();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The public id of the connection.
     *
     * @return the id
     * @throws AssertionError if there is none: the server has not said {@code welcome}
     */
    public String connection() {
        return known(Conversation::connection, "connection");
    }

    /**
     * The secret of the connection.
     *
     * @return the secret, for {@link #resume(String, long)}
     * @throws AssertionError if there is none
     */
    public String resumeToken() {
        return known(Conversation::token, "resume token");
    }

    private String known(java.util.function.Function<Conversation, @Nullable String> what, String name) {
        String value;
        lock.lock();
        try {
            value = what.apply(conversation);
        } finally {
            lock.unlock();
        }
        if (value == null) {
            throw new AssertionError(
                    "The client has no " + name + "; it got " + wire() + " and ended with " + closures());
        }
        return value;
    }

    /**
     * What the client sent and the server has not acknowledged.
     *
     * @return the frames, in order
     */
    public List<String> unacknowledged() {
        lock.lock();
        try {
            return conversation.unacknowledged();
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many counted frames the client has of its connection.
     *
     * @return the number of the last
     */
    public long receivedCount() {
        lock.lock();
        try {
            return conversation.received();
        } finally {
            lock.unlock();
        }
    }
}
