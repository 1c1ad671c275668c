package dev.tidings.transport.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A container with one request. Whatever is done to the response when its end has come, or when it has not said that it is ready, is a
 * violation: a real one would deliver it to somebody else, or throw.
 */
final class FakeContainer {

    @FunctionalInterface
    interface Writing {
        void write() throws IOException;
    }

    final Queue<String> violations = new ConcurrentLinkedQueue<>();
    final AtomicInteger completions = new AtomicInteger();
    final Map<String, String> headers = Collections.synchronizedMap(new TreeMap<>(String.CASE_INSENSITIVE_ORDER));
    final Map<String, List<String>> requestHeaders = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    final Map<String, Object> answers = new LinkedHashMap<>();
    final Stream stream = new Stream();

    volatile int status = 200;
    /** How many more times it is ready. */
    final AtomicInteger readyTimes = new AtomicInteger(Integer.MAX_VALUE);

    volatile Writing onWrite = () -> {};
    volatile Writing onFlush = () -> {};
    volatile Runnable onComplete = () -> {};
    /** The request has ended, by whoever: the objects may be another client's. */
    volatile boolean recycled;

    volatile @Nullable WriteListener writeListener;
    volatile @Nullable AsyncListener asyncListener;
    volatile long timeout = -1;

    private final AsyncContext async = proxy(AsyncContext.class, this::async);

    HttpServletRequest request() {
        return proxy(HttpServletRequest.class, this::request);
    }

    HttpServletResponse response() {
        return proxy(HttpServletResponse.class, this::response);
    }

    FakeContainer header(String name, String... values) {
        requestHeaders.put(name, List.of(values));
        return this;
    }

    FakeContainer answer(String method, @Nullable Object value) {
        answers.put(method, value);
        return this;
    }

    String written() {
        return stream.written();
    }

    /** Takes bytes from now on, and says so. */
    void possible() throws IOException {
        readyTimes.set(Integer.MAX_VALUE);
        writeListener.onWritePossible();
    }

    void asyncError(Throwable failure) throws IOException {
        asyncListener.onError(new AsyncEvent(async, failure));
    }

    void writeError(Throwable failure) {
        writeListener.onError(failure);
    }

    /** Ends the request by itself. */
    void completeByItself() throws IOException {
        asyncListener.onComplete(new AsyncEvent(async));
        recycled = true;
    }

    private @Nullable Object request(String method, Object[] arguments) {
        if (answers.containsKey(method)) {
            return answers.get(method);
        }
        return switch (method) {
            case "startAsync" -> async;
            case "isAsyncSupported" -> true;
            case "getMethod" -> "GET";
            case "getProtocol" -> "HTTP/1.1";
            case "getRemoteAddr" -> "192.0.2.1";
            case "getHeaderNames" -> Collections.enumeration(requestHeaders.keySet());
            case "getHeaders" -> Collections.enumeration(requestHeaders.getOrDefault((String) arguments[0], List.of()));
            case "getHeader" ->
                requestHeaders.getOrDefault((String) arguments[0], List.of()).stream()
                        .findFirst()
                        .orElse(null);
            default -> null;
        };
    }

    private @Nullable Object response(String method, Object[] arguments) {
        if (recycled) {
            violations.add(method + " on the response after the end");
        }
        switch (method) {
            case "setStatus" -> status = (Integer) arguments[0];
            case "setHeader" -> headers.put((String) arguments[0], (String) arguments[1]);
            case "setContentType" -> headers.put("Content-Type", (String) arguments[0]);
            case "setContentLength" -> headers.put("Content-Length", String.valueOf(arguments[0]));
            case "containsHeader" -> {
                return headers.containsKey((String) arguments[0]);
            }
            case "getOutputStream" -> {
                return stream;
            }
            default -> {
                return null;
            }
        }
        return null;
    }

    private @Nullable Object async(String method, Object[] arguments) {
        switch (method) {
            case "setTimeout" -> timeout = (Long) arguments[0];
            case "addListener" -> asyncListener = (AsyncListener) arguments[0];
            case "complete" -> {
                if (completions.incrementAndGet() > 1 || recycled) {
                    violations.add("complete after the end");
                    throw new IllegalStateException("for the test");
                }
                recycled = true;
                onComplete.run();
            }
            default -> {
                return null;
            }
        }
        return null;
    }

    @FunctionalInterface
    private interface Answers {
        @Nullable
        Object to(String method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Answers answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) ->
                        answers.to(method.getName(), arguments == null ? new Object[0] : arguments)));
    }

    final class Stream extends ServletOutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private volatile boolean asked;
        private final AtomicInteger inside = new AtomicInteger();

        String written() {
            return bytes.toString(StandardCharsets.UTF_8);
        }

        private void touched(String how) {
            if (recycled) {
                violations.add(how + " after the end");
            }
            if (inside.get() > 1) {
                violations.add("two threads in the stream");
            }
        }

        @Override
        public boolean isReady() {
            touched("isReady");
            asked = readyTimes.getAndUpdate(n -> n == Integer.MAX_VALUE ? n : Math.max(0, n - 1)) > 0;
            return asked;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            writeListener = listener;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            inside.incrementAndGet();
            try {
                touched("write");
                if (!asked) {
                    violations.add("write without isReady");
                }
                asked = false;
                onWrite.write();
                touched("write");
                bytes.write(from, offset, length);
            } finally {
                inside.decrementAndGet();
            }
        }

        @Override
        public void flush() throws IOException {
            touched("flush");
            if (!asked) {
                violations.add("flush without isReady");
            }
            asked = false;
            onFlush.write();
        }
    }
}
