package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.testkit.FaultProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * People in a browser, on each transport. They are played by {@code people.mjs}, which asks this class over HTTP for what people
 * cannot do: to cut the network, to restart the server, to say a thousand things.
 */
@Tag("browser")
class BrowserTest {

    private static final int TOGETHER = 5;
    private static final int EVERY_MILLIS = 20;

    private final ScheduledExecutorService robot = Executors.newSingleThreadScheduledExecutor();
    private Chat chat;
    private FaultProxy proxy;
    private Control control;

    @BeforeEach
    void start() throws IOException {
        Node.requireBrowser();
        chat = Chat.start(new Options("127.0.0.1", freePort(), false));
        proxy = FaultProxy.to(chat.port());
        control = Control.start()
                .on("/cut", this::cut)
                .on("/heal", () -> proxy.admit())
                .on("/restart", this::restart)
                .on("/thousand", this::thousand);
    }

    @AfterEach
    void stop() {
        robot.shutdownNow();
        if (control != null) {
            control.close();
            proxy.close();
            chat.close();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void cut() {
        proxy.refuse();
        proxy.reset();
    }

    private void restart() {
        int port = chat.port();
        chat.close();
        chat = Chat.start(new Options("127.0.0.1", port, false));
    }

    /** A robot says a thousand things in the lobby, within four seconds. */
    private void thousand() {
        Talk talk = chat.application().talk();
        AtomicInteger next = new AtomicInteger();
        Future<?> unused = robot.scheduleAtFixedRate(
                () -> {
                    for (int i = 0; i < TOGETHER && next.get() < 1000; i++) {
                        talk.say("lobby", "Robot", "n " + next.getAndIncrement(), "");
                    }
                },
                0,
                EVERY_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    private List<String> people(String transport, String... scenes) throws Exception {
        Path screenshots = Files.createDirectories(Path.of("target/screenshots"));
        return Node.run(
                400,
                Map.of(
                        "CHAT",
                        "http://127.0.0.1:" + chat.port() + "/",
                        "CHAT_BEHIND_PROXY",
                        "http://127.0.0.1:" + proxy.port() + "/",
                        "CONTROL",
                        control.address(),
                        "SCREENSHOTS",
                        screenshots.toAbsolutePath().toString(),
                        "TRANSPORT",
                        transport),
                concat("people.mjs", scenes));
    }

    private static String[] concat(String first, String... rest) {
        String[] all = new String[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "sse", "poll"})
    @Timeout(420)
    void f38_peopleTalk_inDuplicatedTabsToo(String transport) throws Exception {
        String[] scenes = {"talk", "flow", "offline", "reload", "duplicate", "restart"};

        List<String> said = people(transport, scenes);

        assertThat(said.stream().filter(line -> line.startsWith("passed ")).map(line -> line.split(" ", -1)[1]))
                .containsExactly(scenes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sse", "poll"})
    @Timeout(300)
    void tabs_ofOneBrowser_leaveEachOtherConnections(String transport) throws Exception {
        assertThat(people(transport, "tabs")).anyMatch(line -> line.startsWith("passed tabs"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "sse", "poll"})
    @Timeout(300)
    void f50_browserThatSleeps_isBackSoonAndMissesNothing(String transport) throws Exception {
        assertThat(people(transport, "sleep")).anyMatch(line -> line.startsWith("passed sleep"));
    }

    @Test
    @Timeout(300)
    void pictures_areTaken() throws Exception {
        assertThat(people("websocket", "pictures")).anyMatch(line -> line.startsWith("passed pictures"));
    }
}
