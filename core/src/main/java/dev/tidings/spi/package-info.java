/**
 * The seams: what transports, brokers and presence stores implement and call. The built-in ones use nothing else.
 *
 * <p>A transport implements {@link dev.tidings.spi.Link} (name, wake, close) and calls {@link dev.tidings.spi.TransportHost} and
 * {@link dev.tidings.spi.Attachment}:
 *
 * <pre>
 * refuse(handshake)?  -&gt; answer in HTTP
 * attach(handshake, link)
 *     receive(text)*          what the peer sends
 *     wake -&gt; poll* written   what the peer is sent; the core owns the queue, the link pulls
 *     close(disconnect)?      the core ends the link
 * detached(disconnect)        once, whoever ended it
 * </pre>
 *
 * <p>The rules of a link, each with its intent. {@code tidings-testkit} has a test for each.
 * <ul>
 *   <li><b>L1</b> A link takes {@code wake} and {@code close} from any thread, at any time from the moment it is given to
 *       {@code attach}, also when there is nothing to do. <i>The core need not know in what state a wire is.</i>
 *   <li><b>L2</b> {@code wake} and {@code close} return without blocking. <i>The thread that calls serves everybody else
 *       too.</i>
 *   <li><b>L3</b> One thread at a time polls, and a frame that was polled is written, in that order, or the link is detached. <i>Order
 *       and completeness of the wire are the link's part of the promise.</i>
 *   <li><b>L4</b> What arrives is brought in in the order of the wire. <i>The client's order is the order of handling.</i>
 *   <li><b>L5</b> {@code detached} is called exactly once, soon after the wire has ended, whoever ended it. <i>A container may
 *       never tell; a connection must not hang on a dead link.</i>
 *   <li><b>L6</b> After {@code close} the peer sees code and reason where its wire can show them, and nothing after them. <i>The
 *       client must know whether to come back.</i>
 *   <li><b>L7</b> A link polls only what it is about to write, keeps no queue of its own, and yields its thread after
 *       {@link dev.tidings.spi.TransportSettings#drainFrames} frames. <i>The outbox's bound is the bound, and no thread becomes one
 *       stranger's writer.</i>
 *   <li><b>L8</b> {@code written} is called when the container has taken what was polled, not before. <i>The send deadline and the
 *       release of a plain client's frames hang on it.</i>
 *   <li><b>L9</b> A link takes no more of a peer's than {@link dev.tidings.spi.TransportSettings#maxFrameBytes}, and does not collect
 *       more to find out. <i>No peer grows the heap.</i>
 *   <li><b>L10</b> Nothing that the container throws reaches the core. <i>One broken wire is one broken link.</i>
 * </ul>
 *
 * <p>{@link dev.tidings.spi.Drain} is a ready loop for wires that take one asynchronous write at a time.
 */
@NullMarked
package dev.tidings.spi;

import org.jspecify.annotations.NullMarked;
