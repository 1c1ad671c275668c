package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {

    @Test
    void nothing_givesTheDefaults() {
        assertThat(Options.parse()).isEqualTo(new Options("127.0.0.1", 8080, Container.JETTY, "/realtime", 0, false));
    }

    @Test
    void everything_isTaken() {
        Options options = Options.parse(
                "--port", "0", "--host", "::1", "--container", "tomcat", "--base", "/a/b", "--history", "7", "--help");

        assertThat(options).isEqualTo(new Options("::1", 0, Container.TOMCAT, "/a/b", 7, true));
        assertThat(options.containerName()).isEqualTo("tomcat");
    }

    @ParameterizedTest
    @CsvSource({
        "--port x, --port is a number",
        "--port -1, --port is a number",
        "--port 65536, --port is a number",
        "--port, --port needs a value",
        "--container jboss, --container is jetty or tomcat",
        "--base realtime, --base is a path",
        "--base /, --base is a path",
        "--base /a/, --base is a path",
        "--base /*, --base is a path",
        "--history many, --history is a number",
        "--frobnicate, Unknown option: --frobnicate",
        "8080, Unknown option: 8080",
    })
    void badOption_isRefusedByName(String line, String message) {
        assertThatThrownBy(() -> Options.parse(line.split(" ")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void usage_fitsATerminal() {
        assertThat(Options.USAGE.lines()).allMatch(line -> line.length() <= 100);
    }
}
