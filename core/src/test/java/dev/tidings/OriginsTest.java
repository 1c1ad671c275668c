package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.spi.Handshake;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginsTest {

    private final Origins none = new Origins(List.of());

    @ParameterizedTest
    @CsvSource({
        "https://good.example, good.example",
        "https://good.example, good.example:443",
        "https://good.example:443, good.example",
        "http://good.example, good.example",
        "http://good.example, good.example:80",
        "http://good.example:80, good.example",
        "http://good.example:8080, good.example:8080",
        "https://GOOD.example, good.EXAMPLE",
        "http://127.0.0.1:8080, 127.0.0.1:8080",
        "http://[::1], [::1]",
        "http://[::1], [::1]:80",
        "https://[2001:db8::443]:8443, [2001:db8::443]:8443",
    })
    void admits_sameHostAndPort_admits(String origin, String host) {
        assertThat(none.admits(from(origin, host))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "https://good.example.evil.com, good.example",
        "https://evilgood.example, good.example",
        "https://good.example, good.example.evil.com",
        "https://sub.good.example, good.example",
        "https://good.example:444, good.example",
        "https://good.example:80, good.example",
        "http://good.example:443, good.example",
        "https://good.example, good.example:80",
        "https://good.example@evil.com, good.example",
        "https://user@good.example, good.example",
        "https://evil.com/good.example, good.example",
        "https://evil.com#good.example, good.example",
        "https://good.example/, good.example",
        "null, good.example",
        "null, null",
        "good.example, good.example",
        "https://, good.example",
        "'', good.example",
        "https://good.example, ''",
        "http://[::1]:8080, [::1]:8081",
        "http://[::1], [::80]",
        "https://good.exampl\u00e9, good.example",
    })
    void admits_anythingElse_refuses(String origin, String host) {
        assertThat(none.admits(from(origin, host))).isFalse();
    }

    @Test
    void admits_noHostHeader_refuses() {
        assertThat(none.admits(handshake("Origin", "https://good.example"))).isFalse();
    }

    @Test
    void admits_allowed_isExact() {
        Origins origins = new Origins(List.of(Origins.require("https://App.example.com")));

        assertThat(origins.admits(from("https://app.example.com", "api.example.com")))
                .isTrue();
        assertThat(origins.admits(from("HTTPS://APP.EXAMPLE.COM", "api.example.com")))
                .isTrue();
        assertThat(origins.admits(from("http://app.example.com", "api.example.com")))
                .isFalse();
        assertThat(origins.admits(from("https://app.example.com:8443", "api.example.com")))
                .isFalse();
        assertThat(origins.admits(from("https://app.example.com.evil.com", "api.example.com")))
                .isFalse();
        assertThat(origins.admits(from("https://x.app.example.com", "api.example.com")))
                .isFalse();
    }

    @Test
    void admits_withoutOrigin_dependsOnTheFetchMetadata() {
        assertThat(none.admits(Handshake.builder("test").build())).isTrue();
        assertThat(none.admits(handshake("Sec-Fetch-Site", "none"))).isTrue();
        assertThat(none.admits(handshake("Sec-Fetch-Site", "same-origin"))).isTrue();
        assertThat(none.admits(handshake("Sec-Fetch-Site", "same-site"))).isFalse();
        assertThat(none.admits(handshake("Sec-Fetch-Site", "cross-site"))).isFalse();
    }

    @Test
    void isUnknown_nothingOfABrowsers_isTrue() {
        assertThat(Origins.isUnknown(Handshake.builder("test").build())).isTrue();
        assertThat(Origins.isUnknown(handshake("origin", "null"))).isFalse();
        assertThat(Origins.isUnknown(handshake("sec-fetch-site", "none"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://a.example", "http://a.example:8080", "http://[::1]:8080", "http://localhost"})
    void require_origin_isTaken(String origin) {
        assertThat(Origins.require(origin)).isEqualTo(origin);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "null",
                "a.example",
                "https://",
                "https://a.example/",
                "https://a.example/path",
                "https://a.example?x",
                "https://a.example#x",
                "https://me@a.example",
                "https://*.example.com",
                "https://a b.example",
                "https:a.example",
                "mailto:a@b.example"
            })
    void require_anythingElse_isRefusedByName(String origin) {
        assertThatThrownBy(() -> Origins.require(origin))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(origin);
    }

    private static Handshake from(String origin, String host) {
        return Handshake.builder("test")
                .header("Origin", List.of(origin))
                .header("Host", List.of(host))
                .build();
    }

    private static Handshake handshake(String header, String value) {
        return Handshake.builder("test").header(header, List.of(value)).build();
    }
}
