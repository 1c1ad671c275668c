package dev.tidings.examples.playground;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** {@code GET /}: what there is, in plain text. */
final class PageServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final String TEXT = """
            Tidings playground

              ws   %1$s/websocket   a WebSocket
              GET  %1$s/sse         Server-Sent Events
              GET  %1$s/poll        long polling; on all three ?channel=NAME subscribes, ?user=NAME names the user
              POST /publish/CHANNEL   publishes the JSON of the body; ?count=N so many times, ?event=NAME
              GET  /members/CHANNEL   the members of a channel
              GET  /stats             what the server holds and has done

            In the console of this page:

              socket = new WebSocket(location.origin.replace("http", "ws") + "%1$s/websocket?channel=news");
              socket.onmessage = event => console.log(event.data);

            In a terminal:

              curl -N '%2$s%1$s/sse?channel=news'
              curl '%2$s%1$s/poll?channel=news'
              curl -d '{"text":"hello"}' %2$s/publish/news
            """;

    private final String base;

    PageServlet(String base) {
        this.base = base;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String url = request.getRequestURL().toString();
        String origin = url.substring(0, url.length() - request.getRequestURI().length());
        response.setContentType("text/plain");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.getOutputStream().write(TEXT.formatted(base, origin).getBytes(StandardCharsets.UTF_8));
    }
}
