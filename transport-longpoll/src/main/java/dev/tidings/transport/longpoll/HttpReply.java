package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.Answer;
import dev.tidings.transport.servlet.AsyncResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The answer to a poll over a servlet's response. It is noted down, and written when the container takes it. */
final class HttpReply implements Reply, AsyncResponse.Source {

    /** What is written: the head, then the body. */
    private record Whole(AsyncResponse.Head head, Content content, Ended then) {}

    /** A poll can be woken before the container has been told about its response, and after it has ended. */
    private volatile @Nullable AsyncResponse response;

    private volatile @Nullable PollLink link;
    private volatile @Nullable Whole whole;
    private volatile boolean cut;

    // By one thread at a time, as AsyncResponse calls.
    private boolean written;
    private @Nullable Ended then;

    /** Takes over the response, for a link. */
    void begin(HttpServletRequest request, HttpServletResponse servletResponse, TransportHost host, PollLink answered)
            throws IOException {
        link = answered;
        // Should the container complete it by itself, as some do when they stop: no client is to take that for an
        // answer.
        servletResponse.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        AsyncResponse started = AsyncResponse.start(request, servletResponse, host, this);
        response = started;
        // The container may have asked before it was known here.
        started.wake();
    }

    // ---- What the link wants ----------------------------------------------------------------------------------------

    @Override
    public void send(Content content, Ended ended) {
        answer(new Whole(
                to -> {
                    to.setStatus(HttpServletResponse.SC_OK);
                    to.setContentType(content.type());
                    content.headers().forEach(to::setHeader);
                },
                content,
                ended));
    }

    @Override
    public void refuse(Disconnect why, Ended ended) {
        Answer answer = Answer.of(why);
        answer(new Whole(answer::head, Content.of(answer.body()), ended));
    }

    private void answer(Whole all) {
        whole = all;
        AsyncResponse to = response;
        if (to != null) {
            to.wake();
        }
    }

    @Override
    public void cut() {
        cut = true;
        AsyncResponse to = response;
        if (to != null) {
            to.abort(new IOException("The answer was given up"));
        }
    }

    // ---- What the response wants ------------------------------------------------------------------------------------

    @Override
    public byte @Nullable [] next() {
        AsyncResponse to = response;
        Whole all = whole;
        if (to == null || all == null || written) {
            return null;
        }
        written = true;
        then = all.then();
        whole = null;
        byte[] body = all.content().body();
        to.head(head -> {
            all.head().set(head);
            head.setContentLength(body.length);
        });
        to.finish();
        return body.length == 0 ? null : body;
    }

    @Override
    public void taken() {
        told(true);
    }

    @Override
    public void ended(@Nullable Throwable failure) {
        Whole never = whole;
        if (never != null) {
            then = never.then();
        }
        response = null;
        whole = null;
        if (!told(failure == null && never == null)) {
            PollLink held = link;
            if (held != null && !cut) {
                held.lost();
            }
        }
        link = null;
    }

    private boolean told(boolean well) {
        Ended told = then;
        then = null;
        if (told != null) {
            link = null;
            told.ended(well);
        }
        return told != null;
    }
}
