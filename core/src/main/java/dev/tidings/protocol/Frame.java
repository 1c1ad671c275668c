package dev.tidings.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One encoded message to a client, shared by all its receivers.
 *
 * <p>A frame is encoded once per codec. Its UTF-8 form is made at most once too, when the first transport asks. Nothing of a
 * receiver is in it: numbers and ids that differ per receiver belong to the carrier.
 *
 * <p>Immutable to its users and safe for any thread (two threads that ask for {@link #utf8()} at the same moment may both make
 * it; the result is the same).
 */
public final class Frame {

    /** What sort of frame it is, for wires that do not treat all alike. */
    public enum Kind {
        /** The carrier's own, such as {@code ping}. Not counted. */
        CARRIER,
        /** What an application said to the client: a publication, or a direct message. */
        MESSAGE,
        /** Something may be missing. */
        GAP,
        /** Everything else: replies, errors, presence. */
        NOTICE
    }

    private final String text;
    private final int size;
    private final Kind kind;
    private final @Nullable String channel;
    private final @Nullable String event;
    private final @Nullable Position position;
    // Two threads may both make it; whoever sees the reference through the volatile field sees the content too.
    private volatile byte @Nullable [] utf8;

    private Frame(
            String text, Kind kind, @Nullable String channel, @Nullable String event, @Nullable Position position) {
        this.text = Text.wellFormed(Objects.requireNonNull(text, "text"));
        this.size = Text.utf8Length(this.text, this.text.length());
        this.kind = kind;
        this.channel = channel;
        this.event = event;
        this.position = position;
    }

    /**
     * A frame that counts and is retained until an acknowledging client has it.
     *
     * @param text the encoded form; unpaired surrogates in it become U+FFFD
     * @return the frame
     */
    public static Frame counted(String text) {
        return new Frame(text, Kind.NOTICE, null, null, null);
    }

    /**
     * A frame of the carrier itself, such as {@code ping} or {@code welcome}: not counted, not retained.
     *
     * @param text the encoded form
     * @return the frame
     */
    public static Frame uncounted(String text) {
        return new Frame(text, Kind.CARRIER, null, null, null);
    }

    /**
     * A counted frame that belongs to a channel.
     *
     * @param text the encoded form
     * @param channel the channel's name
     * @param event the name of the event, or null
     * @param position the place in the channel's history, or null
     * @return the frame
     */
    public static Frame ofChannel(String text, String channel, @Nullable String event, @Nullable Position position) {
        return new Frame(text, Kind.MESSAGE, Objects.requireNonNull(channel, "channel"), event, position);
    }

    /**
     * The same frame, as another sort and under another name. To be called before it is shared.
     *
     * @param otherKind the sort
     * @param otherEvent the name of the event, or null
     * @return a frame that counts unless it is a {@link Kind#CARRIER}
     */
    public Frame as(Kind otherKind, @Nullable String otherEvent) {
        return new Frame(text, Objects.requireNonNull(otherKind, "kind"), channel, otherEvent, position);
    }

    /**
     * What sort of frame it is.
     *
     * @return the sort
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The text to send.
     *
     * @return the text, without unpaired surrogates
     */
    public String text() {
        return text;
    }

    /**
     * The text in UTF-8, for transports that write bytes.
     *
     * @return the bytes, shared: not to be changed
     */
    public byte[] utf8() {
        byte[] made = utf8;
        if (made == null) {
            made = text.getBytes(StandardCharsets.UTF_8);
            utf8 = made;
        }
        return made;
    }

    /**
     * The size that counts against the outbox's bound.
     *
     * @return the length of {@link #utf8()}, without making it
     */
    public int size() {
        return size;
    }

    /**
     * Whether acknowledging clients count this frame.
     *
     * @return false for the carrier's own frames
     */
    public boolean isCounted() {
        return kind != Kind.CARRIER;
    }

    /**
     * The channel to whose subscribers this frame goes.
     *
     * @return the channel's name, or null for a frame to one connection
     */
    public @Nullable String channel() {
        return channel;
    }

    /**
     * The event's name, for wires that can name events: the application's own for what it said, else the name of the frame's type.
     *
     * @return the name, or null
     */
    public @Nullable String event() {
        return event;
    }

    /**
     * The place in the channel's history, for wires that carry it beside the frame.
     *
     * @return the position, or null
     */
    public @Nullable Position position() {
        return position;
    }

    /** The size and the channel; never the text, which may be private. */
    @Override
    public String toString() {
        return "Frame(" + size + (channel == null ? "" : ", " + channel) + ")";
    }
}
