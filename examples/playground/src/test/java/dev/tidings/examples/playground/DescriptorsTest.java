package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server of its own that runs out of file descriptors. Needs {@code prlimit} and {@code /proc}. */
class DescriptorsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROOM = 40;

    private static void require() {
        boolean there = Files.isDirectory(Path.of("/proc/self/fd"))
                && Stream.of(System.getenv("PATH").split(":", -1))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "prlimit")));
        if (!there) {
            assertThat(System.getenv("CI")).as("In CI this test must run").isNotEqualTo("true");
            System.err.println("SKIPPED: DescriptorsTest needs prlimit and /proc");
        }
        assumeTrue(there);
    }

    private static void limit(Process process, int descriptors) throws Exception {
        Process prlimit = new ProcessBuilder("prlimit", "--pid=" + process.pid(), "--nofile=" + descriptors + ":")
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(prlimit.exitValue()).isZero();
    }

    private static int descriptors(Process process) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return (int) all.count();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = "jetty")
    void f85_noMoreDescriptors_connectionsLiveAndNewOnesComeLater(String container) throws Exception {
        require();
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Playground.class.getName(),
                        "--port",
                        "0",
                        "--container",
                        container)
                // Containers have a word to say about each connection that they cannot take.
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<Socket> crowd = new ArrayList<>();
        try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
            Matcher port = Pattern.compile(":(\\d+)/").matcher(String.valueOf(out.readLine()));
            assertThat(port.find()).isTrue();
            Client client = new Client(Integer.parseInt(port.group(1)));
            Client.Socket socket = client.open("/realtime/websocket?channel=news");
            assertThat(socket.next()).contains("welcome");
            // Whatever is loaded late is loaded now.
            publish(socket, 1);

            int allowed = descriptors(server) + ROOM;
            limit(server, allowed);
            for (int i = 0; i < 2 * ROOM; i++) {
                crowd.add(new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port.group(1))));
            }
            await().atMost(PATIENCE).until(() -> descriptors(server) >= allowed - 2);
            for (int i = 2; i < 30; i++) {
                publish(socket, i);
            }
            assertThat(descriptors(server)).isLessThanOrEqualTo(allowed);

            for (Socket each : crowd) {
                each.close();
            }
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                Client.Socket next = client.open("/realtime/websocket");
                boolean welcome = String.valueOf(next.next()).contains("welcome");
                next.socket().abort();
                return welcome;
            });
            publish(socket, 30);
        } finally {
            for (Socket each : crowd) {
                each.close();
            }
            server.destroyForcibly();
            assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** The one who was there before publishes, and gets what it has published. */
    private static void publish(Client.Socket socket, int number) throws Exception {
        socket.send("{\"type\":\"publish\",\"channel\":\"news\",\"data\":\"no. " + number + "\"}");
        String heard = socket.next();
        while (heard != null && heard.contains("\"ping\"")) {
            heard = socket.next();
        }
        assertThat(heard).contains("\"no. " + number + "\"");
    }
}
