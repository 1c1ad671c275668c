package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Provisional. */
public final class LongPollServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private final transient TransportHost host;

    /**
     * For a host.
     *
     * @param host the host
     */
    public LongPollServlet(TransportHost host) {
        this.host = host;
    }

    /**
     * Registers.
     *
     * @param context the context
     * @param host the host
     * @param path the path
     */
    public static void register(ServletContext context, TransportHost host, String path) {
        ServletRegistration.Dynamic registration = context.addServlet("poll " + path, new LongPollServlet(host));
        registration.addMapping(path);
        registration.setAsyncSupported(true);
    }

    private static void answer(HttpServletResponse response, int status, String body) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json;charset=utf-8");
        response.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    }

    private static String why(Disconnect d, String rest) {
        return "{\"code\":" + d.code() + ",\"reason\":"
                + Payload.string(d.reason()).json() + rest + "}";
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Vary", "Origin");
        response.setHeader("Cache-Control", "no-cache, no-store, no-transform");
        response.setHeader("X-Content-Type-Options", "nosniff");
        Handshake.Builder builder = Handshake.builder("poll")
                .remoteAddress(request.getRemoteAddr())
                .principal(
                        request.getUserPrincipal() == null
                                ? null
                                : request.getUserPrincipal().getName())
                .allowsAuthFrame(false)
                .polling(true);
        Collections.list(request.getHeaderNames())
                .forEach(n -> builder.header(n, Collections.list(request.getHeaders(n))));
        if (request.getMethod().equals("GET")) {
            request.getParameterMap().forEach((n, v) -> builder.parameter(n, List.of(v)));
        }
        boolean acknowledging = request.getHeader("Tidings-Protocol") != null;
        builder.acknowledging(acknowledging).since(request.getParameter("since"));
        String token = request.getHeader("Tidings-Connection");
        if (token != null) {
            builder.resume(new Handshake.Resume(
                    token, number(request, "Tidings-Received", 0), number(request, "Tidings-Poll", 0)));
        }
        Handshake handshake = builder.build();
        if (request.getMethod().equals("GET")) {
            Optional<Refusal> refusal = host.refuse(handshake);
            if (refusal.isPresent()) {
                answer(
                        response,
                        refusal.get().disconnect().httpStatus(),
                        why(refusal.get().disconnect(), ""));
                return;
            }
            String timeout = request.getParameter("timeout");
            Duration hold =
                    timeout == null ? host.settings().pollTimeout() : Duration.ofMillis(Long.parseLong(timeout));
            AsyncContext context = request.startAsync();
            context.setTimeout(0);
            new PollLink(host, new HttpReply(context), acknowledging, hold).open(handshake);
        } else {
            byte[] body = request.getInputStream().readNBytes(host.settings().maxFrameBytes() + 1);
            if (body.length > host.settings().maxFrameBytes()) {
                answer(response, 413, why(Disconnect.TOO_LARGE, ""));
                return;
            }
            Posted posted = host.post(
                            handshake,
                            number(request, "Tidings-First", 1),
                            List.of(new String(body, StandardCharsets.UTF_8).split("\n")))
                    .toCompletableFuture()
                    .join();
            Refusal refusal = posted.refusal();
            if (posted.isGone()) {
                answer(response, 404, why(Disconnect.RESUME_EXPIRED, ""));
            } else if (refusal != null) {
                answer(
                        response,
                        refusal.disconnect().httpStatus(),
                        why(refusal.disconnect(), ",\"expects\":" + posted.expects()));
            } else {
                answer(response, 200, "{\"expects\":" + posted.expects() + "}");
            }
        }
    }

    private static long number(HttpServletRequest request, String header, long otherwise) {
        @Nullable String value = request.getHeader(header);
        return value == null ? otherwise : Long.parseLong(value);
    }
}
