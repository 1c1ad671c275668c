package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client is answered that asks for a WebSocket. */
class HandshakeWireTest {

    private static RawClient.Response ask(WireServer server, String query, String... headers) throws IOException {
        return ask(server.port(), query, headers);
    }

    /** On a connection of its own: some containers close one after an error. */
    static RawClient.Response ask(int port, String query, String... headers) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            return client.upgrade(query, headers);
        }
    }

    private static RawClient.Response get(WireServer server, String headers) throws IOException {
        try (RawClient client = RawClient.connect(server.port())) {
            return client.request("GET", "", headers);
        }
    }

    private static void assertRefused(RawClient.Response response, int status, int code, String reason) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.headers())
                .containsEntry("X-Content-Type-Options", "nosniff")
                .containsEntry("Cache-Control", "no-cache, no-store, no-transform");
        assertThat(response.headers().get("Content-Type")).isEqualToIgnoringCase("application/json;charset=utf-8");
        JsonObject body = JsonParser.parseString(response.body()).getAsJsonObject();
        assertThat(body.get("code").getAsInt()).isEqualTo(code);
        assertThat(body.get("reason").getAsString()).contains(reason);
    }

    @ParameterizedTest
    @EnumSource
    void f25_upgradeOfOtherOrigins_isForbidden(Container container) throws Exception {
        try (WireServer server = WireServer.start(container, b -> b.allowOrigin("https://good.example"))) {
            for (String origin : List.of(
                    "https://evil.example",
                    "null",
                    "https://good.example.evil.com",
                    "http://good.example",
                    "https://good.example:444",
                    "http://127.0.0.1.evil.example:" + server.port(),
                    "http://127.0.0.1")) {
                assertRefused(ask(server, "", "Origin: " + origin), 403, 4003, "Origin");
            }
            for (String origin : List.of("https://good.example", "http://127.0.0.1:" + server.port())) {
                assertThat(ask(server, "", "Origin: " + origin).status()).isEqualTo(101);
            }
            assertThat(ask(server, "").status()).isEqualTo(101);
        }
    }

    @ParameterizedTest
    @EnumSource
    void request_thatIsNoHandshake_isToldWhatIsWrong(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                RawClient client = RawClient.connect(server.port())) {
            RawClient.Response plain = client.request("GET", "", "");
            assertRefused(plain, 426, 4000, "new WebSocket");
            assertThat(plain.headers()).containsEntry("Upgrade", "websocket");

            RawClient.Response post = client.request("POST", "", "Content-Length: 0\r\n");
            assertRefused(post, 405, 4000, "GET");
            assertThat(post.headers()).containsEntry("Allow", "GET");

            String upgrade = "Upgrade: WebSocket\r\nConnection: Upgrade\r\n";
            RawClient.Response old = client.request("GET", "", upgrade + "Sec-WebSocket-Version: 8\r\n");
            assertRefused(old, 426, 4000, "13");
            assertThat(old.headers()).containsEntry("Sec-WebSocket-Version", "13");
            assertRefused(get(server, upgrade + "Sec-WebSocket-Version: 13\r\n"), 400, 4000, "Sec-WebSocket-Key");
            // Some containers look at these themselves.
            assertThat(get(server, "Upgrade: websocket\r\n").status()).isEqualTo(400);
            assertThat(ask(server, "?channel=%zz").status()).isEqualTo(400);
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_afterTheStop_isUnavailableForNow(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            server.tidings.close();

            RawClient.Response response = ask(server, "");

            assertRefused(response, 503, 4203, "Shutting down");
            assertThat(response.headers()).containsEntry("Retry-After", "5");
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_beyondTheNumberOfConnections_isTooMany(Container container) throws Exception {
        try (WireServer server = WireServer.start(container, b -> b.limits(l -> l.connections(0, 0, 1)));
                RawClient first = RawClient.open(server, "")) {
            first.next("welcome");

            assertRefused(ask(server, ""), 429, 4129, "Too many");
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_anySubProtocols_echoesOnlyOurs(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            assertThat(ask(server, "").headers()).doesNotContainKey("Sec-WebSocket-Protocol");
            RawClient.Response unknown = ask(server, "", "Sec-WebSocket-Protocol: secret, other");
            assertThat(unknown.status()).isEqualTo(101);
            assertThat(unknown.headers()).doesNotContainKey("Sec-WebSocket-Protocol");
            for (String ours : List.of("tidings.v1", "tidings.v1.lines")) {
                assertThat(ask(server, "", "Sec-WebSocket-Protocol: bearer.abc, " + ours)
                                .headers())
                        .containsEntry("Sec-WebSocket-Protocol", ours);
            }
            assertThat(ask(server, "", "Sec-WebSocket-Extensions: permessage-deflate")
                            .headers())
                    .doesNotContainKey("Sec-WebSocket-Extensions");
        }
    }

    @ParameterizedTest
    @EnumSource
    void upgrade_anyClient_isCopiedIntoTheHandshake(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                RawClient client = RawClient.open(
                        server,
                        "?a=1&a=2%20b&token=t",
                        "Cookie: x=1; y=\"2\"",
                        "User-Agent: test",
                        "Sec-WebSocket-Protocol: tidings.v1")) {
            client.next("welcome");
            Handshake handshake = WireServer.take(server.connected).handshake();

            assertThat(handshake.transport()).isEqualTo("websocket");
            assertThat(handshake.remoteAddress()).isEqualTo("127.0.0.1");
            assertThat(handshake.parameters("a")).containsExactly("1", "2 b");
            assertThat(handshake.token()).hasValue("t");
            assertThat(handshake.header("user-agent")).hasValue("test");
            assertThat(handshake.cookie("y")).hasValue("2");
            assertThat(handshake.principal()).isEmpty();
            assertThat(handshake.isAcknowledging()).isTrue();
            assertThat(handshake.isResuming()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void close_byEitherSide_isSeenByTheOther(Container container) throws Exception {
        try (WireServer server = WireServer.start(container)) {
            try (PlainClient client = PlainClient.open(server, "")) {
                client.next("welcome");
                WireServer.take(server.connected).disconnect(Disconnect.FORBIDDEN.because("Banned until Monday"));

                JsonObject close = client.next("close");
                assertThat(close.get("code").getAsInt()).isEqualTo(4003);
                assertThat(close.get("reconnect").getAsString()).isEqualTo("never");
                assertThat(client.closing()).isEqualTo("4003 Banned until Monday");
                assertThat(WireServer.take(server.disconnected).code()).isEqualTo(4003);
            }
            try (PlainClient client = PlainClient.open(server, "")) {
                client.next("welcome");
                client.close(1000);

                assertThat(WireServer.take(server.disconnected)).isEqualTo(Disconnect.NORMAL);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void stop_withClients_tellsThemToComeBack(Container container) throws Exception {
        try (WireServer server = WireServer.start(container);
                PlainClient plain = PlainClient.open(server, "");
                PlainClient acknowledging = PlainClient.open(server, "", "tidings.v1")) {
            assertThat(acknowledging.subProtocol()).isEqualTo("tidings.v1");
            plain.next("welcome");
            acknowledging.next("welcome");

            server.tidings.close();

            for (PlainClient client : List.of(plain, acknowledging)) {
                JsonObject close = client.next("close");
                assertThat(close.get("reconnect").getAsString()).isEqualTo("now");
                assertThat(close.has("retryAfter")).isTrue();
                assertThat(client.closing()).isEqualTo("4203 Shutting down");
            }
        }
    }
}
