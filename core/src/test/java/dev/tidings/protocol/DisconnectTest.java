package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tidings.protocol.Disconnect.Reconnect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DisconnectTest {

    @ParameterizedTest
    @CsvSource({
        "1000, NEVER",
        "1001, WITH_BACKOFF",
        "1006, WITH_BACKOFF",
        "1008, WITH_BACKOFF",
        "1011, WITH_BACKOFF",
        "3000, WITH_BACKOFF",
        "3999, WITH_BACKOFF",
        "4000, NEVER",
        "4001, NEVER",
        "4099, NEVER",
        "4100, WITH_BACKOFF",
        "4129, WITH_BACKOFF",
        "4199, WITH_BACKOFF",
        "4200, AT_ONCE",
        "4203, AT_ONCE",
        "4299, AT_ONCE",
        "4300, NEVER",
        "4999, NEVER"
    })
    void reconnect_followsTheClassOfTheCode(int code, Reconnect expected) {
        assertThat(new Disconnect(code, "r").reconnect()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1000, 200", "4001, 401", "4129, 429", "4203, 503", "1006, 500", "4100, 500", "4999, 500"})
    void httpStatus_saysTheSame(int code, int status) {
        assertThat(new Disconnect(code, "r").httpStatus()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 999, 5_000, Integer.MAX_VALUE})
    void newDisconnect_codeOutsideOfTheRange_isRefused(int code) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Disconnect(code, "r"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\n"})
    void newDisconnect_withoutAReason_isRefused(String reason) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Disconnect(4000, reason));
    }

    @ParameterizedTest
    @CsvSource({
        // A character of so many bytes, after so many of one byte; how many of it still fit.
        "a, 0, 123",
        "a, 123, 0",
        "\u00e9, 0, 61",
        "\u00e9, 121, 1",
        "\u00e9, 122, 0",
        "\u6f22, 0, 41",
        "\u6f22, 120, 1",
        "\u6f22, 121, 0",
        "\uD83D\uDE00, 0, 30",
        "\uD83D\uDE00, 119, 1",
        "\uD83D\uDE00, 120, 0",
        "\uD83D\uDE00, 121, 0",
        "\uD83D\uDE00, 122, 0"
    })
    void reason_thatIsTooLong_isCutBetweenCharacters(String character, int before, int fit) {
        String start = "x".repeat(before);
        String reason = new Disconnect(4000, start + character.repeat(200)).reason();
        assertThat(reason).isEqualTo(start + character.repeat(fit));
        assertThat(reason.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(123);
    }

    @Test
    void reason_thatFits_stays() {
        String fits = "x".repeat(119) + "\uD83D\uDE00";
        assertThat(new Disconnect(4000, fits).reason()).isSameAs(fits);
    }

    @Test
    void reason_withHalfOfASurrogatePair_isMendedBeforeItIsCut() {
        assertThat(new Disconnect(4000, "x".repeat(121) + "\uD83D").reason()).isEqualTo("x".repeat(121));
        assertThat(new Disconnect(4000, "a\uDE00b").reason()).isEqualTo("a\uFFFDb");
    }

    @Test
    void reason_ofAnyLength_isCutInNoTime() {
        String endless = "\u6f22".repeat(300_000);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(Disconnect.BAD_REQUEST.because(endless).reason())
                        .hasSize(41));
    }

    @Test
    void because_keepsTheCode() {
        assertThat(Disconnect.FORBIDDEN.because("Banned until Monday"))
                .isEqualTo(new Disconnect(4003, "Banned until Monday"));
    }
}
