package dev.tidings.transport.servlet;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request, read without blocking and up to a limit. The owner of the response reads it too, so that nobody reads a request
 * that is another client's by now.
 */
final class RequestBody implements ReadListener {

    enum State {
        /** There may be more. */
        OPEN,
        /** It is here. */
        WHOLE,
        /** It is larger than the limit. */
        TOO_LARGE,
        /** It ended before its end. */
        CUT
    }

    private static final int PART = 8 * 1024;
    /** How much is kept free for a body before any of it is here. */
    private static final int FIRST = 1_024;

    private final ServletInputStream in;
    private final int limit;
    private final AsyncResponse response;

    private volatile boolean ended;
    private volatile boolean cut;

    // The owner's own.
    private final ByteArrayOutputStream bytes;
    private byte @Nullable [] part;

    RequestBody(ServletInputStream in, int limit, long announced, AsyncResponse response) {
        this.in = in;
        this.limit = limit;
        this.response = response;
        // What is announced is a word, and costs nothing; what has come is what is kept.
        this.bytes = new ByteArrayOutputStream((int) Math.max(32, Math.min(announced, Math.min(limit, FIRST))));
    }

    /** To be called once, in the thread that serves the request. */
    void listen() {
        in.setReadListener(this);
    }

    /** Reads what there is. By the owner of the response. */
    State read() {
        if (!cut && !response.touch(this::readReady)) {
            cut = true;
        }
        part = null;
        if (bytes.size() > limit) {
            return State.TOO_LARGE;
        }
        if (ended) {
            return State.WHOLE;
        }
        return cut ? State.CUT : State.OPEN;
    }

    private void readReady() throws IOException {
        byte[] buffer = part == null ? new byte[PART] : part;
        while (bytes.size() <= limit && !ended && in.isReady()) {
            int length = in.read(buffer);
            if (length < 0) {
                ended = true;
                return;
            }
            bytes.write(buffer, 0, length);
        }
        ended |= bytes.size() <= limit && in.isFinished();
    }

    /** The text; null if it is not UTF-8. */
    @Nullable
    String text() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    @Override
    public void onDataAvailable() {
        response.wake();
    }

    @Override
    public void onAllDataRead() {
        ended = true;
        response.wake();
    }

    @Override
    public void onError(Throwable failure) {
        cut = true;
        response.wake();
        response.awaitOwner();
    }
}
