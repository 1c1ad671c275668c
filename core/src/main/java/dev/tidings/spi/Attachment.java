package dev.tidings.spi;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * The core's side of a {@link Link}: a transport brings in what it receives and takes out what it may write. The core makes one
 * for each link, in {@link TransportHost#attach}.
 *
 * <p>No method blocks, none throws for what a peer did, none calls the application. After {@link #detached} all of them do nothing.
 */
public interface Attachment {

    /**
     * A frame has arrived. Frames of a link whose wire keeps them in order are brought in by one thread at a time, in that
     * order (L4).
     *
     * @param text the frame; too long a one ends the link with 4013
     */
    void receive(String text);

    /**
     * Several frames have arrived on a carrier that numbers them, such as a POST that may be repeated.
     *
     * @param first the number of the first counted frame among them; what was received before is not handled again, a hole ends
     *     the link with 4000
     * @param frames the frames, in order
     */
    void receive(long first, Iterable<String> frames);

    /**
     * Takes the next frame to write. Only one thread at a time calls it (L3), and whatever it returns is written, in this order,
     * or the link is detached.
     *
     * @return the frame, or null when there is none now; {@link Link#wake} comes when there is one
     */
    @Nullable
    Frame poll();

    /**
     * The number that the next counted frame from {@link #poll} has. For carriers that state it; called by whoever may call
     * {@code poll}.
     *
     * @return a number from 1; 0 for plain clients and before the connection is open
     */
    long nextNumber();

    /**
     * Whether what the handshake asked for is done: the connection is open, and for each channel in the URL of a plain client of a
     * one-way wire it has been said whether the client is subscribed. From then on "nothing to poll" means that there is nothing. {@link Link#wake} comes when it turns true.
     *
     * @return true if it is
     */
    boolean isSettled();

    /**
     * Where a plain client of a one-way wire stands in the channels of its URL, after all that was polled so far: what it gives back as
     * {@link Handshake#since} to go on from here. Called by whoever may call {@code poll}.
     *
     * @return at most 1,024 of {@code [A-Za-z0-9_,-]}; null where there is nothing to remember: an acknowledging client, no channels,
     *     or more than 16
     */
    @Nullable
    String position();

    /**
     * All frames polled so far have left: the container has taken them. A plain client's frames are released by it; it also
     * stops the clock of the send deadline. Called by whoever may call {@code poll}, also from the container's completion.
     */
    void written();

    /**
     * The link is gone, whoever ended it. Exactly once for each attachment (L5), after the last {@code receive} has begun. A
     * connection of an acknowledging client waits for another link, unless the code is 1000. A poll that was answered is gone by
     * {@link Disconnect#LINK_LOST} too: the next one goes on.
     *
     * @param disconnect how it ended: the wire's own code, or {@link Disconnect#LINK_LOST}
     */
    void detached(Disconnect disconnect);
}
