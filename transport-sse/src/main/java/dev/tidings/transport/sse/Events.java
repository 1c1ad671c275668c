package dev.tidings.transport.sse;

import dev.tidings.protocol.Frame;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lines of an event stream, put together for one write. Nothing in them is a user's but the name of an event, whose form has no line
 * breaks, and the frame, which is on one line.
 */
final class Events {

    private static final byte[] NOTHING = new byte[0];
    private static final byte[] COMMENT = ascii(":\n\n");
    private static final byte[] RETRY = ascii("retry: ");
    private static final byte[] ID = ascii("id: ");
    private static final byte[] EVENT = ascii("event: ");
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] BREAK = ascii("\n");
    private static final byte[] END = ascii("\n\n");

    /** What a frame is called that has no name. */
    private static final String OTHER = "protocol";

    private byte[] bytes = NOTHING;
    private int length;

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Means nothing, and shows everybody on the way that the stream is alive. */
    void comment() {
        reserve(COMMENT.length);
        put(COMMENT);
    }

    /** How long an {@code EventSource} waits before it opens another stream. */
    void retry(long millis) {
        byte[] digits = ascii(Long.toString(millis));
        reserve(RETRY.length + digits.length + END.length);
        put(RETRY);
        put(digits);
        put(END);
    }

    /** A frame for a client that looks into it. */
    void frame(Frame frame) {
        byte[] data = frame.utf8();
        reserve(DATA.length + data.length + END.length);
        put(DATA);
        put(data);
        put(END);
    }

    /** A frame for an {@code EventSource}. */
    void frame(Frame frame, @Nullable String id) {
        byte[] data = frame.utf8();
        String name = name(frame);
        reserve(line(ID, id) + line(EVENT, name) + DATA.length + data.length + END.length);
        put(ID, id);
        put(EVENT, name);
        put(DATA);
        put(data);
        put(END);
    }

    /** The name of an event, or null where it is the one that an event has without. */
    private static @Nullable String name(Frame frame) {
        String event = frame.event();
        if (frame.kind() != Frame.Kind.MESSAGE) {
            return event == null ? OTHER : event;
        }
        // EventSource fires these two itself.
        return event == null || event.equals("open") || event.equals("error") ? null : event;
    }

    boolean isEmpty() {
        return length == 0;
    }

    int size() {
        return length;
    }

    /** All of it. */
    byte[] bytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private static int line(byte[] field, @Nullable String value) {
        return value == null ? 0 : field.length + value.length() + BREAK.length;
    }

    /** Exactly what is needed, at first: mostly there is one event. */
    private void reserve(int more) {
        int needed = length + more;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, length == 0 ? needed : Math.max(needed, 2 * bytes.length));
        }
    }

    private void put(byte[] from) {
        System.arraycopy(from, 0, bytes, length, from.length);
        length += from.length;
    }

    /** A line whose value is ASCII by its form; what is not would be another byte, and never a line break. */
    private void put(byte[] field, @Nullable String value) {
        if (value != null) {
            put(field);
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                bytes[length++] = (byte) (c < ' ' || c > '~' ? '?' : c);
            }
            put(BREAK);
        }
    }
}
