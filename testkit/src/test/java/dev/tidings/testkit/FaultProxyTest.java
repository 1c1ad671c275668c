package dev.tidings.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets on both sides: the test is the client, and it is the server. */
class FaultProxyTest {

    /** A socket that is to bring nothing is watched for so long. */
    private static final int SILENCE_MILLIS = 150;

    private static final int PATIENCE_MILLIS = 10_000;

    private static final String UPGRADE =
            "GET /tidings HTTP/1.1\r\nHost: x\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\r\n";

    private static final InetAddress LOCAL = local();

    private final List<AutoCloseable> opened = new ArrayList<>();
    private ServerSocket listener;
    private FaultProxy proxy;

    /** Both ends of one connection through the proxy. */
    private record Ends(Socket client, Socket server) {}

    private static InetAddress local() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void start() throws IOException {
        listener = opened(new ServerSocket(0, 50, LOCAL));
        listener.setSoTimeout(PATIENCE_MILLIS);
        proxy = opened(FaultProxy.to(listener.getLocalPort()));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private Socket client() throws IOException {
        Socket client = opened(new Socket());
        client.setTcpNoDelay(true);
        client.setSoTimeout(PATIENCE_MILLIS);
        client.connect(new InetSocketAddress(LOCAL, proxy.port()), PATIENCE_MILLIS);
        return client;
    }

    private Ends connect() throws IOException {
        long before = proxy.connections();
        Socket client = client();
        Socket server = opened(listener.accept());
        server.setTcpNoDelay(true);
        server.setSoTimeout(PATIENCE_MILLIS);
        await().until(() -> proxy.connections() == before + 1);
        return new Ends(client, server);
    }

    private static void send(Socket from, String text) throws IOException {
        from.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    private static String receive(Socket at, int bytes) throws IOException {
        byte[] read = at.getInputStream().readNBytes(bytes);
        if (read.length < bytes) {
            throw new EOFException("Ended after " + new String(read, ISO_8859_1));
        }
        return new String(read, ISO_8859_1);
    }

    private static String receive(Socket at, String expected) throws IOException {
        return receive(at, expected.length());
    }

    private static String receiveAll(Socket at) throws IOException {
        return new String(at.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private static void assertSilent(Socket at) throws IOException {
        at.setSoTimeout(SILENCE_MILLIS);
        assertThatThrownBy(() -> at.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        at.setSoTimeout(PATIENCE_MILLIS);
    }

    private static void assertEnded(Socket at) throws IOException {
        assertThat(at.getInputStream().read()).isEqualTo(-1);
    }

    private static void assertReset(Socket at) {
        assertThatThrownBy(() -> at.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    private static void assertAnswers(Ends ends) throws IOException {
        send(ends.client(), "ask");
        assertThat(receive(ends.server(), "ask")).isEqualTo("ask");
        send(ends.server(), "answer");
        assertThat(receive(ends.client(), "answer")).isEqualTo("answer");
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new Random(size).nextBytes(noise);
        return noise;
    }

    private static CompletableFuture<byte[]> reading(Socket at, int size) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return at.getInputStream().readNBytes(size);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Writes as much as the wire takes: until nothing more went in for a while. */
    private static int fill(SocketChannel channel, byte[] bytes) throws IOException {
        channel.configureBlocking(false);
        ByteBuffer left = ByteBuffer.wrap(bytes);
        long last = System.nanoTime();
        while (left.hasRemaining() && since(last).toMillis() < 300) {
            if (channel.write(left) > 0) {
                last = System.nanoTime();
            } else {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
        }
        channel.configureBlocking(true);
        return left.position();
    }

    private SocketChannel channelClient() throws IOException {
        SocketChannel client = opened(SocketChannel.open());
        client.setOption(StandardSocketOptions.SO_SNDBUF, 16 * 1024);
        client.connect(new InetSocketAddress(LOCAL, proxy.port()));
        return client;
    }

    // ---- Without a fault --------------------------------------------------------------------------------------------

    @Test
    void noFault_bytesPassBothWaysAndAreCounted() throws Exception {
        Ends ends = connect();

        assertAnswers(ends);

        assertThat(proxy.connections()).isEqualTo(1);
        assertThat(proxy.open()).isEqualTo(1);
        await().untilAsserted(() -> {
            assertThat(proxy.bytesToServer()).isEqualTo("ask".length());
            assertThat(proxy.bytesToClient()).isEqualTo("answer".length());
        });
    }

    @Test
    void noFault_muchPassesUnchangedBothWaysAtOnce() throws Exception {
        Ends ends = connect();
        byte[] there = noise(5_000_000);
        byte[] back = noise(4_000_000);
        CompletableFuture<byte[]> atServer = reading(ends.server(), there.length);
        CompletableFuture<byte[]> atClient = reading(ends.client(), back.length);
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                ends.server().getOutputStream().write(back);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        ends.client().getOutputStream().write(there);

        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(there);
        assertThat(atClient.get(20, TimeUnit.SECONDS)).isEqualTo(back);
        sending.get(20, TimeUnit.SECONDS);
    }

    @Test
    void severalConnections_areApart() throws Exception {
        List<Ends> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(connect());
        }
        for (int i = 0; i < all.size(); i++) {
            send(all.get(i).client(), "from " + (char) ('A' + i));
        }

        for (int i = 0; i < all.size(); i++) {
            assertThat(receive(all.get(i).server(), 6)).isEqualTo("from " + (char) ('A' + i));
        }
        assertThat(proxy.open()).isEqualTo(20);
    }

    @Test
    void endOfStream_passesAndLeavesTheOtherDirection() throws Exception {
        Ends ends = connect();
        send(ends.client(), "last");

        ends.client().shutdownOutput();

        assertThat(receiveAll(ends.server())).isEqualTo("last");
        send(ends.server(), "still here");
        ends.server().close();
        assertThat(receiveAll(ends.client())).isEqualTo("still here");
        await().until(() -> proxy.open() == 0);
    }

    @Test
    void resetByAPeer_reachesTheOther() throws Exception {
        Ends ends = connect();

        ends.client().setSoLinger(true, 0);
        ends.client().close();

        assertReset(ends.server());
        await().until(() -> proxy.open() == 0);
    }

    @Test
    void targetThatIsNotThere_resetsTheClient() throws Exception {
        listener.close();

        // The reset may come before the client has so much as noticed that it is connected.
        assertThatThrownBy(() -> client().getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
        assertThat(proxy.connections()).isZero();
        assertThat(proxy.open()).isZero();
    }

    @Test
    void hostThatNobodyKnows_isRefused() {
        assertThatThrownBy(() -> FaultProxy.to("no.such.host.invalid", 80)).isInstanceOf(UncheckedIOException.class);
    }

    // ---- stall ------------------------------------------------------------------------------------------------------

    @Test
    void stall_holdsBothDirectionsUntilResume() throws Exception {
        Ends ends = connect();
        proxy.stall();
        send(ends.client(), "to server");
        send(ends.server(), "to client");

        assertSilent(ends.server());
        assertSilent(ends.client());
        assertThat(proxy.open()).isEqualTo(1);

        proxy.resume();

        assertThat(receive(ends.server(), "to server")).isEqualTo("to server");
        assertThat(receive(ends.client(), "to client")).isEqualTo("to client");
    }

    @Test
    void stallOfOneDirection_leavesTheOther() throws Exception {
        Ends ends = connect();
        proxy.toClient().stall();
        send(ends.client(), "to server");
        send(ends.server(), "to client");

        assertThat(receive(ends.server(), "to server")).isEqualTo("to server");
        assertSilent(ends.client());
    }

    @Test
    void stall_holdsWhatIsKeptAlready() throws Exception {
        Ends ends = connect();
        proxy.toServer().delay(Duration.ofMinutes(5));
        send(ends.client(), "kept");
        assertSilent(ends.server());

        proxy.toServer().stall().delay(Duration.ZERO);
        assertSilent(ends.server());

        proxy.resume();
        assertThat(receive(ends.server(), "kept")).isEqualTo("kept");
    }

    @Test
    void stall_hidesTheEndOfAPeerUntilResume() throws Exception {
        Ends ends = connect();
        proxy.stall();
        ends.client().close();

        assertSilent(ends.server());

        proxy.resume();
        assertEnded(ends.server());
    }

    @Test
    void stall_stopsTheSenderAndLosesNothing() throws Exception {
        byte[] bytes = noise(8_000_000);
        proxy.toServer().stall();
        SocketChannel client = channelClient();
        Socket server = opened(listener.accept());

        int sent = fill(client, bytes);

        assertThat(sent).isGreaterThan(0).isLessThan(1_000_000);
        CompletableFuture<byte[]> atServer = reading(server, bytes.length);
        proxy.resume();
        client.write(ByteBuffer.wrap(bytes, sent, bytes.length - sent));
        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(bytes);
    }

    @Test
    void receiverThatDoesNotRead_stopsTheSender() throws Exception {
        SocketChannel client = channelClient();
        opened(listener.accept());

        int sent = fill(client, noise(20_000_000));

        assertThat(sent).isLessThan(15_000_000);
    }

    // ---- present and future -----------------------------------------------------------------------------------------

    @Test
    void faultOfPresentConnections_leavesThoseToCome() throws Exception {
        Ends before = connect();
        proxy.both().present().stall();
        Ends after = connect();

        assertAnswers(after);
        send(before.client(), "lost?");
        assertSilent(before.server());
    }

    @Test
    void faultOfFutureConnections_leavesThoseThereAre() throws Exception {
        Ends before = connect();
        proxy.both().future().stall();
        Ends after = connect();

        assertAnswers(before);
        send(after.client(), "lost?");
        assertSilent(after.server());
    }

    @Test
    void fault_countsForBoth() throws Exception {
        Ends before = connect();
        proxy.toServer().stall();
        Ends after = connect();

        send(before.client(), "lost?");
        send(after.client(), "lost?");
        assertSilent(before.server());
        assertSilent(after.server());
    }

    // ---- Ends -------------------------------------------------------------------------------------------------------

    @Test
    void cut_endsTheStreamOfBoth() throws Exception {
        Ends ends = connect();
        assertAnswers(ends);

        proxy.cut();

        assertThat(proxy.open()).isZero();
        assertEnded(ends.client());
        assertEnded(ends.server());
    }

    @Test
    void cutWhileSomethingIsUnread_isNoReset() throws Exception {
        Ends ends = connect();
        proxy.stall();
        send(ends.client(), "unread");
        send(ends.server(), "unread");
        assertSilent(ends.client());

        proxy.cut();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));

        assertEnded(ends.client());
        assertEnded(ends.server());
    }

    @Test
    void cut_takesForAWhileWhatIsStillSent() throws Exception {
        Ends ends = connect();

        proxy.cut();

        // The second would fail if the first had been answered with a reset.
        send(ends.client(), "on its way");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        send(ends.client(), "on its way");
        assertEnded(ends.client());
        assertThat(receiveAll(ends.server())).isEmpty();
    }

    @Test
    void cut_closesTheSocketsOfPeersThatStay() throws Exception {
        Ends ends = connect();

        proxy.cut();

        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThatThrownBy(() -> send(ends.client(), "anybody there?"))
                        .isInstanceOf(SocketException.class));
    }

    @Test
    void cut_leavesConnectionsToCome() throws Exception {
        connect();
        proxy.cut();

        assertAnswers(connect());
        assertThat(proxy.connections()).isEqualTo(2);
        assertThat(proxy.open()).isEqualTo(1);
    }

    @Test
    void reset_resetsBoth() throws Exception {
        Ends ends = connect();
        assertAnswers(ends);

        proxy.reset();

        assertThat(proxy.open()).isZero();
        assertReset(ends.client());
        assertReset(ends.server());
    }

    @Test
    void resetOfOneDirection_closesTheOther() throws Exception {
        Ends ends = connect();
        assertAnswers(ends);

        proxy.toServer().reset();

        assertReset(ends.server());
        assertEnded(ends.client());
    }

    @Test
    void halfClose_endsOneDirection() throws Exception {
        Ends ends = connect();

        proxy.toClient().halfClose();

        assertEnded(ends.client());
        send(ends.server(), "thrown away");
        send(ends.client(), "goes on");
        assertThat(receive(ends.server(), "goes on")).isEqualTo("goes on");
        assertThat(proxy.open()).isEqualTo(1);
        assertThat(proxy.bytesToClient()).isZero();
    }

    @Test
    void halfCloseOfFutureConnections_isNothing() throws Exception {
        Ends ends = connect();

        proxy.both().future().halfClose();
        proxy.both().future().reset();

        assertAnswers(ends);
        assertAnswers(connect());
    }

    @Test
    void cutAfter_letsExactlySoManyBytesPass() throws Exception {
        Ends ends = connect();
        assertAnswers(ends);
        proxy.toClient().cutAfter(7);

        send(ends.server(), "12345");
        assertThat(receive(ends.client(), "12345")).isEqualTo("12345");
        send(ends.server(), "6789");

        assertThat(receiveAll(ends.client())).isEqualTo("67");
        assertThat(receiveAll(ends.server())).isEmpty();
        assertThat(proxy.open()).isZero();
    }

    @Test
    void cutAfter_countsFromTheFirstByteOfConnectionsToCome() throws Exception {
        proxy.toServer().future().cutAfter(3);
        Ends first = connect();
        Ends second = connect();

        send(first.client(), "abcdef");
        send(second.client(), "ghijkl");

        assertThat(receiveAll(first.server())).isEqualTo("abc");
        assertThat(receiveAll(second.server())).isEqualTo("ghi");
    }

    @Test
    void cutAfterNothing_cutsAtOnce() throws Exception {
        Ends ends = connect();

        proxy.toClient().cutAfter(0);

        assertEnded(ends.client());
        assertEnded(ends.server());
    }

    // ---- Time -------------------------------------------------------------------------------------------------------

    @Test
    void delay_isLatencyAndKeepsTheOrder() throws Exception {
        Ends ends = connect();
        proxy.toServer().delay(Duration.ofMillis(300));
        long start = System.nanoTime();
        StringBuilder sent = new StringBuilder();
        for (char c = 'a'; c <= 'j'; c++) {
            send(ends.client(), "" + c);
            sent.append(c);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }

        receive(ends.server(), 1);
        assertThat(since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
        assertThat(receive(ends.server(), 9)).isEqualTo(sent.substring(1));
        // Each by itself would be three seconds.
        assertThat(since(start)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void delay_isOfItsDirectionOnly() throws Exception {
        Ends ends = connect();
        proxy.toServer().delay(Duration.ofSeconds(30));

        send(ends.server(), "at once");

        assertThat(receive(ends.client(), "at once")).isEqualTo("at once");
    }

    @Test
    void delay_delaysTheEndAsWell() throws Exception {
        Ends ends = connect();
        proxy.toServer().delay(Duration.ofMillis(300));
        long start = System.nanoTime();

        ends.client().close();

        assertEnded(ends.server());
        assertThat(since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

    @Test
    void delayThatEnds_letsGoOfWhatItKept() throws Exception {
        Ends ends = connect();
        proxy.toServer().delay(Duration.ofMinutes(5));
        send(ends.client(), "early");
        assertSilent(ends.server());

        proxy.toServer().delay(Duration.ZERO);

        assertThat(receive(ends.server(), "early")).isEqualTo("early");
    }

    @Test
    void throttle_takesItsTime() throws Exception {
        Ends ends = connect();
        proxy.toClient().throttle(20_000);
        long start = System.nanoTime();

        send(ends.server(), "x".repeat(10_000));
        receive(ends.client(), 10_000);

        assertThat(since(start)).isBetween(Duration.ofMillis(400), Duration.ofSeconds(5));
    }

    @Test
    void throttleThatEnds_isOver() throws Exception {
        Ends ends = connect();
        proxy.toClient().throttle(10);
        send(ends.server(), "x".repeat(10_000));
        assertThat(receive(ends.client(), 1)).isEqualTo("x");

        proxy.toClient().pass();

        assertThat(receive(ends.client(), 9_999)).hasSize(9_999);
    }

    // ---- Pieces -----------------------------------------------------------------------------------------------------

    @Test
    void splitEvery_bringsEachPieceByItself() throws Exception {
        Ends ends = connect();
        // The rate gives the reader time; without pieces it would see some five.
        proxy.toClient().splitEvery(1).throttle(200);
        send(ends.server(), "0123456789".repeat(5));
        InputStream in = ends.client().getInputStream();
        StringBuilder received = new StringBuilder();
        byte[] some = new byte[1000];
        int reads = 0;

        while (received.length() < 50) {
            int count = in.read(some);
            received.append(new String(some, 0, count, ISO_8859_1));
            reads++;
        }

        assertThat(received).hasToString("0123456789".repeat(5));
        assertThat(reads).isGreaterThan(25);
    }

    @Test
    void splitEvery_keepsWhatIsLarge() throws Exception {
        Ends ends = connect();
        proxy.both().splitEvery(3);
        byte[] bytes = noise(100_000);
        CompletableFuture<byte[]> atServer = reading(ends.server(), bytes.length);

        ends.client().getOutputStream().write(bytes);

        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(bytes);
    }

    // ---- buffer -----------------------------------------------------------------------------------------------------

    @Test
    void buffer_keepsUntilResume() throws Exception {
        Ends ends = connect();
        proxy.toClient().buffer();
        send(ends.server(), "one");
        send(ends.server(), "two");
        send(ends.client(), "the other way");

        assertSilent(ends.client());
        assertThat(receive(ends.server(), "the other way")).isEqualTo("the other way");

        proxy.resume();
        assertThat(receive(ends.client(), 6)).isEqualTo("onetwo");
    }

    @Test
    void buffer_letsGoWhenTheSenderEnds() throws Exception {
        Ends ends = connect();
        proxy.toClient().buffer();
        send(ends.server(), "a response");
        assertSilent(ends.client());

        ends.server().close();

        assertThat(receiveAll(ends.client())).isEqualTo("a response");
    }

    @Test
    void buffer_isBoundedAndLosesNothing() throws Exception {
        byte[] bytes = noise(8_000_000);
        proxy.toServer().buffer();
        SocketChannel client = channelClient();
        Socket server = opened(listener.accept());

        int sent = fill(client, bytes);

        assertThat(sent).isBetween(1024 * 1024, 3 * 1024 * 1024);
        assertSilent(server);
        CompletableFuture<byte[]> atServer = reading(server, bytes.length);
        proxy.resume();
        client.write(ByteBuffer.wrap(bytes, sent, bytes.length - sent));
        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(bytes);
    }

    // ---- New connections --------------------------------------------------------------------------------------------

    @Test
    void refuse_closesNewConnectionsAndKeepsOthers() throws Exception {
        Ends before = connect();
        proxy.refuse();

        assertEnded(client());
        assertThat(proxy.refused()).isEqualTo(1);
        assertThat(proxy.connections()).isEqualTo(1);
        assertAnswers(before);

        proxy.admit();
        assertAnswers(connect());
    }

    @Test
    void swallowUpgrade_leavesAnUpgradeWithoutAnswer() throws Exception {
        proxy.swallowUpgrade();
        Ends ends = connect();

        send(ends.client(), UPGRADE);
        send(ends.client(), "GET / HTTP/1.1\r\n\r\n");

        assertSilent(ends.server());
        assertSilent(ends.client());
        assertThat(proxy.bytesToServer()).isZero();
        assertThat(proxy.open()).isEqualTo(1);

        ends.client().close();
        assertEnded(ends.server());
    }

    @Test
    void swallowUpgrade_findsAnUpgradeInPieces() throws Exception {
        proxy.swallowUpgrade();
        Ends ends = connect();
        for (int i = 0; i < UPGRADE.length(); i++) {
            send(ends.client(), UPGRADE.substring(i, i + 1));
        }

        assertSilent(ends.server());
        await().untilAsserted(() -> assertThat(proxy.bytesToServer()).isZero());
    }

    @Test
    void swallowUpgrade_letsOtherRequestsPass() throws Exception {
        proxy.swallowUpgrade();
        Ends ends = connect();
        String post = "POST / HTTP/1.1\r\nContent-Length: " + UPGRADE.length() + "\r\n\r\n" + UPGRADE;
        String get = "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n";

        send(ends.client(), post + get);

        assertThat(receive(ends.server(), post + get)).isEqualTo(post + get);
        send(ends.server(), "HTTP/1.1 204\r\n\r\n");
        assertThat(receive(ends.client(), 16)).startsWith("HTTP/1.1 204");

        // And the next one on the same connection is an upgrade.
        send(ends.client(), get + UPGRADE);
        assertThat(receive(ends.server(), get)).isEqualTo(get);
        assertSilent(ends.server());
    }

    @Test
    void swallowUpgrade_letsWhatIsNoRequestPass() throws Exception {
        proxy.swallowUpgrade();
        Ends frames = connect();
        Ends http2 = connect();
        Ends chunked = connect();
        String chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello";

        send(frames.client(), "\u0081\u0085");
        send(http2.client(), "PRI * HTTP/2.0\r\n\r\nSM");
        send(chunked.client(), chunks);

        assertThat(receive(frames.server(), 2)).isEqualTo("\u0081\u0085");
        assertThat(receive(http2.server(), 20)).isEqualTo("PRI * HTTP/2.0\r\n\r\nSM");
        assertThat(receive(chunked.server(), chunks)).isEqualTo(chunks);
    }

    @Test
    void swallowUpgrade_holdsNoMoreThanAHead() throws Exception {
        proxy.swallowUpgrade();
        Ends ends = connect();
        String endless = "GET /" + "x".repeat(200_000);
        CompletableFuture<byte[]> atServer = reading(ends.server(), endless.length());

        send(ends.client(), endless);

        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(endless.getBytes(ISO_8859_1));
    }

    @Test
    void admit_letsUpgradesPassAgainAndWhatWasHeld() throws Exception {
        proxy.swallowUpgrade();
        Ends ends = connect();
        send(ends.client(), UPGRADE.substring(0, 30));
        assertSilent(ends.server());

        proxy.admit();

        send(ends.client(), UPGRADE.substring(30));
        assertThat(receive(ends.server(), UPGRADE)).isEqualTo(UPGRADE);
    }

    // ---- All of it --------------------------------------------------------------------------------------------------

    @Test
    void pass_endsEveryFault() throws Exception {
        Ends before = connect();
        proxy.both()
                .stall()
                .buffer()
                .delay(Duration.ofMinutes(1))
                .throttle(1)
                .splitEvery(1)
                .cutAfter(2);
        proxy.refuse();
        proxy.swallowUpgrade();

        proxy.pass();

        assertAnswers(before);
        Ends after = connect();
        send(after.client(), UPGRADE);
        assertThat(receive(after.server(), UPGRADE)).isEqualTo(UPGRADE);
    }

    @Test
    void faultsThatChangeWhileBytesFlow_loseNone() throws Exception {
        Ends ends = connect();
        byte[] bytes = noise(3_000_000);
        CompletableFuture<byte[]> atServer = reading(ends.server(), bytes.length);
        CompletableFuture<Void> faults = CompletableFuture.runAsync(() -> {
            Random random = new Random(7);
            while (!atServer.isDone()) {
                switch (random.nextInt(6)) {
                    case 0 -> proxy.stall();
                    case 1 -> proxy.toServer().delay(Duration.ofMillis(random.nextInt(20)));
                    case 2 -> proxy.toServer().splitEvery(1 + random.nextInt(5000));
                    case 3 -> proxy.toServer().buffer();
                    case 4 -> proxy.toServer().throttle(1_000_000 + random.nextInt(10_000_000));
                    default -> proxy.pass();
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
                proxy.resume();
            }
        });

        ends.client().getOutputStream().write(bytes);

        assertThat(atServer.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
        faults.get(10, TimeUnit.SECONDS);
    }

    @Test
    void valuesWithoutSense_areRefused() {
        Faults faults = proxy.both();

        assertThatThrownBy(() -> faults.splitEvery(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.throttle(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.cutAfter(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.delay(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void close_endsSocketsAndThreadWithinASecond() throws Exception {
        Ends ends = connect();
        proxy.both().throttle(1).delay(Duration.ofMinutes(1));
        send(ends.client(), "on its way");
        String name = "fault-proxy-" + proxy.port();
        assertThat(threads()).contains(name);
        long start = System.nanoTime();

        proxy.close();

        assertThat(threads()).doesNotContain(name);
        assertThat(since(start)).isLessThan(Duration.ofSeconds(1));
        assertEnded(ends.server());
        assertThat(proxy.open()).isZero();
        assertThatThrownBy(this::client).isInstanceOf(IOException.class);
    }

    @Test
    void closedProxy_doesNothing() throws Exception {
        connect();
        proxy.close();

        proxy.stall();
        proxy.cut();
        proxy.pass();
        proxy.close();

        assertThat(proxy.connections()).isEqualTo(1);
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
    }
}
