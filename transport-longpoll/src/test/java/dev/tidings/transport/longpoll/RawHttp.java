package dev.tidings.transport.longpoll;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** HTTP/1.1 by hand, on one socket: for what no well-behaved client does. */
final class RawHttp implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 20_000;

    /** What came back. */
    record Response(int status, Map<String, String> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    private final Socket socket = new Socket();
    private final InputStream in;

    private RawHttp(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new BufferedInputStream(socket.getInputStream());
    }

    static RawHttp connect(int port) {
        return connect(port, 0);
    }

    static RawHttp connect(int port, int receiveBuffer) {
        try {
            return new RawHttp(port, receiveBuffer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request as text; {@code headers} are whole lines, each ended by CR and LF. */
    static String request(String method, String target, String headers, String body) {
        String length = body.isEmpty() && method.equals("GET")
                ? ""
                : "Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n";
        return method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + length + "\r\n" + body;
    }

    RawHttp send(String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Response get(String target, String headers) {
        return send(request("GET", target, headers, "")).receive();
    }

    Response receive() {
        return receive(PATIENCE_MILLIS)
                .orElseThrow(() -> new AssertionError("No answer within " + PATIENCE_MILLIS + " ms"));
    }

    /** The next answer; empty if not even its first byte came in time. */
    Optional<Response> receive(int patience) {
        try {
            socket.setSoTimeout(Math.max(1, patience));
            in.mark(1);
            try {
                if (in.read() < 0) {
                    throw new EOFException("The server has closed");
                }
            } catch (SocketTimeoutException e) {
                return Optional.empty();
            }
            in.reset();
            socket.setSoTimeout(PATIENCE_MILLIS);
            return Optional.of(parse());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing of an answer has come, and the connection is there. */
    boolean isSilentFor(int millis) {
        try {
            socket.setSoTimeout(millis);
            in.mark(1);
            in.read();
            in.reset();
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads that much of whatever comes, and leaves the rest. */
    void readSome(int bytes) {
        try {
            socket.setSoTimeout(PATIENCE_MILLIS);
            if (in.readNBytes(bytes).length < bytes) {
                throw new EOFException("The server has closed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the server closes, once all that it says is read. */
    boolean isClosed() {
        try {
            socket.setSoTimeout(PATIENCE_MILLIS);
            while (in.read() >= 0) {
                // On to the end.
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private Response parse() throws IOException {
        String status = line();
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.merge(
                    line.substring(0, colon).strip(), line.substring(colon + 1).strip(), (a, b) -> a + ", " + b);
        }
        byte[] body;
        if (headers.getOrDefault("Transfer-Encoding", "")
                .toLowerCase(Locale.ROOT)
                .equals("chunked")) {
            body = chunks();
        } else {
            body = in.readNBytes(Integer.parseInt(headers.getOrDefault("Content-Length", "0")));
        }
        return new Response(
                Integer.parseInt(status.split(" ", -1)[1]), headers, new String(body, StandardCharsets.UTF_8));
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(), 16);
            body.writeBytes(in.readNBytes(size));
            line();
            if (size == 0) {
                return body.toByteArray();
            }
        }
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("The server has closed after: " + line.toString(StandardCharsets.UTF_8));
            }
            if (next == '\n') {
                return line.toString(StandardCharsets.UTF_8);
            }
            if (next != '\r') {
                line.write(next);
            }
        }
    }

    /** Breaks the connection by a reset. */
    void cut() {
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
