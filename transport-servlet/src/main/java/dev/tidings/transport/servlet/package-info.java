/**
 * What the transports on Jakarta Servlet share: how a request becomes a handshake, how a client is answered, how a response is
 * written without blocking, how frames come in by {@code POST}; and one servlet for all transports.
 *
 * <pre>
 * HttpHandshake     a request's address, headers and query -&gt; a handshake, or a malformed request
 * Answer, Cors      a refusal in HTTP; the headers that every answer has; pages of other origins
 * AsyncResponse     one response: one owner at a time, no byte after its end, one completion
 * Posts             frames of a client's by POST
 * TidingsServlet    all transports that are there, under one path
 * </pre>
 */
@NullMarked
package dev.tidings.transport.servlet;

import org.jspecify.annotations.NullMarked;
