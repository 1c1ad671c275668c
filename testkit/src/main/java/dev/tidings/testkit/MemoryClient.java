package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
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
 * <p>Its links are like WebSockets, like streams, or polls, as {@link #wire} says. By streams and polls it gets only; what it says goes
 * beside them, by {@link TransportHost#post}. It polls when a test says so, by {@link #poll}.
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
    private final Wire.Peer peer = new Wire.Peer() {
        @Override
        public void arrived(Wire on, String text, @Nullable String where) {
            MemoryClient.this.arrived(on, text, where);
        }

        @Override
        public void answered(Wire on, long first, List<String> texts, @Nullable String where) {
            MemoryClient.this.answered(on, first, texts, where);
        }

        @Override
        public void ended(Wire on, Disconnect disconnect) {
            MemoryClient.this.ended(on, disconnect);
        }
    };
    private final AtomicLong ids = new AtomicLong();
    private final Inbox inbox = new Inbox();

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Conversation conversation;

    @GuardedBy("lock")
    private @Nullable Wire link;

    @GuardedBy("lock")
    private MemoryWire wire = MemoryWire.SOCKET;

    @GuardedBy("lock")
    private long pollNumber;

    @GuardedBy("lock")
    private int answers;

    /** Whether polls carry the connection, so that it is open in between. */
    @GuardedBy("lock")
    private boolean polled;

    @GuardedBy("lock")
    private @Nullable String position;

    /** What the client says for the carrier, to be posted. */
    @GuardedBy("lock")
    private final List<String> toPost = new ArrayList<>();

    @GuardedBy("lock")
    private @Nullable Posted posted;

    // How often somebody asked for what waits to be posted; whoever lifts it from 0 does it, so that there is one post
    // at a time.
    private final AtomicInteger posting = new AtomicInteger();

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

    /** Opens the first link. */
    void begin() {
        open(builder -> builder, null);
    }

    private void open(UnaryOperator<Handshake.Builder> how, @Nullable String first) {
        Handshake said;
        boolean polls;
        lock.lock();
        try {
            polls = wire == MemoryWire.POLLS;
            said = how.apply(said()).build();
        } finally {
            lock.unlock();
        }
        Optional<Refusal> refused = host.refuse(said);
        MemoryLink socket = polls ? null : new MemoryLink(transport, host, peer);
        Wire fresh = socket == null ? new MemoryPoll(transport, host, peer) : socket;
        lock.lock();
        try {
            refusal = refused.orElse(null);
            if (refusal != null) {
                return;
            }
            polled &= polls;
            if (!polled) {
                conversation.linkChanged();
            }
            link = fresh;
            if (first != null && socket != null) {
                socket.send(0, List.of(first));
            }
        } finally {
            lock.unlock();
        }
        fresh.open(said);
    }

    /** What the client says with every request. */
    @GuardedBy("lock")
    private Handshake.Builder said() {
        Handshake.Builder said = Handshake.builder(transport)
                .acknowledging(acknowledging)
                .allowsAuthFrame(!wire.isOneWay())
                .polling(wire == MemoryWire.POLLS);
        if (wire.isOneWay() && !acknowledging) {
            said.since(position);
        }
        return handshake.apply(said);
    }

    /**
     * What sort of link is opened from now on. A connection goes on, whatever carries it.
     *
     * @param sort the sort
     */
    public void wire(MemoryWire sort) {
        lock.lock();
        try {
            wire = sort;
            conversation.posts = sort.isOneWay();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Opens another link and goes on with the connection; on {@link MemoryWire#POLLS} that is the next poll. A link that is still there
     * is not listened to any more; it is the server's to close it. The server's answer is {@code resumed}, or {@code error} with the code
     * {@code gone} and a new connection.
     *
     * @throws IllegalStateException if this is a plain client, or it had no connection yet
     */
    public void resume() {
        boolean oneWay;
        String first;
        Handshake.Resume goesOn;
        lock.lock();
        try {
            oneWay = wire.isOneWay();
            first = conversation.resume();
            goesOn = goesOn(wire == MemoryWire.POLLS ? ++pollNumber : 0);
            if (wire != MemoryWire.POLLS || !(link instanceof MemoryPoll)) {
                // From here on nothing of the old link counts, so that what is claimed stays true.
                link = null;
            }
        } finally {
            lock.unlock();
        }
        if (oneWay) {
            open(builder -> builder.resume(goesOn), null);
        } else {
            open(builder -> builder.resuming(true), first);
        }
    }

    @GuardedBy("lock")
    private Handshake.Resume goesOn(long number) {
        String token = conversation.token();
        return new Handshake.Resume(token == null ? "" : token, conversation.received(), number);
    }

    /**
     * Opens another link and claims to have had a connection, truly or not.
     *
     * @param token the secret of the connection
     * @param has how many frames the client says it has
     */
    public void resume(String token, long has) {
        resume(token, has, 0);
    }

    /**
     * Opens another link and claims to have had a connection, truly or not, in a poll of any number.
     *
     * @param token the secret of the connection
     * @param has how many frames the client says it has
     * @param number the number of the poll; 0 where the link is no poll
     */
    public void resume(String token, long has, long number) {
        boolean oneWay;
        lock.lock();
        try {
            oneWay = wire.isOneWay();
        } finally {
            lock.unlock();
        }
        if (oneWay) {
            open(builder -> builder.resume(new Handshake.Resume(token, has, number)), null);
        } else {
            open(builder -> builder.resuming(true), Conversation.resume(token, has));
        }
    }

    /**
     * The next poll, unless one is held: it goes on with the connection of an acknowledging client, and from where a plain one stands.
     *
     * @throws IllegalStateException if the client does not poll
     */
    public void poll() {
        boolean known;
        lock.lock();
        try {
            if (wire != MemoryWire.POLLS) {
                throw new IllegalStateException("The client does not poll");
            }
            if (link instanceof MemoryPoll) {
                return;
            }
            known = acknowledging && conversation.token() != null;
        } finally {
            lock.unlock();
        }
        if (known) {
            resume();
        } else {
            begin();
        }
    }

    /** The poll has been held for long enough: it is answered also if there is nothing to say. */
    public void timeOut() {
        if (present() instanceof MemoryPoll poll) {
            poll.timeOut();
        }
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
        Wire present = present();
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
     * on to end well. {@link #cut} tells it. The answer to a poll is lost as a whole.
     *
     * @param frames how many frames still arrive at the client
     */
    public void darkAfter(int frames) {
        required().darkAfter(frames);
    }

    private @Nullable Wire present() {
        lock.lock();
        try {
            return link;
        } finally {
            lock.unlock();
        }
    }

    private Wire required() {
        Wire present = present();
        if (present == null) {
            throw new IllegalStateException("The client has no link");
        }
        return present;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    private void arrived(Wire on, String text, @Nullable String where) {
        lock.lock();
        try {
            if (on != link) {
                return;
            }
            position = where;
            said(on, take(text));
        } finally {
            lock.unlock();
        }
        sent(on);
    }

    private void answered(Wire on, long first, List<String> texts, @Nullable String where) {
        lock.lock();
        try {
            if (on != link) {
                return;
            }
            answers++;
            polled = true;
            position = where;
            link = null;
            conversation.answered(first);
            for (String text : texts) {
                // The next poll says what has arrived.
                take(text);
            }
        } finally {
            lock.unlock();
        }
        flush();
    }

    /** Takes what has arrived; returns what the client says to it. */
    @GuardedBy("lock")
    private List<String> take(String text) {
        ReceivedFrame frame = ReceivedFrame.parse(text);
        List<String> answers = new ArrayList<>();
        inbox.add(frame, conversation.arrived(frame, answers));
        return answers;
    }

    @GuardedBy("lock")
    private void said(@Nullable Wire on, List<String> texts) {
        if (wire.isOneWay() || !(on instanceof MemoryLink socket)) {
            toPost.addAll(texts);
        } else {
            texts.forEach(text -> socket.send(0, List.of(text)));
        }
    }

    /** Brings in what was said. The caller holds no lock. */
    private void sent(@Nullable Wire on) {
        if (on instanceof MemoryLink socket) {
            socket.pump();
        }
        flush();
    }

    private void ended(Wire on, Disconnect disconnect) {
        lock.lock();
        try {
            inbox.ended(disconnect);
            if (on == link) {
                link = null;
                polled &= disconnect.code() == Disconnect.LINK_LOST.code();
                if (!polled) {
                    conversation.linkChanged();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- Posts ------------------------------------------------------------------------------------------------------

    /** One post after the other, until nothing waits or one was refused. */
    private void flush() {
        if (posting.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            while (postNext()) {}
            seen = posting.addAndGet(-seen);
        }
    }

    private boolean postNext() {
        Handshake said;
        long first;
        List<String> frames;
        lock.lock();
        try {
            frames = new ArrayList<>(conversation.isOpen() ? conversation.toPost() : List.of());
            frames.addAll(toPost);
            if (!conversation.posts || conversation.token() == null || frames.isEmpty()) {
                return false;
            }
            toPost.clear();
            first = conversation.firstToPost();
            said = said().resume(goesOn(0)).build();
        } finally {
            lock.unlock();
        }
        Posted answer = host.post(said, first, frames).toCompletableFuture().join();
        lock.lock();
        try {
            posted = answer;
            if (!answer.isGone()) {
                conversation.posted(answer.expects());
            }
        } finally {
            lock.unlock();
        }
        return answer.refusal() == null && !answer.isGone();
    }

    /**
     * Posts frames with the number of the first, whatever they are. What is taken counts for the client as sent.
     *
     * @param first the number of the first counted frame
     * @param frames the frames
     * @return what became of them
     */
    public Posted post(long first, List<String> frames) {
        Handshake said;
        lock.lock();
        try {
            said = said().resume(goesOn(0)).build();
        } finally {
            lock.unlock();
        }
        Posted answer = host.post(said, first, List.copyOf(frames))
                .toCompletableFuture()
                .join();
        if (!answer.isGone()) {
            lock.lock();
            try {
                conversation.postedUncounted(answer.expects());
            } finally {
                lock.unlock();
            }
        }
        return answer;
    }

    /** Posts everything again that is not acknowledged, as after an answer that was lost. */
    public void postAgain() {
        lock.lock();
        try {
            conversation.postAgain();
        } finally {
            lock.unlock();
        }
        flush();
    }

    /**
     * What became of the frames that the client posted last by itself.
     *
     * @return the answer; empty if it has posted nothing
     */
    public Optional<Posted> posted() {
        lock.lock();
        try {
            return Optional.ofNullable(posted);
        } finally {
            lock.unlock();
        }
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    /** Sends a frame as a correct client does: counted, kept until it is acknowledged, and sent when there is a link for it. */
    @Override
    public void send(String json) {
        Wire on;
        lock.lock();
        try {
            on = link;
            List<String> now = conversation.send(json);
            if (on != null || conversation.posts) {
                said(on, now);
            }
        } finally {
            lock.unlock();
        }
        sent(on);
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
        if (!(required() instanceof MemoryLink socket)) {
            throw new IllegalStateException("Nothing can be sent on a poll");
        }
        socket.send(first, List.copyOf(frames));
        socket.pump();
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
     * Whether a poll is held.
     *
     * @return true until it is answered or has ended
     */
    public boolean isPolling() {
        return present() instanceof MemoryPoll;
    }

    /**
     * How many polls were answered, also with nothing.
     *
     * @return the number of answers that have arrived
     */
    public int answers() {
        lock.lock();
        try {
            return answers;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where a plain client of a one-way wire stands in the channels of its URL. It goes on from there with the next link.
     *
     * @return what the server said with the last frame or answer
     */
    public Optional<String> position() {
        lock.lock();
        try {
            return Optional.ofNullable(position);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a link carries the connection, as far as the client knows.
     *
     * @return true after {@code welcome} or {@code resumed}, until the link has ended; in between polls it stays true
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
