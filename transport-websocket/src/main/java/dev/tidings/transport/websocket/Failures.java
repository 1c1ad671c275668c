package dev.tidings.transport.websocket;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;

/**
 * What containers throw. Peers come and go, and strangers break the protocol on purpose: neither may fill a log. Messages of
 * foreign exceptions may quote what a peer sent, so only classes are logged.
 */
final class Failures {

    private static final System.Logger LOG = System.getLogger(Failures.class.getPackageName());

    private static final String OURS = "dev.tidings.";

    private Failures() {}

    /** Reports what neither a peer nor a container should be able to cause. */
    static void unexpected(String what, Throwable failure) {
        LOG.log(Level.WARNING, what, failure);
    }

    /** DEBUG for what a peer or the network can cause, else WARNING. */
    static Level level(Throwable failure) {
        return isOfTheWire(failure) || isOfTheProtocol(failure) ? Level.DEBUG : Level.WARNING;
    }

    /** Whether the wire is gone: a reset, an end without a close frame, a write that took too long. */
    static boolean isOfTheWire(Throwable failure) {
        return !isOfTheProtocol(failure)
                && (failure instanceof IOException
                        || failure instanceof TimeoutException
                        || isOfAContainerThatCloses(failure));
    }

    /**
     * Tomcat closes a connection whose peer broke the protocol, or is gone, also while a send is under way, and then cannot say why: its own
     * complaint about that comes here, before the end does.
     */
    private static boolean isOfAContainerThatCloses(Throwable failure) {
        return failure instanceof IllegalStateException
                && Arrays.stream(failure.getStackTrace())
                        .noneMatch(frame -> frame.getClassName().startsWith(OURS));
    }

    /**
     * Whether a peer broke the protocol; the container's close code, which it reports next, says how. There is no type for it in
     * the API, but every container has its own, in a package about WebSocket, or passes on what its decoder of UTF-8 throws.
     */
    static boolean isOfTheProtocol(Throwable failure) {
        if (failure instanceof CharacterCodingException) {
            return true;
        }
        String name = failure.getClass().getName();
        return failure instanceof Exception && name.contains(".websocket") && !name.startsWith("jakarta.");
    }

    /** The classes, from the failure to its cause, and where it was thrown. */
    static String describe(Throwable failure) {
        StringBuilder text = new StringBuilder(failure.getClass().getName());
        StackTraceElement[] trace = failure.getStackTrace();
        if (trace.length > 0) {
            text.append(" at ").append(trace[0]);
        }
        Throwable cause = failure.getCause();
        if (cause != null && cause != failure) {
            text.append(", caused by ").append(cause.getClass().getName());
        }
        return text.toString();
    }
}
