package dev.tidings.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Takes requests for WebSockets out of what a client sends by HTTP/1.1.
 *
 * <p>The head of a request is held until it is complete, 64 KiB at most; bodies pass as they come. What it does not understand
 * (another protocol, a chunked body, a head that is larger) passes, and so does all that follows on the same connection: a filter
 * that held what is no request would be a fault that nobody asked for.
 *
 * <p>Not for several threads.
 */
final class UpgradeFilter {

    private static final int MAX_HEAD_BYTES = 64 * 1024;

    private enum State {
        HEAD,
        BODY,
        BLIND,
        SWALLOWED
    }

    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    private State state = State.HEAD;
    private long bodyLeft;
    private int endOfHead;

    /** What may pass now that these bytes have come. */
    byte[] pass(byte[] bytes) {
        ByteArrayOutputStream passing = new ByteArrayOutputStream(bytes.length);
        int at = 0;
        while (at < bytes.length && state != State.SWALLOWED) {
            if (state == State.HEAD) {
                head(bytes[at++], passing);
            } else {
                int size = (int) (state == State.BODY ? Math.min(bodyLeft, bytes.length - at) : bytes.length - at);
                passing.write(bytes, at, size);
                at += size;
                body(size);
            }
        }
        return passing.toByteArray();
    }

    /** What is held, when there is no more to come or nothing more to filter. */
    byte[] release() {
        byte[] held = head.toByteArray();
        head.reset();
        return state == State.SWALLOWED ? new byte[0] : held;
    }

    /** Whether a request was swallowed, after which nothing passes. */
    boolean swallowed() {
        return state == State.SWALLOWED;
    }

    private void body(int size) {
        if (state == State.BODY) {
            bodyLeft -= size;
            state = bodyLeft == 0 ? State.HEAD : State.BODY;
        }
    }

    private void head(byte next, ByteArrayOutputStream passing) {
        head.write(next);
        // CR LF CR LF ends a head, and nothing else does.
        boolean expected = next == (endOfHead % 2 == 0 ? '\r' : '\n');
        int restart = next == '\r' ? 1 : 0;
        endOfHead = expected ? endOfHead + 1 : restart;
        boolean complete = endOfHead == 4;
        if (complete) {
            endOfHead = 0;
            state = after(head.toString(StandardCharsets.ISO_8859_1));
        } else if ((head.size() == 1 && !startsRequest(next)) || head.size() >= MAX_HEAD_BYTES) {
            state = State.BLIND;
        }
        if (complete || state == State.BLIND) {
            passing.writeBytes(release());
        }
    }

    // Frames of a WebSocket that is open already, and TLS, begin otherwise. An empty line may precede a request.
    private static boolean startsRequest(byte first) {
        return (first >= 'A' && first <= 'Z') || first == '\r' || first == '\n';
    }

    private State after(String request) {
        // The preface of HTTP/2 looks like a request.
        if (request.startsWith("PRI ")) {
            return State.BLIND;
        }
        bodyLeft = 0;
        boolean chunked = false;
        for (String line : request.split("\r\n", -1)) {
            int colon = line.indexOf(':');
            String name = line.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
            if (name.equals("upgrade")
                    && Arrays.asList(value.split("\\s*,\\s*", -1)).contains("websocket")) {
                return State.SWALLOWED;
            }
            chunked |= name.equals("transfer-encoding");
            if (name.equals("content-length") && value.matches("\\d{1,18}")) {
                bodyLeft = Long.parseLong(value);
            }
        }
        if (chunked) {
            return State.BLIND;
        }
        return bodyLeft == 0 ? State.HEAD : State.BODY;
    }
}
