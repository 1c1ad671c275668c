package dev.tidings.transport.websocket;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Drain;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCode;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket as the core sees it: it takes one asynchronous send at a time and ends once.
 *
 * <p>The end is this class's own and happens at once, whoever asks for it. Containers are told to close, elsewhere and without
 * waiting for them: some block on a stalled peer, some never report back, some keep the socket for as long as TCP does. So a
 * container may hold on to a link that has ended; by then it refers to nothing but itself.
 */
final class WebSocketLink implements Link {

    /** The transport's name. */
    static final String TRANSPORT = "websocket";

    private static final System.Logger LOG = System.getLogger(WebSocketLink.class.getPackageName());

    /** What several frames in one message come to, roughly: beyond it the saving is nil, and a browser handles it in one go. */
    private static final int MESSAGE_BYTES = 16 * 1024;

    /** Long enough for a peer to answer a close frame; what has not by then is given up by containers that watch idle sockets. */
    private static final long CLOSE_IDLE_MILLIS = 5_000;

    private final TransportHost host;
    private final boolean lines;

    /** Why it ended; whoever sets it ends it. */
    private final AtomicReference<@Nullable Disconnect> end = new AtomicReference<>();
    /** Set by whoever tells the core: the one that ends it or, where that came before the core was known, {@link #open}. */
    private final AtomicBoolean told = new AtomicBoolean();

    // What a living link has. Written by hold and open, cleared by the end; open clears again where the end overtook
    // it.
    private volatile @Nullable Session session;
    private volatile RemoteEndpoint.@Nullable Async remote;
    private volatile @Nullable Attachment attachment;
    private volatile @Nullable Drain drain;

    WebSocketLink(TransportHost host, boolean lines) {
        this.host = host;
        this.lines = lines;
    }

    /** The socket, so that it can be closed whatever comes next. */
    void hold(Session opened) {
        session = opened;
    }

    /** Attaches. The core may wake and close this link before it is known here which attachment it has. */
    void open(RemoteEndpoint.Async sender, Handshake handshake) {
        remote = sender;
        Attachment attached = host.attach(handshake, this);
        Drain loop = new Drain(attached, host, this::write, this::failed);
        attachment = attached;
        drain = loop;
        Disconnect ended = end.get();
        if (ended != null) {
            tell(attached, ended);
            release();
        } else {
            loop.wake();
        }
    }

    boolean isOver() {
        return end.get() != null;
    }

    // ---- In ---------------------------------------------------------------------------------------------------------

    /** A whole message, of one frame or of several. */
    void received(String message) {
        if (!lines) {
            frame(message);
            return;
        }
        int start = 0;
        while (start < message.length() && !isOver()) {
            int feed = message.indexOf('\n', start);
            int stop = feed < 0 ? message.length() : feed;
            String line = message.substring(start, stop);
            if (!line.isBlank()) {
                frame(line);
            }
            start = stop + 1;
        }
    }

    private void frame(String text) {
        Attachment core = attachment;
        if (core != null) {
            core.receive(text);
        }
    }

    // ---- Out --------------------------------------------------------------------------------------------------------

    @Override
    public String transport() {
        return TRANSPORT;
    }

    @Override
    public void wake() {
        Drain loop = drain;
        if (loop != null) {
            loop.wake();
        }
    }

    private void write(Frame frame) {
        RemoteEndpoint.Async to = remote;
        Drain from = drain;
        if (to != null && from != null) {
            to.sendText(lines ? joined(frame, from) : frame.text(), new Sent(this));
        }
    }

    /** A frame and what else there is to write, for one message. */
    private static String joined(Frame first, Drain from) {
        int size = first.size();
        StringBuilder message = null;
        while (size < MESSAGE_BYTES) {
            Frame next = from.more();
            if (next == null) {
                break;
            }
            if (message == null) {
                message = new StringBuilder(first.text());
            }
            message.append('\n').append(next.text());
            size += next.size() + 1;
        }
        return message == null ? first.text() : message.toString();
    }

    /** One send. The container keeps it for as long as the send takes, which may be for ever, so it holds nothing but the link. */
    private static final class Sent implements SendHandler {
        private final WebSocketLink link;
        /** A second result for one send must not pass for the result of the next. */
        private final AtomicBoolean over = new AtomicBoolean();

        Sent(WebSocketLink link) {
            this.link = link;
        }

        @Override
        public void onResult(SendResult result) {
            Drain loop = link.drain;
            if (loop == null || !over.compareAndSet(false, true)) {
                return;
            }
            if (result.isOK()) {
                loop.written();
            } else {
                Throwable cause = result.getException();
                loop.failed(cause != null ? cause : new IOException("The container does not say why"));
            }
        }
    }

    /** Whatever a send failed with, the socket cannot be trusted with another. */
    private void failed(Throwable cause) {
        if (!isOver()) {
            LOG.log(Failures.level(cause), () -> "A send failed: " + Failures.describe(cause));
            end(Disconnect.LINK_LOST, Disconnect.INTERNAL_ERROR);
        }
    }

    // ---- End --------------------------------------------------------------------------------------------------------

    @Override
    public void close(Disconnect disconnect) {
        end(disconnect, disconnect);
    }

    /** The container says that the socket is closed. */
    void closed(Disconnect disconnect) {
        end(disconnect, null);
    }

    /**
     * Ends the link, unless it has ended.
     *
     * @param cause what the core is told
     * @param said what the peer is told, or null where there is nobody to tell
     */
    void end(Disconnect cause, @Nullable Disconnect said) {
        if (!end.compareAndSet(null, cause)) {
            return;
        }
        Session closing = session;
        Attachment core = attachment;
        // Before the core is told: a host that stops waits for its links, and then for what they handed to it.
        if (said != null && closing != null) {
            closeElsewhere(closing, said);
        }
        if (core != null) {
            tell(core, cause);
        }
        release();
    }

    private void tell(Attachment core, Disconnect cause) {
        if (told.compareAndSet(false, true)) {
            core.detached(cause);
        }
    }

    private void release() {
        session = null;
        remote = null;
        attachment = null;
        drain = null;
    }

    private void closeElsewhere(Session closing, Disconnect said) {
        try {
            host.blocking().execute(() -> close(closing, said));
        } catch (RuntimeException e) {
            LOG.log(Level.DEBUG, "No thread to close a socket with", e);
        }
    }

    private static void close(Session closing, Disconnect said) {
        try {
            // A socket whose peer does not even take the close frame is dropped by its container only when it is idle.
            closing.setMaxIdleTimeout(CLOSE_IDLE_MILLIS);
        } catch (Throwable e) {
            LOG.log(Level.DEBUG, () -> "A closing socket: " + Failures.describe(e));
        }
        try {
            closing.close(new CloseReason(code(said.code()), said.reason()));
        } catch (Throwable e) {
            LOG.log(Level.DEBUG, () -> "A socket did not close: " + Failures.describe(e));
        }
    }

    /** The code for a close frame. Some of WebSocket's own codes only say what happened and are never sent. */
    private static CloseCode code(int code) {
        return switch (code) {
            case 1004, 1005, 1006, 1015 -> CloseCodes.GOING_AWAY;
            default -> CloseCodes.getCloseCode(code);
        };
    }
}
