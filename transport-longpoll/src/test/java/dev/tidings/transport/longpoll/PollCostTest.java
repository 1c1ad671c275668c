package dev.tidings.transport.longpoll;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.Supplier;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a poll that brings nothing costs the server: {@code -Dtidings.measure}. */
@EnabledIfSystemProperty(named = "tidings.measure", matches = ".*")
class PollCostTest {

    private static final int WARM_UP = 8_000;
    private static final int MEASURED = 8_000;
    /** Tomcat closes a socket after 100. */
    private static final int PER_SOCKET = 90;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** What all threads but the client's have used: those of the server are there from the beginning to the end. */
    private static long serverNanos() {
        long sum = 0;
        for (long id : THREADS.getAllThreadIds()) {
            if (id != Thread.currentThread().getId()) {
                sum += Math.max(0, THREADS.getThreadCpuTime(id));
            }
        }
        return sum;
    }

    private static void cycle(WireServer server, int count, Supplier<String> request) {
        for (int i = 0; i < count; i += PER_SOCKET) {
            try (RawHttp socket = RawHttp.connect(server.port())) {
                for (int j = 0; j < PER_SOCKET; j++) {
                    assertThat(socket.send(request.get()).receive().status()).isIn(200, 204);
                }
            }
        }
    }

    private static void measure(String what, WireServer server, Supplier<String> request) {
        cycle(server, WARM_UP, request);
        long before = serverNanos();
        cycle(server, MEASURED, request);
        System.out.printf(
                "POLLCOST %s: %.0f us of CPU for a cycle%n", what, (serverNanos() - before) / 1_000.0 / MEASURED);
    }

    @ParameterizedTest
    @EnumSource
    void poll_empty_costs(Container container) {
        try (WireServer server = WireServer.start(container)) {
            PollClient client = new PollClient(server).begin("?channel=open:a");
            measure(
                    container + " acknowledging",
                    server,
                    () -> RawHttp.request(
                            "GET",
                            WireServer.PATH + "?timeout=0",
                            "Tidings-Protocol: tidings.v1\r\nTidings-Connection: " + client.token + "\r\nTidings-Poll: "
                                    + ++client.number + "\r\n",
                            ""));
            String plain = WireServer.PATH + "?channel=open:a&timeout=0";
            measure(container + " plain", server, () -> RawHttp.request("GET", plain, "", ""));
            measure(
                    container + " preflight, which does nothing",
                    server,
                    () -> RawHttp.request("OPTIONS", WireServer.PATH, "", ""));
        }
    }
}
