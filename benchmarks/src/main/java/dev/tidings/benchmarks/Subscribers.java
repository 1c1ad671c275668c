package dev.tidings.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The clients, in a process of their own: plain WebSockets on one thread, which check every message they get.
 *
 * <p>Driven by lines: {@code connect PORT COUNT TARGET} opens connections and answers {@code connected}; {@code expect NUMBER} answers
 * {@code done} as soon as every connection has all messages up to this number. Whatever is wrong is one line
 * that begins with {@code failed}, and the end.
 */
public final class Subscribers {

    private static final int BUFFER = 16 * 1024;
    private static final byte[] MESSAGE = "{\"type\":\"message\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NUMBER = "\"n\":".getBytes(StandardCharsets.US_ASCII);

    private final Selector selector;
    private final ConcurrentLinkedQueue<String> commands = new ConcurrentLinkedQueue<>();

    private Group group = new Group();

    private Subscribers() throws IOException {
        selector = Selector.open();
    }

    /**
     * Runs until the standard input ends.
     *
     * @param args none
     */
    public static void main(String[] args) {
        try {
            Subscribers subscribers = new Subscribers();
            Thread reader = new Thread(subscribers::readCommands, "commands");
            reader.setDaemon(true);
            reader.start();
            subscribers.run();
        } catch (IOException | RuntimeException e) {
            say("failed " + e);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private void readCommands() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                commands.add(line);
                selector.wakeup();
            }
        } catch (IOException e) {
            say("failed " + e);
        }
        Runtime.getRuntime().halt(0);
    }

    private void run() throws IOException {
        while (true) {
            selector.select(key -> read((Client) key.attachment()));
            for (String command = commands.poll(); command != null; command = commands.poll()) {
                String[] words = command.split(" ", -1);
                if (words[0].equals("connect")) {
                    connect(Integer.parseInt(words[1]), Integer.parseInt(words[2]), words[3]);
                } else {
                    group.expect(Integer.parseInt(words[1]));
                }
            }
        }
    }

    private void connect(int port, int count, String target) throws IOException {
        group = new Group();
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            Client client = new Client(channel, group);
            client.shakeHands(port, target);
            group.clients.add(client);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, client);
            client.parse();
        }
        say("connected");
    }

    private static void read(Client client) {
        try {
            client.read();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Connections that wait for the same messages. */
    private static final class Group {
        private final List<Client> clients = new ArrayList<>();
        private int expected;
        private int missing;

        /** The messages may be faster than this word of them. */
        void expect(int number) {
            expected = number;
            missing = 0;
            for (Client client : clients) {
                missing += client.last < number ? 1 : 0;
            }
            if (missing == 0) {
                say("done");
            }
        }

        void received(int number) {
            if (number == expected && --missing == 0) {
                say("done");
            }
        }
    }

    /** One WebSocket. */
    private static final class Client {
        private final SocketChannel channel;
        private final Group group;
        private final ByteBuffer in = ByteBuffer.allocate(BUFFER);
        private int last;

        Client(SocketChannel channel, Group group) {
            this.channel = channel;
            this.group = group;
        }

        void shakeHands(int port, String target) throws IOException {
            String request = "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + port
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
            ByteBuffer out = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
            while (out.hasRemaining()) {
                channel.write(out);
            }
            int end;
            do {
                if (channel.read(in) < 0) {
                    throw new IOException("No answer to the handshake");
                }
                end = endOfHeaders();
            } while (end < 0);
            String status = new String(in.array(), 0, end, StandardCharsets.US_ASCII);
            if (!status.toUpperCase(Locale.ROOT).startsWith("HTTP/1.1 101 ")) {
                throw new IOException(
                        "Not upgraded: " + status.lines().findFirst().orElse(""));
            }
            in.flip().position(end);
            in.compact();
        }

        private int endOfHeaders() {
            byte[] bytes = in.array();
            for (int i = 3; i < in.position(); i++) {
                if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                    return i + 1;
                }
            }
            return -1;
        }

        void read() throws IOException {
            int count = channel.read(in);
            if (count < 0) {
                throw new IOException("The server closed a connection");
            }
            parse();
        }

        void parse() {
            in.flip();
            while (frame()) {
                // One after the other.
            }
            in.compact();
        }

        /** Takes one frame; false if it is not all there yet. */
        private boolean frame() {
            int start = in.position();
            if (in.remaining() < 2) {
                return false;
            }
            int head = in.get() & 0xff;
            int size = in.get() & 0xff;
            if (size == 126) {
                if (in.remaining() < 2) {
                    in.position(start);
                    return false;
                }
                size = in.getShort() & 0xffff;
            }
            if (in.remaining() < size) {
                in.position(start);
                return false;
            }
            if (head == 0x81) {
                message(in.array(), in.position(), in.position() + size);
            } else if (head != 0x89 && head != 0x8a) {
                throw new IllegalStateException("A frame that begins with " + head);
            }
            in.position(in.position() + size);
            return true;
        }

        private void message(byte[] bytes, int from, int to) {
            if (!at(bytes, from, to, MESSAGE)) {
                return;
            }
            int place = from + MESSAGE.length;
            while (!at(bytes, place, to, NUMBER)) {
                place++;
            }
            int number = 0;
            for (int i = place + NUMBER.length; i < to && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
                number = number * 10 + bytes[i] - '0';
            }
            if (number != last + 1) {
                throw new IllegalStateException("message " + number + " after " + last);
            }
            last = number;
            group.received(number);
        }

        private static boolean at(byte[] bytes, int from, int to, byte[] what) {
            if (from + what.length > to) {
                if (what == NUMBER) {
                    throw new IllegalStateException("A message without a number");
                }
                return false;
            }
            for (int i = 0; i < what.length; i++) {
                if (bytes[from + i] != what[i]) {
                    return false;
                }
            }
            return true;
        }
    }
}
