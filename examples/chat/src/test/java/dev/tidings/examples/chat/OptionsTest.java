package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {

    @Test
    void nothing_isTheDefaults() {
        assertThat(Options.parse()).isEqualTo(new Options("127.0.0.1", 8080, false));
    }

    @Test
    void all_areTaken() {
        assertThat(Options.parse("--port", "0", "--host", "::1", "--help")).isEqualTo(new Options("::1", 0, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--frobnicate", "--port", "--port x", "--port 65536", "--port -1", "--host"})
    void nonsense_isSaid(String line) {
        assertThatThrownBy(() -> Options.parse(line.split(" ", -1))).isInstanceOf(IllegalArgumentException.class);
    }
}
