/**
 * Carries connections over polls: requests that wait until there is something to say, on any servlet container.
 *
 * <pre>
 * LongPollServlet    GET: a poll; POST: frames of the client's; OPTIONS: may another origin's page?
 *   -&gt; poll link     one poll as the core sees it: held, answered once, gone
 *     -&gt; batch       the frames of one answer
 * </pre>
 *
 * <p>Which client a poll carries is decided by its header {@code Tidings-Protocol}:
 * <table>
 * <caption>Answers</caption>
 * <tr><th>header</th><th>client</th><th>an answer is</th></tr>
 * <tr><td>none</td><td>plain</td><td>one JSON object: messages, and where to go on</td></tr>
 * <tr><td>{@code tidings.v1}</td><td>acknowledging</td><td>frames, a line feed between them</td></tr>
 * </table>
 */
@NullMarked
package dev.tidings.transport.longpoll;

import org.jspecify.annotations.NullMarked;
