package dev.tidings.testkit;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What a {@link FaultProxy} does to the bytes of one direction, or of both.
 *
 * <p>A fault counts for the connections there are and for those to come, unless {@link #present} or {@link #future} says
 * otherwise. Faults add up: what is delayed may be throttled and in pieces, too. Each ends by a new value or by {@link #pass}.
 *
 * <p>Any thread may use it. A method returns when its fault has taken effect. What went on before is in the buffers of the
 * operating system and still arrives. After the proxy's end methods do nothing.
 *
 * <pre>{@code
 * proxy.toClient().delay(Duration.ofMillis(200)).splitEvery(1);
 * proxy.toServer().present().stall();
 * proxy.both().future().cutAfter(100);
 * }</pre>
 */
public final class Faults {

    private final ProxyLoop loop;
    private final Set<Direction> directions;
    private final boolean present;
    private final boolean future;

    Faults(ProxyLoop loop, Set<Direction> directions) {
        this(loop, directions, true, true);
    }

    private Faults(ProxyLoop loop, Set<Direction> directions, boolean present, boolean future) {
        this.loop = loop;
        this.directions = directions;
        this.present = present;
        this.future = future;
    }

    static Faults of(ProxyLoop loop, Direction... directions) {
        return new Faults(loop, EnumSet.copyOf(List.of(directions)));
    }

    /**
     * The same for the connections that are there when a fault is set.
     *
     * @return faults for them alone
     */
    public Faults present() {
        return new Faults(loop, directions, true, false);
    }

    /**
     * The same for the connections that come after a fault is set.
     *
     * @return faults for them alone
     */
    public Faults future() {
        return new Faults(loop, directions, false, true);
    }

    private Faults shape(UnaryOperator<Shape> change) {
        loop.perform(() -> {
            if (present) {
                loop.present().forEach(connection -> connection.shape(directions, change));
            }
            if (future) {
                loop.shapeFuture(directions, change);
            }
        });
        return this;
    }

    private static void positive(long value) {
        if (value <= 0) {
            throw new IllegalArgumentException("Must be positive: " + value);
        }
    }

    /**
     * No fault any more: what was kept goes on.
     *
     * @return this
     */
    public Faults pass() {
        return shape(shape -> Shape.PASS);
    }

    /**
     * Nothing is forwarded and nothing is read, until {@link #resume}. The sockets stay open; a sender that goes on is stopped when
     * its own buffers and the proxy's are full. An end of a peer that comes this way is not noticed either.
     *
     * @return this
     */
    public Faults stall() {
        return shape(Shape::stall);
    }

    /**
     * Ends {@link #stall} and {@link #buffer}: what was kept goes on, in order and complete.
     *
     * @return this
     */
    public Faults resume() {
        return shape(Shape::resume);
    }

    /**
     * Keeps everything until its sender ends the stream, or until {@link #resume}, as proxies do that buffer a response. Of each
     * connection 1 MiB is kept at most, in 16,384 reads at most; what is more waits with its sender, and so does the end that
     * comes after it.
     *
     * @return this
     */
    public Faults buffer() {
        return shape(Shape::hold);
    }

    /**
     * Each byte, and the end of the stream, arrives so much later. The order stays. It counts for what is on its way as well. Of
     * each connection 1 MiB is kept at most, in 16,384 reads at most; what is more waits with its sender.
     *
     * @param latency how much later; zero for none
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Faults delay(Duration latency) {
        if (latency.isNegative()) {
            throw new IllegalArgumentException("A delay cannot be negative: " + latency);
        }
        return shape(shape -> shape.delay(latency));
    }

    /**
     * Writes no more bytes at once than this, without Nagle's delay: each piece is a segment of its own while the receiver keeps up.
     * If it does not, the operating system may join pieces, and a read may bring several. Together with {@link #throttle} pieces
     * come apart.
     *
     * @param bytes how many bytes at most; 1 for byte by byte
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Faults splitEvery(int bytes) {
        positive(bytes);
        return shape(shape -> shape.splitEvery(bytes));
    }

    /**
     * So many bytes pass in a second, in each direction of each connection, in pieces of at most a fiftieth of it.
     *
     * @param bytesPerSecond how many
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Faults throttle(long bytesPerSecond) {
        positive(bytesPerSecond);
        return shape(shape -> shape.throttle(bytesPerSecond));
    }

    /**
     * So many bytes still pass in this direction, and then the connection is cut as by {@link FaultProxy#cut}. For a connection to
     * come they count from its first byte. With both directions each counts its own, and the first that is through cuts.
     *
     * @param bytes how many; zero cuts at once
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Faults cutAfter(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("A number of bytes cannot be negative: " + bytes);
        }
        return shape(shape -> shape.cutAfter(bytes));
    }

    /**
     * Whoever receives in this direction sees the end of the stream (FIN); what is kept and what is still sent is thrown away. The
     * other direction goes on. It is done to the connections there are, at once, stalled or not.
     *
     * @return this
     */
    public Faults halfClose() {
        return now(() -> {
            long now = System.nanoTime();
            loop.present().forEach(connection -> connection.finish(directions, now));
        });
    }

    /**
     * Whoever receives in this direction gets a reset (RST), and the connection is over: the other peer sees it closed. It is done
     * to the connections there are, at once, stalled or not.
     *
     * @return this
     */
    public Faults reset() {
        return now(() -> loop.present().forEach(connection -> connection.reset(directions)));
    }

    private Faults now(Runnable order) {
        if (present) {
            loop.perform(order);
        }
        return this;
    }
}
