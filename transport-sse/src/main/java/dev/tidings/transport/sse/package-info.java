/**
 * Carries connections over Server-Sent Events, on any servlet container: a {@code GET} is answered by a stream that stays, and what the
 * client has to say comes by {@code POST}.
 *
 * <pre>
 * SseServlet     GET: a stream; POST: frames of the client's; OPTIONS: may another origin's page?
 *   -&gt; link      one stream as the core sees it: not answered before it is known how, then frame after frame
 *     -&gt; events  frames, comments and the like as they are on the wire
 * </pre>
 *
 * <p>Which client a stream carries is decided by its header {@code Tidings-Protocol}:
 * <table>
 * <caption>Streams</caption>
 * <tr><th>header</th><th>client</th><th>an event has</th></tr>
 * <tr><td>none</td><td>plain, such as {@code EventSource}</td><td>data, a name, and an id to go on from</td></tr>
 * <tr><td>{@code tidings.v1}</td><td>acknowledging</td><td>data</td></tr>
 * </table>
 */
@NullMarked
package dev.tidings.transport.sse;

import org.jspecify.annotations.NullMarked;
