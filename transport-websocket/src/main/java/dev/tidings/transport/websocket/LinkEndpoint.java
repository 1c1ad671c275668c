package dev.tidings.transport.websocket;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the container says of one socket. Everything it needs of the session is taken when the socket opens: afterwards, some
 * containers throw at every question.
 */
final class LinkEndpoint extends Endpoint {

    private static final System.Logger LOG = System.getLogger(LinkEndpoint.class.getPackageName());

    /** The core watches each send; the container comes second, should the core be held up. */
    private static final Duration SEND_MARGIN = Duration.ofSeconds(2);

    /** How long Tomcat may hold a thread for a close frame that the peer does not take. Others ignore these. */
    private static final Map<String, Object> PATIENCE = Map.of(
            "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT", 2_000L,
            "org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", 5_000L,
            "org.apache.tomcat.websocket.ABNORMAL_SESSION_CLOSE_SEND_TIMEOUT", 200L);

    private static final Disconnect NO_BINARY = new Disconnect(1003, "Binary messages are not supported");

    private final TransportHost host;
    private final WebSocketLink link;
    private @Nullable Handshake handshake;

    LinkEndpoint(TransportHost host, Handshake handshake, boolean lines) {
        this.host = host;
        this.link = new WebSocketLink(host, lines);
        this.handshake = handshake;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        Handshake said = handshake;
        // Only for now: the endpoint lives as long as the container keeps the session.
        handshake = null;
        if (said == null) {
            return;
        }
        link.hold(session);
        try {
            TransportSettings settings = host.settings();
            session.getUserProperties().putAll(PATIENCE);
            session.setMaxIdleTimeout(settings.idleBackstop().toMillis());
            RemoteEndpoint.Async remote = session.getAsyncRemote();
            remote.setSendTimeout(settings.sendTimeout().plus(SEND_MARGIN).toMillis());
            link.open(remote, said);
            // After the core is there to take what comes.
            session.addMessageHandler(String.class, new IncomingText(link, settings));
            session.addMessageHandler(ByteBuffer.class, new IncomingBytes(link));
        } catch (Throwable e) {
            if (!link.isOver()) {
                Failures.unexpected("A socket did not open", e);
                link.end(Disconnect.INTERNAL_ERROR, Disconnect.INTERNAL_ERROR);
            }
        }
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        link.closed(disconnect(reason));
    }

    /**
     * Not the end by itself where the peer broke the protocol: the container goes on to close with a code that says how, and
     * {@link #onClose} brings it.
     */
    @Override
    public void onError(Session session, Throwable failure) {
        LOG.log(Failures.level(failure), () -> "A socket failed: " + Failures.describe(failure));
        if (Failures.isOfTheWire(failure)) {
            link.closed(Disconnect.LINK_LOST);
        } else if (!Failures.isOfTheProtocol(failure)) {
            link.end(Disconnect.LINK_LOST, Disconnect.INTERNAL_ERROR);
        }
    }

    static Disconnect disconnect(CloseReason reason) {
        int code = reason.getCloseCode().getCode();
        if (code == 1000 || code == 1005) {
            // 1005 stands for a close frame without a code, which is what close() without arguments sends.
            return Disconnect.NORMAL;
        }
        if (code == 1006 || code < 1000 || code > 4999) {
            return Disconnect.LINK_LOST;
        }
        String why = printable(reason.getReasonPhrase());
        return new Disconnect(code, why.isBlank() ? "Closed with " + code : why);
    }

    /** A reason comes from a stranger and goes into logs. */
    private static String printable(@Nullable String reason) {
        return reason == null ? "" : reason.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", " ");
    }

    /** Refuses binary messages. */
    private static final class IncomingBytes implements MessageHandler.Partial<ByteBuffer> {
        private final WebSocketLink link;

        IncomingBytes(WebSocketLink link) {
            this.link = link;
        }

        @Override
        public void onMessage(ByteBuffer part, boolean last) {
            link.end(NO_BINARY, NO_BINARY);
        }
    }
}
