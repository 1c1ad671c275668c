package dev.tidings;

import dev.tidings.protocol.Frame;

/**
 * The frames that an acknowledging client was sent and has not acknowledged, by number. Guarded by the lock of its outbox.
 *
 * <p>A frame gets its number when it is added, from 1, and then stays what it is. {@code cursor} is where the present link
 * stands: behind the last frame, or before it after a resume, until what the client lacks has been sent again.
 */
final class Retained {

    private final FrameRing frames = new FrameRing();
    private long lastNumber;
    private int cursor;
    private long acknowledged;

    /** A frame is sent for the first time. */
    void add(Frame frame) {
        frames.add(frame);
        cursor++;
        lastNumber++;
    }

    boolean hasNext() {
        return cursor < frames.size();
    }

    /** The next frame to send again. */
    Frame next() {
        return frames.get(cursor++);
    }

    /** The number of the frame that is sent next, again or for the first time. */
    long nextNumber() {
        return firstNumber() + cursor;
    }

    long lastNumber() {
        return lastNumber;
    }

    /** The number of the oldest frame that can still be sent again. */
    long firstNumber() {
        return lastNumber - frames.size() + 1;
    }

    int size() {
        return frames.size();
    }

    Frame get(int index) {
        return frames.get(index);
    }

    /**
     * The client has everything up to a number. What the present link has yet to send again stays until it is acknowledged anew: the
     * client counts what comes, so nothing may be missing from the middle. Returns how many bytes are gone.
     */
    long acknowledge(long number) {
        acknowledged = Math.max(acknowledged, number);
        return forget(Math.min(number, nextNumber() - 1));
    }

    /** The number up to which the client has ever said to have everything. */
    long acknowledged() {
        return acknowledged;
    }

    private long forget(long number) {
        long bytes = 0;
        while (!frames.isEmpty() && firstNumber() <= number) {
            bytes += frames.remove().size();
            cursor = Math.max(0, cursor - 1);
        }
        return bytes;
    }

    /** Another link begins behind what the client says to have. Returns how many bytes are gone. */
    long rewind(long received) {
        acknowledged = Math.max(acknowledged, received);
        long bytes = forget(received);
        cursor = 0;
        return bytes;
    }

    /** Replaces a channel's frames, which keep their numbers. Returns by how many bytes there are more. */
    long replace(Lane lane, Frame instead) {
        long more = 0;
        for (int i = 0; i < frames.size(); i++) {
            Frame frame = frames.get(i);
            if (lane.owns(frame)) {
                frames.set(i, instead);
                more += instead.size() - frame.size();
            }
        }
        return more;
    }

    /** Forgets all, and returns how many bytes that were. Numbers go on. */
    long clear() {
        return forget(lastNumber);
    }
}
