package dev.tidings.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client remembers of its connection from link to link: who it is, how many frames it has, and which of its own the server may
 * not have. Guarded by its client.
 */
final class Conversation {

    private static final String PONG = "{\"type\":\"pong\"}";

    private record Sent(long number, String text) {}

    private final boolean acknowledging;

    boolean acknowledges = true;
    boolean answersPings = true;

    /** Whether the client's frames are posted, and not answered on the link. */
    boolean posts;

    /** Whether the present link carries the connection. */
    private boolean open;

    private @Nullable String connection;
    private @Nullable String token;

    /** The number of the last counted frame that arrived, and the number of the one that arrives next on this link. */
    private long received;

    private long next;
    /** The number of the last frame sent, and those that the server has not acknowledged. */
    private long sent;

    private final ArrayDeque<Sent> unacknowledged = new ArrayDeque<>();

    /** The number of the last frame that the server has taken, as far as the client knows. */
    private long taken;

    Conversation(boolean acknowledging) {
        this.acknowledging = acknowledging;
    }

    @Nullable
    String connection() {
        return connection;
    }

    @Nullable
    String token() {
        return token;
    }

    long received() {
        return received;
    }

    boolean isOpen() {
        return open;
    }

    List<String> unacknowledged() {
        return unacknowledged.stream().map(Sent::text).toList();
    }

    /** Another link begins, or none is left: nothing is sent before the server has said where to go on. */
    void linkChanged() {
        open = false;
    }

    /** What to put on the wire now for a frame of the client's. */
    List<String> send(String text) {
        if (!acknowledging || !ReceivedFrame.isCounted(text)) {
            return List.of(text);
        }
        unacknowledged.add(new Sent(++sent, text));
        return open && !posts ? List.of(text) : List.of();
    }

    /** The number of the first frame to post. */
    long firstToPost() {
        return taken + 1;
    }

    /** The frames that the server does not have, as far as the client knows. */
    List<String> toPost() {
        return unacknowledged.stream()
                .filter(frame -> frame.number() > taken)
                .map(Sent::text)
                .toList();
    }

    /** The server has said which number it expects. */
    void posted(long expects) {
        if (expects - 1 > sent) {
            throw new AssertionError("The server expects frame " + expects + " of " + sent);
        }
        taken = Math.max(taken, expects - 1);
    }

    /** The same after frames that the client did not count. */
    void postedUncounted(long expects) {
        sent = Math.max(sent, expects - 1);
        posted(expects);
    }

    /** What was posted, and not acknowledged, may not have arrived. */
    void postAgain() {
        taken = unacknowledged.isEmpty() ? sent : unacknowledged.element().number() - 1;
    }

    static String resume(String token, long has) {
        return "{\"type\":\"resume\",\"token\":" + MemoryClientBuilder.quoted(token) + ",\"received\":" + has + "}";
    }

    String resume() {
        if (token == null) {
            throw new IllegalStateException("There is no connection to resume");
        }
        return resume(token, received);
    }

    /** The answer to a poll has come, which says what its first counted frame is; also where "resumed" was in one that was lost. */
    void answered(long first) {
        if (token != null && acknowledging) {
            open = true;
            next = first;
            received = Math.max(received, first - 1);
        }
    }

    String ack() {
        return "{\"type\":\"ack\",\"received\":" + received + "}";
    }

    /**
     * A frame has arrived.
     *
     * @param answers filled with what the client says to it
     * @return whether it is new, and no business of the carrier's
     */
    boolean arrived(ReceivedFrame frame, List<String> answers) {
        switch (frame.type()) {
            case "welcome" -> begin(frame, answers);
            case "resumed" -> goOn(frame, answers);
            case "ack" -> acknowledged(frame.number("received"));
            case "ping" -> {
                if (answersPings) {
                    answers.add(PONG);
                }
            }
            default -> {
                return frame.isCounted() && isNew(frame, answers);
            }
        }
        return false;
    }

    private void begin(ReceivedFrame welcome, List<String> answers) {
        open = true;
        if (connection != null && !connection.equals(welcome.string("connection"))) {
            forget();
        }
        connection = welcome.string("connection");
        if (acknowledging) {
            token = welcome.string("resume");
            next = welcome.number("next");
            received = next - 1;
            sendAgain(answers);
        }
    }

    private void goOn(ReceivedFrame resumed, List<String> answers) {
        open = true;
        next = resumed.number("next");
        // What lies between was lost, and gaps say so.
        received = Math.max(received, next - 1);
        long expects = resumed.number("expects");
        acknowledged(expects - 1);
        long first =
                unacknowledged.isEmpty() ? sent + 1 : unacknowledged.element().number();
        if (expects != first) {
            throw new AssertionError("The server expects frame " + expects + ", but acknowledged all before " + first);
        }
        taken = Math.max(taken, expects - 1);
        sendAgain(answers);
    }

    private void sendAgain(List<String> answers) {
        if (!posts) {
            unacknowledged.forEach(frame -> answers.add(frame.text()));
        }
    }

    private void acknowledged(long number) {
        if (number > sent) {
            throw new AssertionError("The server acknowledged frame " + number + " of " + sent);
        }
        while (!unacknowledged.isEmpty() && unacknowledged.element().number() <= number) {
            unacknowledged.remove();
        }
        taken = Math.max(taken, number);
    }

    private boolean isNew(ReceivedFrame frame, List<String> answers) {
        if (!open && frame.optional("code").orElse("").equals("gone")) {
            forget();
        }
        if (!acknowledging || !open) {
            return true;
        }
        long number = next++;
        if (number <= received) {
            return false;
        }
        received = number;
        if (acknowledges) {
            answers.add(ack());
        }
        return true;
    }

    /** The server does not know the connection any more: nobody can say what became of the frames that wait. */
    private void forget() {
        connection = null;
        token = null;
        sent = 0;
        taken = 0;
        unacknowledged.clear();
    }

    /** Frames to remember for a failure message. */
    @Override
    public String toString() {
        return "Conversation(" + connection + ", received " + received + ", sent " + sent + ", unacknowledged "
                + new ArrayList<>(unacknowledged) + ")";
    }
}
