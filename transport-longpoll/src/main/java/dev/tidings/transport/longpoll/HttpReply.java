package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Payload;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

final class HttpReply implements Reply, WriteListener {
    private final AsyncContext context;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable ServletOutputStream out;
    private volatile byte[] body = new byte[0];
    private volatile boolean begun;
    private volatile @Nullable Ended then;

    HttpReply(AsyncContext context) {
        this.context = context;
    }

    @Override
    public void send(Content content, Ended ended) {
        send(200, content, ended);
    }

    private void send(int status, Content content, Ended ended) {
        then = ended;
        body = content.body();
        try {
            HttpServletResponse response = (HttpServletResponse) context.getResponse();
            response.setStatus(status);
            response.setContentType(content.type());
            content.headers().forEach(response::setHeader);
            response.setContentLength(body.length);
            ServletOutputStream stream = response.getOutputStream();
            out = stream;
            stream.setWriteListener(this);
        } catch (IOException | RuntimeException e) {
            onError(e);
        }
    }

    @Override
    public void refuse(Disconnect why, Ended ended) {
        byte[] text = ("{\"code\":" + why.code() + ",\"reason\":"
                        + Payload.string(why.reason()).json() + "}")
                .getBytes(StandardCharsets.UTF_8);
        send(why.httpStatus(), new Content("application/json;charset=utf-8", Map.of(), text), ended);
    }

    @Override
    public void onWritePossible() throws IOException {
        ServletOutputStream stream = out;
        if (stream == null) {
            return;
        }
        if (!begun) {
            begun = true;
            if (body.length > 0) {
                stream.write(body);
            }
        }
        if (stream.isReady()) {
            end(true);
        }
    }

    @Override
    public void onError(Throwable failure) {
        end(false);
    }

    @Override
    public void cut() {
        end(false);
    }

    private void end(boolean well) {
        if (!over.compareAndSet(false, true)) {
            return;
        }
        out = null;
        Ended told = then;
        if (told != null) {
            told.ended(well);
        }
        try {
            context.complete();
        } catch (IllegalStateException e) {
            // It is over already.
        }
    }
}
