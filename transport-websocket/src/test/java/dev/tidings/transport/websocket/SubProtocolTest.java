package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.protocol.JsonCodec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SubProtocolTest {

    private static final SubProtocol FOREIGN = SubProtocol.foreign("example.v7", JsonCodec.INSTANCE);

    private static SubProtocol choose(String... headers) {
        return SubProtocol.choose(Collections.enumeration(List.of(headers)), Map.of("example.v7", FOREIGN));
    }

    @Test
    void choose_nothingKnown_isPlainWithoutAName() {
        assertThat(choose()).isSameAs(SubProtocol.PLAIN);
        assertThat(choose("secret-token", "")).isSameAs(SubProtocol.PLAIN);
        assertThat(choose("TIDINGS.V1")).isSameAs(SubProtocol.PLAIN);
        assertThat(SubProtocol.PLAIN.name()).isNull();
        assertThat(SubProtocol.PLAIN.acknowledging()).isFalse();
    }

    @Test
    void choose_severalKnown_takesTheClientsFirst() {
        assertThat(choose("tidings.v1, tidings.v1.lines").lines()).isFalse();
        assertThat(choose("bearer.abc", " tidings.v1.lines ,tidings.v1").lines())
                .isTrue();
        assertThat(choose("example.v7, tidings.v1")).isSameAs(FOREIGN);
    }

    @Test
    void foreign_aNameOfOursOrNone_isRefused() {
        WebSocketServlet.Builder builder = WebSocketServlet.builder();
        assertThatThrownBy(() -> builder.subProtocol("tidings.v1", JsonCodec.INSTANCE))
                .hasMessageContaining("library's own");
        assertThatThrownBy(() -> builder.subProtocol("a b", JsonCodec.INSTANCE)).hasMessageContaining("token");
        assertThatThrownBy(() -> builder.subProtocol("a\r\nX: y", JsonCodec.INSTANCE))
                .hasMessageContaining("token");
        assertThat(FOREIGN.acknowledging()).isFalse();
    }
}
