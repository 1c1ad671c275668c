package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.spi.Handshake;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeTest {

    @Test
    void header_anyCase_isFound() {
        Handshake handshake = header("x-CUSTOM", "one", "two");

        assertThat(handshake.header("X-Custom")).contains("one");
        assertThat(handshake.header("other")).isEmpty();
    }

    @Test
    void parameters_several_keepTheirOrder() {
        Handshake handshake = Handshake.builder("test")
                .parameter("channel", List.of("b", "a"))
                .build();

        assertThat(handshake.parameters("channel")).containsExactly("b", "a");
        assertThat(handshake.parameter("channel")).contains("b");
        assertThat(handshake.parameter("Channel")).isEmpty();
        assertThat(handshake.parameters("other")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "id=7                  | 7",
                "a=1; id=7; b=2        | 7",
                "a=1;id=7              | 7",
                "  id = 7 ;b=2         | 7",
                "id=\"7\"              | 7",
                "id=                   | ''",
                "id=a=b==              | a=b==",
                "xid=1; id=7           | 7",
                "id=first; id=second   | first",
                "ID=1; id=7            | 7",
                "nonsense; id=7        | 7",
            })
    void cookie_present_isFound(String header, String value) {
        assertThat(header("cookie", header).cookie("id")).contains(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "id", "xid=1", "idx=1", "ID=1", "=id", "a=id", ";;;"})
    void cookie_absent_isEmpty(String header) {
        assertThat(header("Cookie", header).cookie("id")).isEmpty();
    }

    @Test
    void cookie_severalHeaders_areAllRead() {
        assertThat(header("Cookie", "a=1", "id=7").cookie("id")).contains("7");
    }

    @ParameterizedTest
    @CsvSource({"Bearer abc, abc", "bearer abc, abc", "BEARER   abc , abc"})
    void token_bearer_isFound(String header, String token) {
        assertThat(header("authorization", header).token()).contains(token);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Basic YTpi", "Bearer", "BearerX abc", "abc"})
    void token_otherScheme_isEmpty(String header) {
        assertThat(header("Authorization", header).token()).isEmpty();
    }

    @Test
    void token_parameter_comesFirst() {
        Handshake handshake = Handshake.builder("test")
                .header("Authorization", List.of("Bearer header"))
                .parameter("token", List.of("url"))
                .build();

        assertThat(handshake.token()).contains("url");
    }

    @Test
    void withoutAmbientCredentials_cookiesAndPrincipal_areGoneAndNothingElse() {
        Handshake handshake = Handshake.builder("test")
                .remoteAddress("203.0.113.7")
                .header("COOKIE", List.of("id=7"))
                .header("Authorization", List.of("Bearer abc"))
                .header("X-Custom", List.of("x"))
                .parameter("channel", List.of("a"))
                .principal("ann")
                .acknowledging(true)
                .resuming(true)
                .allowsAuthFrame(false)
                .build();
        Handshake copy = handshake.withoutAmbientCredentials();

        assertThat(copy.cookie("id")).isEmpty();
        assertThat(copy.header("Cookie")).isEmpty();
        assertThat(copy.principal()).isEmpty();
        assertThat(copy.token()).contains("abc");
        assertThat(copy.header("x-custom")).contains("x");
        assertThat(copy.parameters("channel")).containsExactly("a");
        assertThat(copy.remoteAddress()).isEqualTo("203.0.113.7");
        assertThat(copy.transport()).isEqualTo("test");
        assertThat(copy.codec()).isSameAs(handshake.codec());
        assertThat(copy.isAcknowledging()).isTrue();
        assertThat(copy.isResuming()).isTrue();
        assertThat(copy.allowsAuthFrame()).isFalse();
        assertThat(handshake.cookie("id")).contains("7");
        assertThat(handshake.principal()).contains("ann");
    }

    @Test
    void toString_secrets_areNotInIt() {
        Handshake handshake = Handshake.builder("test")
                .parameter("token", List.of("secret"))
                .header("Cookie", List.of("secret"))
                .principal("secret")
                .build();

        assertThat(handshake.toString()).doesNotContain("secret");
    }

    private static Handshake header(String name, String... values) {
        return Handshake.builder("test").header(name, List.of(values)).build();
    }
}
