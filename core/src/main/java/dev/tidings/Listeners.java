package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Tells the application's listeners. Whatever one throws is logged, and the next one is told. Runs in a mailbox. */
final class Listeners {

    private static final System.Logger LOG = System.getLogger(Listeners.class.getPackageName());

    private final List<ConnectionListener> listeners;

    private final Executor callbacks;

    Listeners(List<ConnectionListener> listeners, Executor callbacks) {
        this.listeners = List.copyOf(listeners);
        this.callbacks = callbacks;
    }

    /** For a task of the mailbox that goes on in a stranger's thread: a call on the right executor, unless nobody listens. */
    CompletionStage<Void> now(Runnable call) {
        return listeners.isEmpty()
                ? CompletableFuture.completedStage(null)
                : CompletableFuture.runAsync(call, callbacks);
    }

    /** Puts a call into the connection's mailbox, unless nobody listens. */
    void later(LiveConnection connection, Runnable call) {
        if (!listeners.isEmpty()) {
            connection.mailbox().post(() -> {
                call.run();
                return null;
            });
        }
    }

    /** The same for callers who hold a lock; if it returns true, the mailbox must be started without the lock. */
    boolean queue(LiveConnection connection, Runnable call) {
        return !listeners.isEmpty()
                && connection.mailbox().add(() -> {
                    call.run();
                    return null;
                });
    }

    void connected(LiveConnection connection) {
        each(connection, listener -> listener.onConnect(connection));
    }

    void detached(LiveConnection connection) {
        each(connection, listener -> listener.onDetached(connection));
    }

    void resumed(LiveConnection connection) {
        each(connection, listener -> listener.onResumed(connection));
    }

    void disconnected(LiveConnection connection, Disconnect disconnect) {
        each(connection, listener -> listener.onDisconnect(connection, disconnect));
    }

    void subscribed(LiveConnection connection, String channel) {
        each(connection, listener -> listener.onSubscribe(connection, channel));
    }

    void unsubscribed(LiveConnection connection, String channel) {
        each(connection, listener -> listener.onUnsubscribe(connection, channel));
    }

    void message(LiveConnection connection, String event, Payload payload) {
        each(connection, listener -> listener.onMessage(connection, event, payload));
    }

    private void each(LiveConnection connection, Consumer<ConnectionListener> call) {
        for (ConnectionListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (Exception e) {
                LOG.log(System.Logger.Level.WARNING, "A listener failed", e);
            } catch (Error e) {
                // Out of memory or of stack: the process goes on, but this client's state is not to be trusted.
                LOG.log(System.Logger.Level.ERROR, "A listener failed badly; its connection ends", e);
                connection.disconnect(Disconnect.INTERNAL_ERROR);
            }
        }
    }
}
