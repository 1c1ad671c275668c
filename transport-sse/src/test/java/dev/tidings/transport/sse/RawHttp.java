package dev.tidings.transport.sse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** HTTP by hand: a client that can do everything that a client must not. */
final class RawHttp implements AutoCloseable {

    /** An HTTP answer whose body is read to its end. */
    record Response(int status, Map<String, String> headers, String body) {
        JsonObject json() {
            return JsonParser.parseString(body).getAsJsonObject();
        }
    }

    /** The beginning of an HTTP answer. */
    record Head(int status, Map<String, String> headers) {}

    private final int port;
    private final Socket socket;
    private final InputStream in;

    private RawHttp(int port, int receiveBuffer) throws IOException {
        this.port = port;
        this.socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout(30_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
        this.in = new BufferedInputStream(socket.getInputStream());
    }

    static RawHttp connect(int port) throws IOException {
        return new RawHttp(port, 0);
    }

    /** A socket that takes little before the server notices that nobody reads. */
    static RawHttp connectNarrow(int port) throws IOException {
        return new RawHttp(port, 4 * 1024);
    }

    RawHttp write(String text) throws IOException {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    RawHttp write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** A request's head. The path is below the servlet's; a header is a line without its end. */
    RawHttp request(String method, String query, String... headers) throws IOException {
        return requestAt(method, WireServer.PATH + query, headers);
    }

    RawHttp requestAt(String method, String path, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return write(head.append("\r\n").toString());
    }

    Head head() throws IOException {
        String first = line();
        int status = Integer.parseInt(first.split(" ", 3)[1]);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        return new Head(status, headers);
    }

    Response response() throws IOException {
        Head head = head();
        boolean any =
                head.headers().containsKey("Content-Length") || head.headers().containsKey("Transfer-Encoding");
        byte[] body = any ? body(head).readAllBytes() : new byte[0];
        return new Response(head.status(), head.headers(), new String(body, StandardCharsets.UTF_8));
    }

    /** The body that follows. */
    InputStream body(Head head) throws IOException {
        String length = head.headers().get("Content-Length");
        return length == null ? new Chunks() : new ByteArrayInputStream(in.readNBytes(Integer.parseInt(length)));
    }

    /** All that comes until the end of the connection, as it is. */
    String rest() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    boolean isAtEnd() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("After \"" + line.toString(StandardCharsets.UTF_8) + "\"");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    void finish() throws IOException {
        socket.shutdownOutput();
    }

    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private final class Chunks extends InputStream {
        private int left;
        private boolean begun;
        private boolean over;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!over && left == 0) {
                if (begun) {
                    line();
                }
                begun = true;
                left = Integer.parseInt(line(), 16);
                if (left == 0) {
                    over = true;
                    line();
                }
            }
            if (over) {
                return -1;
            }
            int read = in.read(to, offset, Math.min(length, left));
            if (read < 0) {
                throw new EOFException("In the middle of a chunk");
            }
            left -= read;
            return read;
        }
    }
}
