package dev.tidings;

import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where a plain client of a one-way wire stands in the channels of its URL, as a text that it gives back to go on from there: one
 * position for each channel, in the order of the URL.
 *
 * <p>It also counts for how many of the channels it is not decided yet whether the client is subscribed.
 */
final class Bookmark {

    /** With more, the text would be longer than what proxies take for a header without a doubt. */
    private static final int MAX_CHANNELS = 16;

    private final List<String> channels;
    private final ConcurrentHashMap<String, Position> positions = new ConcurrentHashMap<>();
    private final AtomicInteger undecided;
    private volatile boolean stands;

    Bookmark(List<String> channels) {
        this.channels = List.copyOf(channels);
        this.undecided = new AtomicInteger(channels.size());
    }

    /** Reads what {@link #text} wrote for as many channels. Null if it is anything else: it comes from a stranger. */
    static @Nullable List<Position> read(String text, int channels) {
        String[] parts = text.split(",", MAX_CHANNELS + 1);
        if (parts.length != channels || channels > MAX_CHANNELS) {
            return null;
        }
        List<Position> read = new ArrayList<>(channels);
        try {
            for (String part : parts) {
                read.add(Position.parse(part));
            }
        } catch (IllegalArgumentException e) {
            return null;
        }
        return read;
    }

    /** For one of the channels it is decided. True if it was the last. */
    boolean decided(boolean subscribed) {
        if (subscribed) {
            stands = true;
        }
        return undecided.decrementAndGet() == 0;
    }

    /** Whether the client is subscribed to any of the channels. */
    boolean stands() {
        return stands;
    }

    /** The client has a channel's publications up to here. */
    void reached(String channel, Position position) {
        positions.put(channel, position);
    }

    /** A frame is on its way to the client. */
    void passed(Frame frame) {
        if (frame.channel() != null && frame.position() != null) {
            reached(frame.channel(), frame.position());
        }
    }

    /** The text, or null if there are too many channels for one. */
    @Nullable
    String text() {
        if (channels.size() > MAX_CHANNELS) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        for (String channel : channels) {
            if (text.length() > 0) {
                text.append(',');
            }
            text.append(positions.getOrDefault(channel, Position.UNKNOWN));
        }
        return text.toString();
    }
}
