package dev.tidings.transport.websocket;

import dev.tidings.spi.Handshake;
import jakarta.websocket.CloseReason;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A container's session of which every call is on record, and whose sends end when and how the test says. */
final class FakeSocket {

    /** How a send goes. */
    @FunctionalInterface
    interface Sending {
        void send(String text, SendHandler handler);
    }

    final List<String> sent = Collections.synchronizedList(new ArrayList<>());
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    final Map<String, Object> userProperties = new HashMap<>();
    volatile Sending sending = (text, handler) -> handler.onResult(new SendResult());
    volatile @Nullable Throwable closeFails;
    MessageHandler.@Nullable Partial<String> text;
    MessageHandler.@Nullable Partial<ByteBuffer> bytes;

    final Session session = proxy(Session.class, this::session);
    private final RemoteEndpoint.Async remote = proxy(RemoteEndpoint.Async.class, this::remote);

    /** Opens a link over this socket, as a container would. */
    LinkEndpoint open(FakeHost host, boolean lines) {
        LinkEndpoint endpoint =
                new LinkEndpoint(host, Handshake.builder("websocket").build(), lines);
        endpoint.onOpen(session, proxy(EndpointConfig.class, (name, arguments) -> null));
        return endpoint;
    }

    List<String> closes() {
        return calls.stream().filter(call -> call.startsWith("close")).toList();
    }

    @SuppressWarnings("unchecked")
    private @Nullable Object session(String name, Object[] arguments) throws Throwable {
        return switch (name) {
            case "getUserProperties" -> userProperties;
            case "getAsyncRemote" -> remote;
            case "addMessageHandler" -> {
                if (arguments[0] == String.class) {
                    text = (MessageHandler.Partial<String>) arguments[1];
                } else {
                    bytes = (MessageHandler.Partial<ByteBuffer>) arguments[1];
                }
                yield null;
            }
            case "setMaxIdleTimeout" -> {
                calls.add("idle " + arguments[0]);
                yield null;
            }
            case "close" -> {
                CloseReason reason = (CloseReason) arguments[0];
                calls.add("close " + reason.getCloseCode().getCode() + " " + reason.getReasonPhrase());
                if (closeFails != null) {
                    throw closeFails;
                }
                yield null;
            }
            default -> throw new UnsupportedOperationException(name);
        };
    }

    private @Nullable Object remote(String name, Object[] arguments) {
        return switch (name) {
            case "setSendTimeout" -> {
                calls.add("sendTimeout " + arguments[0]);
                yield null;
            }
            case "sendText" -> {
                sent.add((String) arguments[0]);
                sending.send((String) arguments[0], (SendHandler) arguments[1]);
                yield null;
            }
            default -> throw new UnsupportedOperationException(name);
        };
    }

    /** What stands behind a proxy. */
    @FunctionalInterface
    private interface Calls {
        @Nullable
        Object call(String name, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Calls calls) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(self);
                    case "equals" -> self == arguments[0];
                    case "toString" -> type.getSimpleName();
                    default -> calls.call(method.getName(), arguments);
                }));
    }
}
