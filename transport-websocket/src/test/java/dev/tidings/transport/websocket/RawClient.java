package dev.tidings.transport.websocket;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A client that can do everything that a client must not. */
final class RawClient implements AutoCloseable {

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int FIN = 0x80;

    private static final String HANDSHAKE = String.join(
            "\r\n",
            "Upgrade: websocket",
            "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "");

    /** An HTTP answer; the body is read where its length is given. */
    record Response(int status, Map<String, String> headers, String body) {}

    /** A WebSocket message, put together of its fragments; of a close frame, code and reason. */
    record Message(int opcode, String text) {
        static Message of(int opcode, byte[] payload) {
            if (opcode != CLOSE) {
                return new Message(opcode, new String(payload, StandardCharsets.UTF_8));
            }
            String reason =
                    payload.length < 3 ? "" : " " + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
            return new Message(
                    opcode, payload.length < 2 ? "" : ByteBuffer.wrap(payload).getShort() + reason);
        }
    }

    private final int port;
    private final Socket socket;
    private final DataInputStream in;

    private RawClient(int port, int receiveBuffer) throws IOException {
        this.port = port;
        this.socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    static RawClient connect(int port) throws IOException {
        return new RawClient(port, 0);
    }

    /** A socket that takes little before the server notices that nobody reads. */
    static RawClient connectNarrow(int port) throws IOException {
        return new RawClient(port, 4 * 1024);
    }

    /** A client whose WebSocket is open. */
    static RawClient open(WireServer server, String query, String... headers) throws IOException {
        return opened(connect(server.port()), query, headers);
    }

    static RawClient opened(RawClient client, String query, String... headers) throws IOException {
        Response response = client.upgrade(query, headers);
        if (response.status() != 101) {
            throw new AssertionError("Not upgraded: " + response);
        }
        return client;
    }

    // ---- HTTP -------------------------------------------------------------------------------------------------------

    Response upgrade(String query, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(HANDSHAKE);
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return request("GET", query, head.toString());
    }

    Response request(String method, String query, String headers) throws IOException {
        String request = method + " " + WireServer.PATH + query + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n"
                + headers + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        Map<String, String> answered = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            answered.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        byte[] body = new byte[Integer.parseInt(answered.getOrDefault("Content-Length", "0"))];
        in.readFully(body);
        return new Response(status, answered, new String(body, StandardCharsets.UTF_8));
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    // ---- WebSocket --------------------------------------------------------------------------------------------------

    RawClient text(String text) throws IOException {
        return frame(FIN | TEXT, text.getBytes(StandardCharsets.UTF_8), true);
    }

    /** Writes one frame: its first byte as it is, the payload masked (with zeros) or not. */
    RawClient frame(int first, byte[] payload, boolean masked) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        int mask = masked ? 0x80 : 0;
        frame.put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (masked) {
            frame.putInt(0);
        }
        frame.put(payload);
        socket.getOutputStream().write(frame.array(), 0, frame.position());
        return this;
    }

    /** Writes bytes as they are, whatever they mean. */
    RawClient bytes(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    Message read() throws IOException {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        int opcode = -1;
        while (true) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            if ((first & 0x70) != 0 || (length & 0x80) != 0) {
                throw new AssertionError("The server broke the protocol");
            }
            byte[] part =
                    new byte[length == 127 ? (int) in.readLong() : length == 126 ? in.readUnsignedShort() : length];
            in.readFully(part);
            payload.writeBytes(part);
            opcode = opcode < 0 ? first & 0x0f : opcode;
            if ((first & FIN) != 0) {
                return Message.of(opcode, payload.toByteArray());
            }
        }
    }

    /** The next frame of a type; others are skipped. Each message is one frame. */
    JsonObject next(String type) throws IOException {
        while (true) {
            Message message = read();
            if (message.opcode() != TEXT) {
                throw new AssertionError("No " + type + " but " + message);
            }
            JsonObject json = JsonParser.parseString(message.text()).getAsJsonObject();
            if (json.get("type").getAsString().equals(type)) {
                return json;
            }
        }
    }

    /** The code and reason of the close frame; whatever comes before it is skipped. */
    String closing() throws IOException {
        while (true) {
            Message message = read();
            if (message.opcode() == CLOSE) {
                return message.text();
            }
        }
    }

    /** Reads until the server has closed the connection, and answers nothing. */
    void awaitEnd() throws IOException {
        try {
            while (in.read() >= 0) {
                // What comes until then does not matter.
            }
        } catch (EOFException e) {
            // As good.
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("reset")) {
                throw e;
            }
        }
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
}
