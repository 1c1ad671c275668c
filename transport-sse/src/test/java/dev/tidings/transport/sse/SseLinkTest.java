package dev.tidings.transport.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.ManualTime;
import dev.tidings.testkit.RecordingAttachment;
import dev.tidings.testkit.RecordingHost;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a stream begins, what it says in silence and when it ends, by a clock that the test turns. */
class SseLinkTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final TransportSettings SETTINGS =
            new TransportSettings(1_000, 8, Duration.ofSeconds(10), Duration.ofSeconds(105), 16);
    private static final String ACKNOWLEDGING = "Tidings-Protocol: tidings.v1";

    private final ManualTime time = new ManualTime();
    private final RecordingHost host = new RecordingHost(SETTINGS, time);

    @AfterEach
    void tearDown() {
        for (RecordingAttachment attachment : host.attachments()) {
            assertThat(attachment.violations()).isEmpty();
        }
        host.close();
    }

    private EmbeddedServer start(Container container) {
        return EmbeddedServer.start(container, 0, "", new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
                SseServlet.register(event.getServletContext(), host, WireServer.PATH);
            }
        });
    }

    private static String read(InputStream in, int length) throws IOException {
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource
    void close_beforeAnythingIsSettled_isAStatus(Container container) throws Exception {
        host.onAttach(attachment -> attachment.settle(false));
        try (EmbeddedServer server = start(container)) {
            for (Disconnect why : List.of(
                    Disconnect.UNAUTHORIZED,
                    Disconnect.FORBIDDEN.because("Banned \"until\" Monday"),
                    Disconnect.INTERNAL_ERROR,
                    Disconnect.AUTH_TIMEOUT)) {
                try (RawHttp http = RawHttp.connect(server.port())) {
                    http.request("GET", "");
                    RecordingAttachment attachment = host.attached(PATIENCE);
                    attachment.link().wake();
                    attachment.link().close(why);
                    RawHttp.Response response = http.response();
                    assertThat(response.status()).isEqualTo(why.httpStatus());
                    assertThat(response.json().get("code").getAsInt()).isEqualTo(why.code());
                    assertThat(response.json().get("reason").getAsString()).isEqualTo(why.reason());
                    assertThat(attachment.detachments()).containsExactly(why);
                }
            }
            for (Disconnect why : List.of(Disconnect.RATE_LIMITED, Disconnect.SHUTTING_DOWN)) {
                try (RawHttp http = RawHttp.connect(server.port())) {
                    http.request("GET", "");
                    host.attached(PATIENCE).link().close(why);
                    RawHttp.Response response = http.response();
                    assertThat(response.status()).isEqualTo(200);
                    assertThat(response.headers().get("Content-Type"))
                            .isEqualToIgnoringCase("text/event-stream;charset=utf-8");
                    assertThat(response.body())
                            .startsWith("retry: ")
                            .contains("\n\nevent: close\ndata: {\"type\":\"close\",\"code\":" + why.code() + ",");
                }
                try (RawHttp http = RawHttp.connect(server.port())) {
                    http.request("GET", "", ACKNOWLEDGING);
                    host.attached(PATIENCE).link().close(why);
                    assertThat(http.response().status()).isEqualTo(why.httpStatus());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_beginsWhenItIsSettled(Container container) throws Exception {
        host.onAttach(attachment -> attachment.settle(false));
        try (EmbeddedServer server = start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            http.request("GET", "", ACKNOWLEDGING);
            RecordingAttachment attachment = host.attached(PATIENCE);
            attachment.link().wake();
            assertThat(attachment.polled()).isZero();
            attachment.settle(true);
            attachment.link().wake();
            InputStream in = http.body(http.head());
            assertThat(read(in, 3)).isEqualTo(":\n\n");
            attachment.offer(Frame.counted("1"));
            attachment.link().wake();
            assertThat(read(in, 9)).isEqualTo("data: 1\n\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void silence_isBroken_andOnlySilence(Container container) throws Exception {
        try (EmbeddedServer server = start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            http.request("GET", "", ACKNOWLEDGING);
            RecordingAttachment attachment = host.attached(PATIENCE);
            InputStream in = http.body(http.head());
            assertThat(read(in, 3)).isEqualTo(":\n\n");
            await().until(() -> time.pending() == 1);
            time.advance(SETTINGS.keepAlive().minusMillis(1));
            attachment.offer(Frame.counted("1"));
            attachment.link().wake();
            assertThat(read(in, 9)).isEqualTo("data: 1\n\n");
            // The timer goes off, and sees that something was said.
            time.advance(Duration.ofMillis(1));
            await().until(() -> time.pending() == 1);
            time.advance(SETTINGS.keepAlive().minusMillis(1));
            assertThat(read(in, 3)).isEqualTo(":\n\n");
            await().until(() -> time.pending() == 1);
            attachment.link().close(Disconnect.NORMAL);
            assertThat(in.readAllBytes()).isEmpty();
            await().until(() -> time.pending() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void age_endsAPlainStream(Container container) throws Exception {
        try (EmbeddedServer server = start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            http.request("GET", "");
            RecordingAttachment attachment = host.attached(PATIENCE);
            attachment.stand("0-unknown");
            InputStream in = http.body(http.head());
            await().until(() -> time.pending() == 1);
            long minutes = 0;
            while (attachment.detachments().isEmpty()) {
                assertThat(minutes++).isLessThan(50);
                time.advance(Duration.ofSeconds(15));
                await().until(() ->
                        time.pending() == 1 || !attachment.detachments().isEmpty());
            }
            assertThat(time.elapsed()).isBetween(Duration.ofSeconds(540), Duration.ofSeconds(675));
            assertThat(attachment.detachments().get(0).code()).isEqualTo(1000);
            String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(all).matches("(?s):\n\nretry: [1-5]\\d\\d\\d\n\n(:\n\n)+");
        }
    }

    @ParameterizedTest
    @EnumSource
    void id_isWhereTheClientStands(Container container) throws Exception {
        try (EmbeddedServer server = start(container);
                RawHttp http = RawHttp.connect(server.port())) {
            host.onAttach(attachment -> {
                attachment.stand("1-a,2-b");
                attachment.offer(Frame.ofChannel("1", "x", "flash", null));
            });
            http.request("GET", "");
            RecordingAttachment attachment = host.attached(PATIENCE);
            EventParser events = new EventParser(http.body(http.head()));
            EventParser.Event event = events.next();
            while (event.data() == null) {
                event = events.next();
            }
            assertThat(event.id()).isEqualTo("1-a,2-b");
            assertThat(event.name()).isEqualTo("flash");
            await().until(() -> attachment.outstanding() == 0);
        }
    }
}
