package dev.tidings;

import dev.tidings.protocol.Frame;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A queue of frames with access by index, which holds no memory to speak of while it is empty. Not for several threads. */
final class FrameRing {

    private static final @Nullable Frame[] EMPTY = new Frame[0];
    private static final int FIRST_CAPACITY = 8;
    private static final int KEPT_CAPACITY = 64;

    private @Nullable Frame[] elements = EMPTY;
    private int head;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(Frame frame) {
        if (size == elements.length) {
            grow();
        }
        elements[slot(size)] = frame;
        size++;
    }

    void addFirst(Frame frame) {
        if (size == elements.length) {
            grow();
        }
        head = slot(-1);
        elements[head] = frame;
        size++;
    }

    Frame get(int index) {
        Frame frame = index < 0 || index >= size ? null : elements[slot(index)];
        if (frame == null) {
            throw new IndexOutOfBoundsException(index);
        }
        return frame;
    }

    void set(int index, Frame frame) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        elements[slot(index)] = frame;
    }

    Frame remove() {
        Frame first = get(0);
        elements[head] = null;
        head = slot(1);
        size--;
        if (size == 0) {
            forget();
        }
        return first;
    }

    /** Removes what fulfils a condition, keeps the order of the rest, and returns how many bytes went. */
    long removeIf(Predicate<Frame> condition) {
        int kept = 0;
        long bytes = 0;
        for (int i = 0; i < size; i++) {
            Frame frame = get(i);
            if (condition.test(frame)) {
                bytes += frame.size();
            } else {
                elements[slot(kept++)] = frame;
            }
        }
        for (int i = kept; i < size; i++) {
            elements[slot(i)] = null;
        }
        size = kept;
        if (size == 0) {
            forget();
        }
        return bytes;
    }

    void clear() {
        elements = EMPTY;
        head = 0;
        size = 0;
    }

    private int slot(int index) {
        return (head + index) & (elements.length - 1);
    }

    /** After a burst the large array goes: a connection that is quiet again costs little. */
    private void forget() {
        head = 0;
        if (elements.length > KEPT_CAPACITY) {
            elements = EMPTY;
        }
    }

    private void grow() {
        @Nullable Frame[] larger = new Frame[elements.length == 0 ? FIRST_CAPACITY : elements.length * 2];
        for (int i = 0; i < size; i++) {
            larger[i] = elements[slot(i)];
        }
        elements = larger;
        head = 0;
    }
}
