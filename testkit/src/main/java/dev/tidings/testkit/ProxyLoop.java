package dev.tidings.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a {@link FaultProxy}: it accepts, reads, writes and waits for time.
 *
 * <p>What changes belongs to this thread alone, so there is no lock. Other threads have what they want done by {@link #perform};
 * counters may be read by any.
 */
final class ProxyLoop {

    private static final int READ_BYTES = 16 * 1024;

    /** Sockets buffer little, so that a peer that is not read from feels it after some ten kilobytes and not after megabytes. */
    private static final int SOCKET_BYTES = 32 * 1024;

    private static final int BACKLOG = 1024;

    private static final long CLOSE_MILLIS = 1000;

    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong bytesToServer = new AtomicLong();
    private final AtomicLong bytesToClient = new AtomicLong();

    private final ProxyConnection.Observer counting = new ProxyConnection.Observer() {
        @Override
        public void reached() {
            open.incrementAndGet();
            connections.incrementAndGet();
        }

        @Override
        public void gone() {
            open.decrementAndGet();
        }
    };

    private final InetSocketAddress target;
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final int port;
    private final Thread thread;
    private final Queue<FutureTask<?>> orders = new ConcurrentLinkedQueue<>();
    private volatile boolean ended;
    private volatile @Nullable Throwable failure;

    // The thread's own.
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(READ_BYTES);
    private final List<ProxyConnection> present = new ArrayList<>();
    private Shape futureToServer = Shape.PASS;
    private Shape futureToClient = Shape.PASS;
    private boolean closing;
    private boolean refusing;
    private boolean swallowing;

    private ProxyLoop(InetSocketAddress target, Selector selector, ServerSocketChannel listener, int port) {
        this.target = target;
        this.selector = selector;
        this.listener = listener;
        this.port = port;
        this.thread = new Thread(this::run, "fault-proxy-" + port);
        thread.setDaemon(true);
    }

    static ProxyLoop start(InetSocketAddress target) throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            // What is accepted inherits it.
            listener.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
            listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), BACKLOG);
            listener.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
            int port = listener.socket().getLocalPort();
            ProxyLoop loop = new ProxyLoop(target, selector, listener, port);
            loop.thread.start();
            return loop;
        } catch (IOException e) {
            listener.close();
            selector.close();
            throw e;
        }
    }

    int port() {
        return port;
    }

    long connections() {
        return connections.get();
    }

    long refused() {
        return refused.get();
    }

    int open() {
        return open.get();
    }

    long bytesToServer() {
        return bytesToServer.get();
    }

    long bytesToClient() {
        return bytesToClient.get();
    }

    // ---- Other threads ----------------------------------------------------------------------------------------------

    /**
     * Has the thread do something, and returns when it is done. After the end nothing is done.
     *
     * @throws IllegalStateException if the thread failed
     */
    void perform(Runnable order) {
        FutureTask<Boolean> task = new FutureTask<>(order, true);
        orders.add(task);
        if (ended) {
            cancelOrders();
        } else {
            selector.wakeup();
        }
        try {
            if (!task.isCancelled()) {
                task.get();
            }
        } catch (InterruptedException e) {
            // It will be done; the caller is in a hurry.
            Thread.currentThread().interrupt();
        } catch (CancellationException e) {
            // The end came first.
        } catch (ExecutionException e) {
            throw new IllegalStateException("The proxy failed", e.getCause());
        }
        Throwable cause = failure;
        if (cause != null) {
            throw new IllegalStateException("The proxy failed", cause);
        }
    }

    private void cancelOrders() {
        for (FutureTask<?> task = orders.poll(); task != null; task = orders.poll()) {
            task.cancel(false);
        }
    }

    /** Ends the thread and all sockets. */
    void close() {
        try {
            perform(() -> closing = true);
        } finally {
            try {
                thread.join(CLOSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // ---- Orders, for the thread -------------------------------------------------------------------------------------

    Collection<ProxyConnection> present() {
        return present;
    }

    void shapeFuture(Collection<Direction> directions, UnaryOperator<Shape> change) {
        if (directions.contains(Direction.TO_SERVER)) {
            futureToServer = change.apply(futureToServer);
        }
        if (directions.contains(Direction.TO_CLIENT)) {
            futureToClient = change.apply(futureToClient);
        }
    }

    void refuse(boolean on) {
        refusing = on;
    }

    void swallowUpgrades(boolean on) {
        swallowing = on;
        long now = System.nanoTime();
        present.forEach(connection -> connection.filterUpgrades(on, now));
    }

    // ---- The thread -------------------------------------------------------------------------------------------------

    private void run() {
        try {
            long wait = Pump.NEVER;
            while (!closing) {
                select(wait);
                long now = System.nanoTime();
                for (SelectionKey key : selector.selectedKeys()) {
                    ready(key, now);
                }
                selector.selectedKeys().clear();
                for (FutureTask<?> task = orders.poll(); task != null; task = orders.poll()) {
                    task.run();
                }
                wait = turns();
            }
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        } finally {
            end();
        }
    }

    private void select(long nanos) throws IOException {
        if (nanos == Pump.NEVER) {
            selector.select();
        } else if (nanos <= 0) {
            selector.selectNow();
        } else {
            // Late is right, early is not.
            selector.select(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
        }
    }

    private void ready(SelectionKey key, long now) throws IOException {
        if (key.attachment() instanceof ProxyConnection connection) {
            connection.ready(key, now);
        } else {
            for (SocketChannel client = listener.accept(); client != null; client = listener.accept()) {
                accepted(client);
            }
        }
    }

    private long turns() {
        long now = System.nanoTime();
        long wait = Pump.NEVER;
        for (ProxyConnection connection : present) {
            wait = Math.min(wait, connection.turn(now));
        }
        present.removeIf(ProxyConnection::isClosed);
        return wait;
    }

    private void accepted(SocketChannel client) throws IOException {
        if (refusing) {
            refused.incrementAndGet();
            client.close();
            return;
        }
        SocketChannel server = SocketChannel.open();
        try {
            server.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
            prepare(server);
            prepare(client);
            connect(client, server);
        } catch (IOException e) {
            // Some systems refuse options for a socket that its peer has reset already; the others go on.
            client.close();
            server.close();
        }
    }

    private void connect(SocketChannel client, SocketChannel server) throws IOException {
        Pump toServer = new Pump(client, server, scratch, bytesToServer, futureToServer);
        Pump toClient = new Pump(server, client, scratch, bytesToClient, futureToClient);
        toServer.filter(swallowing, System.nanoTime());
        ProxyConnection connection = new ProxyConnection(selector, client, server, toServer, toClient, counting);
        present.add(connection);
        connection.connect(target);
    }

    private static void prepare(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BYTES);
    }

    private void end() {
        present.forEach(ProxyConnection::close);
        present.clear();
        try {
            listener.close();
            // Closing the selector is what closes the channels that are registered with it.
            selector.close();
        } catch (IOException e) {
            // The thread ends anyway.
        }
        ended = true;
        cancelOrders();
    }
}
