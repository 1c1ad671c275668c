/**
 * Carries connections over Jakarta WebSocket, on any servlet container that has it.
 *
 * <pre>
 * WebSocketServlet    one request: may it? which sub-protocol? then the container upgrades it
 *   -&gt; link endpoint   what the container says of the socket: opened, a part of a message, closed
 *     -&gt; link          one socket as the core sees it: one write in flight, one end
 * </pre>
 *
 * <p>Which client a socket carries is decided by the sub-protocol:
 * <table>
 * <caption>Sub-protocols</caption>
 * <tr><th>offered</th><th>client</th><th>a WebSocket message is</th></tr>
 * <tr><td>none, or none that is known</td><td>plain</td><td>one frame</td></tr>
 * <tr><td>{@code tidings.v1}</td><td>acknowledging</td><td>one frame</td></tr>
 * <tr><td>{@code tidings.v1.lines}</td><td>acknowledging</td><td>one or more frames, with line feeds in between</td></tr>
 * <tr><td>another one, added by the application</td><td>plain</td><td>one frame of its codec</td></tr>
 * </table>
 *
 * <p>An acknowledging client whose first frame will be {@code resume} says {@code resume=true} in the query.
 */
@NullMarked
package dev.tidings.transport.websocket;

import org.jspecify.annotations.NullMarked;
