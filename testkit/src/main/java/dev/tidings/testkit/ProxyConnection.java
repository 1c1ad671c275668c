package dev.tidings.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A connection through a {@link FaultProxy}: two sockets and a {@link Pump} each way.
 *
 * <p>Only the thread of the loop uses it.
 */
final class ProxyConnection {

    /**
     * How long what still comes is read and thrown away after a cut. To close at once would turn the end of the stream into a
     * reset if a peer is sending.
     */
    private static final long LINGER = TimeUnit.MILLISECONDS.toNanos(250);

    /** Is told what happens to a connection. */
    interface Observer {
        /** It has reached its target. */
        void reached();

        /** It had, and now it is over for its peers. */
        void gone();
    }

    private final SocketChannel client;
    private final SocketChannel server;
    private final SelectionKey clientKey;
    private final SelectionKey serverKey;
    private final Pump toServer;
    private final Pump toClient;
    private final Observer observer;
    private boolean reached;
    private boolean gone;
    private long closeAt;

    ProxyConnection(
            Selector selector,
            SocketChannel client,
            SocketChannel server,
            Pump toServer,
            Pump toClient,
            Observer observer)
            throws IOException {
        this.client = client;
        this.server = server;
        this.toServer = toServer;
        this.toClient = toClient;
        this.observer = observer;
        this.clientKey = client.register(selector, 0, this);
        this.serverKey = server.register(selector, SelectionKey.OP_CONNECT, this);
    }

    void connect(SocketAddress target) {
        try {
            if (server.connect(target)) {
                reached();
            }
        } catch (IOException e) {
            unreachable();
        }
    }

    private void reached() {
        reached = true;
        observer.reached();
    }

    private void unreachable() {
        reset(List.of(Direction.TO_CLIENT));
    }

    /** Something can be done with one of the sockets. */
    void ready(SelectionKey key, long now) {
        if (!key.isValid()) {
            return;
        }
        if (key.isConnectable()) {
            connected();
        } else if (key.isReadable()) {
            (key == clientKey ? toServer : toClient).read(now);
        }
    }

    private void connected() {
        try {
            if (server.finishConnect()) {
                reached();
            }
        } catch (IOException e) {
            unreachable();
        }
    }

    /** Writes what is due; returns in how many nanoseconds there is more to do. */
    long turn(long now) {
        if (!reached || isClosed()) {
            return Pump.NEVER;
        }
        long wait = Math.min(toServer.write(now), toClient.write(now));
        if (either(Pump.Fate.BROKEN)) {
            reset(List.of(Direction.values()));
        } else if (either(Pump.Fate.SPENT)) {
            cut(now);
        }
        wait = Math.min(wait, linger(now));
        if (client.isOpen()) {
            clientKey.interestOps(interest(toServer, toClient));
            serverKey.interestOps(interest(toClient, toServer));
        }
        return wait;
    }

    private boolean either(Pump.Fate fate) {
        return toServer.fate() == fate || toClient.fate() == fate;
    }

    private static int interest(Pump from, Pump to) {
        return (from.wantsToRead() ? SelectionKey.OP_READ : 0) | (to.wantsToWrite() ? SelectionKey.OP_WRITE : 0);
    }

    /** Closes the sockets once both directions have ended; returns in how many nanoseconds to look again. */
    private long linger(long now) {
        if (toServer.fate() != Pump.Fate.FINISHED || toClient.fate() != Pump.Fate.FINISHED) {
            return Pump.NEVER;
        }
        over(now);
        if ((toServer.drained() && toClient.drained()) || closeAt - now <= 0) {
            close();
            return Pump.NEVER;
        }
        return closeAt - now;
    }

    private void over(long now) {
        if (!gone) {
            closeAt = now + LINGER;
        }
        gone();
    }

    boolean isClosed() {
        return !client.isOpen();
    }

    // ---- Faults -----------------------------------------------------------------------------------------------------

    private Pump pump(Direction direction) {
        return direction == Direction.TO_SERVER ? toServer : toClient;
    }

    void shape(Collection<Direction> directions, UnaryOperator<Shape> change) {
        directions.forEach(
                direction -> pump(direction).shape(change.apply(pump(direction).shape())));
    }

    void filterUpgrades(boolean on, long now) {
        toServer.filter(on, now);
    }

    /** Ends the stream in these directions. */
    void finish(Collection<Direction> directions, long now) {
        if (reached) {
            directions.forEach(direction -> pump(direction).finish());
            linger(now);
        } else {
            close();
        }
    }

    /** Ends it for both. */
    void cut(long now) {
        // Counted as over before a peer can know.
        over(now);
        finish(List.of(Direction.values()), now);
    }

    /** Ends it, with a reset for those who receive in these directions. */
    void reset(Collection<Direction> directions) {
        for (Direction direction : directions) {
            try {
                SocketChannel receiver = direction == Direction.TO_SERVER ? server : client;
                receiver.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                // It is closed already.
            }
        }
        close();
    }

    void close() {
        gone();
        close(client);
        close(server);
    }

    private void gone() {
        if (reached && !gone) {
            gone = true;
            observer.gone();
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Closed it is.
        }
    }
}
