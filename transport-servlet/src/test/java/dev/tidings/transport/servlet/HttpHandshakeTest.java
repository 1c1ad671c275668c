package dev.tidings.transport.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.spi.Handshake;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpHandshakeTest {

    private static Handshake read(FakeContainer container) throws MalformedRequestException {
        return HttpHandshake.read(container.request(), "sse").build();
    }

    @Test
    void parameters_anyQuery_areReadInOrder() throws Exception {
        assertThat(HttpHandshake.parameters(null)).isEmpty();
        assertThat(HttpHandshake.parameters("")).isEmpty();
        assertThat(HttpHandshake.parameters("channel=a&channel=b%2Fc&x&&=y&token=a%20b+c=d&u=%e2%82%ac%F0%9F%8E%89"))
                .isEqualTo(Map.of(
                        "channel", List.of("a", "b/c"),
                        "x", List.of(""),
                        "token", List.of("a b c=d"),
                        "u", List.of("\u20AC\uD83C\uDF89")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=%zz",
                "a=%",
                "a=%2",
                "a=%e2%82",
                "a=%ff",
                "a=%c0%80",
                "a=%ed%a0%80",
                "%80",
                "a=\u00e9",
                "a=%+1",
                "a=%\uFF11\uFF11"
            })
    void parameters_notPercentEncodedUtf8_areMalformed(String query) {
        assertThatThrownBy(() -> HttpHandshake.parameters(query))
                .isInstanceOf(MalformedRequestException.class)
                .hasMessageContaining("query");
    }

    @Test
    void read_plainClient_hasWhatTheRequestHas() throws Exception {
        FakeContainer container = new FakeContainer()
                .header("User-Agent", "test")
                .header("X", "1", "2")
                .answer("getQueryString", "channel=a")
                .answer("getUserPrincipal", (java.security.Principal) () -> "ada");
        Handshake handshake = read(container);
        assertThat(handshake.transport()).isEqualTo("sse");
        assertThat(handshake.remoteAddress()).isEqualTo("192.0.2.1");
        assertThat(handshake.headers("x")).containsExactly("1", "2");
        assertThat(handshake.parameters("channel")).containsExactly("a");
        assertThat(handshake.principal()).hasValue("ada");
        assertThat(handshake.isAcknowledging()).isFalse();
        assertThat(handshake.allowsAuthFrame()).isFalse();
        assertThat(handshake.resume()).isEmpty();
    }

    @Test
    void read_acknowledgingClient_goesOnWithItsConnection() throws Exception {
        FakeContainer container =
                new FakeContainer().header("Tidings-Protocol", "tidings.v1").header("Tidings-Connection", "id.secret");
        assertThat(read(container).isAcknowledging()).isTrue();
        assertThat(read(container).resume()).hasValue(new Handshake.Resume("id.secret", 0, 0));

        container.header("Tidings-Received", "17").header("Tidings-Poll", "9223372036854775807");
        assertThat(read(container).resume()).hasValue(new Handshake.Resume("id.secret", 17, Long.MAX_VALUE));
        assertThat(HttpHandshake.number(container.request(), "Tidings-First", 1))
                .isEqualTo(1);
    }

    @Test
    void read_aProtocolThatIsNotKnown_isMalformed() {
        for (String[] values :
                List.of(new String[] {"tidings.v2"}, new String[] {""}, new String[] {"tidings.v1, x"}, new String[] {
                    "tidings.v1", "tidings.v1"
                })) {
            assertThatThrownBy(() -> read(new FakeContainer().header("Tidings-Protocol", values)))
                    .isInstanceOf(MalformedRequestException.class)
                    .hasMessageStartingWith("Tidings-Protocol");
        }
    }

    @Test
    void read_aConnectionOfAPlainClient_isMalformed() {
        assertThatThrownBy(() -> read(new FakeContainer().header("Tidings-Connection", "a.b")))
                .hasMessageContaining("Tidings-Protocol");
        assertThatThrownBy(() -> read(new FakeContainer()
                        .header("Tidings-Protocol", "tidings.v1")
                        .header("Tidings-Connection", " ")))
                .hasMessageContaining("empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "+1", "1.0", "0x1", "9223372036854775808", "00000000000000000001", "1 2", "\u0661", "x"
            })
    void number_anythingElse_isMalformed(String text) {
        for (String header : List.of("Tidings-Received", "Tidings-Poll")) {
            assertThatThrownBy(() -> read(new FakeContainer().header(header, text)))
                    .isInstanceOf(MalformedRequestException.class)
                    .hasMessageStartingWith(header);
        }
    }
}
