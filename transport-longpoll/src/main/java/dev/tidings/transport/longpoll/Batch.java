package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import java.util.ArrayList;
import java.util.List;

/** The frames of one answer, and how they become its body. Used by one thread at a time. */
abstract class Batch {

    private final List<byte[]> frames = new ArrayList<>(4);
    private int bytes;
    private boolean speaks;

    /** For acknowledging clients. */
    static Batch lines() {
        return new Lines();
    }

    /** For plain clients. */
    static Batch summary() {
        return new Summary();
    }

    /** Takes the next frame there is; false if there is none. */
    abstract boolean take(Attachment from);

    /** All that was taken. */
    abstract Content content(Attachment from);

    /** What there is to say when the core closes with a code that no status of HTTP says, such as 1000. */
    abstract Content farewell(Attachment from, Codec codec, Disconnect why);

    /** Whether it has what a client should hear at once. */
    final boolean speaks() {
        return speaks;
    }

    final int frames() {
        return frames.size();
    }

    final int bytes() {
        return bytes;
    }

    final void add(Frame frame, boolean says) {
        frames.add(frame.utf8());
        bytes += frame.size() + 1;
        speaks |= says;
    }

    /** All frames with something before, between and behind them. */
    final byte[] joined(byte[] before, byte between, byte[] behind) {
        byte[] body = new byte[before.length + Math.max(0, bytes - 1) + behind.length];
        int at = put(before, body, 0);
        for (int i = 0; i < frames.size(); i++) {
            if (i > 0) {
                body[at++] = between;
            }
            at = put(frames.get(i), body, at);
        }
        put(behind, body, at);
        return body;
    }

    private static int put(byte[] from, byte[] to, int at) {
        System.arraycopy(from, 0, to, at, from.length);
        return at + from.length;
    }
}
