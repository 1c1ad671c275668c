package dev.tidings.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;

/**
 * A TCP proxy that does to connections what networks and other proxies do to them: it stalls, cuts, delays, buffers, tears apart.
 *
 * <p>It listens on 127.0.0.1, on a port of its own, and connects each client to its target. Without a fault all passes: bytes,
 * ends of streams, resets. Faults are set while it runs, by direction ({@link #toServer}, {@link #toClient}, {@link #both}), for
 * the connections there are and those to come; see {@link Faults}.
 *
 * <ul>
 *   <li>Any thread may use it, and one thread of its own does all the work. A method returns when it has taken effect.
 *   <li>Bytes stay complete and in order, up to the end of their connection. {@link #swallowUpgrade} apart, none is changed.
 *   <li>Memory is bounded. Of each connection and direction it keeps 64 KiB that the receiver does not take, and about 16 KiB
 *       more; 1 MiB where a fault says so. Beyond that it does not read, so that the sender feels it; its sockets have small
 *       buffers for the same reason.
 *   <li>Its time is real time, and {@link ManualTime} does not move it: it delays real sockets between peers that live in real time.
 *       A delay is never too short, and a millisecond or more too long. Tests that need no socket are better off with
 *       {@link MemoryClient#stall} and its kin.
 *   <li>It is made for tests, of some hundred connections.
 * </ul>
 *
 * <pre>{@code
 * try (FaultProxy proxy = FaultProxy.to(server.port())) {
 *     WebSocket socket = connect(URI.create("ws://127.0.0.1:" + proxy.port() + "/tidings"));
 *     proxy.toClient().stall();
 *     publish("while the client cannot read");
 *     proxy.cut();
 *     ...
 *     proxy.pass();
 *     assertThat(reconnect(socket).received()).contains("while the client cannot read");
 * }
 * }</pre>
 */
public final class FaultProxy implements AutoCloseable {

    private final ProxyLoop loop;

    private FaultProxy(ProxyLoop loop) {
        this.loop = loop;
    }

    /**
     * A proxy for a server on this machine.
     *
     * @param port the server's port on 127.0.0.1
     * @return a proxy without faults
     * @throws UncheckedIOException if it cannot listen
     */
    public static FaultProxy to(int port) {
        return to("127.0.0.1", port);
    }

    /**
     * A proxy for a server. Whether the server is there shows when a client connects: if it is not, the client is reset.
     *
     * @param host the server's name or address, which is looked up here and now
     * @param port the server's port
     * @return a proxy without faults
     * @throws UncheckedIOException if it cannot listen, or if nobody knows the host
     */
    public static FaultProxy to(String host, int port) {
        try {
            InetSocketAddress target = new InetSocketAddress(Objects.requireNonNull(host, "host"), port);
            if (target.isUnresolved()) {
                throw new UnknownHostException(host);
            }
            return new FaultProxy(ProxyLoop.start(target));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Where clients connect.
     *
     * @return the port on 127.0.0.1
     */
    public int port() {
        return loop.port();
    }

    // ---- Faults -----------------------------------------------------------------------------------------------------

    /**
     * What clients send.
     *
     * @return faults of that direction
     */
    public Faults toServer() {
        return Faults.of(loop, Direction.TO_SERVER);
    }

    /**
     * What the server sends.
     *
     * @return faults of that direction
     */
    public Faults toClient() {
        return Faults.of(loop, Direction.TO_CLIENT);
    }

    /**
     * What either sends.
     *
     * @return faults of each direction
     */
    public Faults both() {
        return Faults.of(loop, Direction.values());
    }

    /** No fault any more, of whatever kind, for all connections. What was kept goes on; what was cut stays cut. */
    public void pass() {
        admit();
        both().pass();
    }

    /** Stalls both directions of all connections; see {@link Faults#stall}. */
    public void stall() {
        both().stall();
    }

    /** Ends all {@link Faults#stall} and {@link Faults#buffer}. */
    public void resume() {
        both().resume();
    }

    /**
     * Ends the connections there are: both peers see the end of the stream (FIN). What is kept is lost. For a quarter of a second
     * what they still send is read and thrown away, so that no reset takes the place of the end; then the sockets close.
     */
    public void cut() {
        loop.perform(() -> {
            long now = System.nanoTime();
            loop.present().forEach(connection -> connection.cut(now));
        });
    }

    /** Ends the connections there are with a reset (RST) for both peers. */
    public void reset() {
        both().reset();
    }

    /**
     * Refuses new connections until {@link #admit}: they are accepted and closed at once. A client that has sent something by then
     * may see a reset.
     */
    public void refuse() {
        loop.perform(() -> loop.refuse(true));
    }

    /**
     * Requests for a WebSocket get no answer until {@link #admit}, as behind proxies that do not know them: the request does not
     * reach the server, its connection hangs until a peer ends it, and everything else passes.
     *
     * <p>For clients that speak HTTP/1.1. The head of each request is held until it is complete, 64 KiB at most. What follows
     * another protocol or a chunked request on a connection passes unseen. A connection that is open already counts as one
     * between two requests.
     */
    public void swallowUpgrade() {
        loop.perform(() -> loop.swallowUpgrades(true));
    }

    /** Ends {@link #refuse} and {@link #swallowUpgrade}. A request that was swallowed stays without an answer. */
    public void admit() {
        loop.perform(() -> {
            loop.refuse(false);
            loop.swallowUpgrades(false);
        });
    }

    // ---- Counters ---------------------------------------------------------------------------------------------------

    /**
     * How many connections have reached the server. A connection that is counted is one of those there are, as faults understand
     * it: a test waits for the number before it sets a fault for them.
     *
     * @return a number that grows
     */
    public long connections() {
        return loop.connections();
    }

    /**
     * How many connections were refused.
     *
     * @return a number that grows
     */
    public long refused() {
        return loop.refused();
    }

    /**
     * How many connections there are that neither the peers nor a fault have ended.
     *
     * @return a number
     */
    public int open() {
        return loop.open();
    }

    /**
     * How many bytes were passed on to the server.
     *
     * @return a number that grows
     */
    public long bytesToServer() {
        return loop.bytesToServer();
    }

    /**
     * How many bytes were passed on to clients.
     *
     * @return a number that grows
     */
    public long bytesToClient() {
        return loop.bytesToClient();
    }

    /** Closes all sockets; the thread has ended when this returns, or does so within a second. */
    @Override
    public void close() {
        loop.close();
    }
}
