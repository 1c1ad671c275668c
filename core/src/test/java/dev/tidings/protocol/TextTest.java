package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {

    private static final String HIGH = "\uD83D";
    private static final String LOW = "\uDE00";

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "\u0000", "\u00e9", "\u6f22", "\uFFFD", "\uFFFF", "\uD83D\uDE00", "\uDBFF\uDFFF"})
    void wellFormed_textThatIs_isTheTextItself(String text) {
        assertThat(Text.isWellFormed(text)).isTrue();
        assertThat(Text.wellFormed(text)).isSameAs(text);
    }

    @Test
    void wellFormed_unpairedSurrogates_becomeReplacementCharacters() {
        String bad = "\uFFFD";
        assertMended(HIGH, bad);
        assertMended(LOW, bad);
        assertMended(LOW + HIGH, bad + bad);
        assertMended(HIGH + HIGH + LOW, bad + HIGH + LOW);
        assertMended(HIGH + LOW + LOW, HIGH + LOW + bad);
        assertMended("a" + HIGH + "b" + LOW + "c" + HIGH, "a" + bad + "b" + bad + "c" + bad);
        assertMended(HIGH.repeat(3), bad.repeat(3));
    }

    private static void assertMended(String text, String expected) {
        assertThat(Text.isWellFormed(text)).isFalse();
        assertThat(Text.wellFormed(text)).isEqualTo(expected);
        assertThat(Text.isWellFormed(Text.wellFormed(text))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "7f, 1", "80, 2", "7ff, 2", "800, 3", "d7ff, 3", "e000, 3", "ffff, 3", "10000, 4", "10ffff, 4"})
    void utf8Length_isThatOfTheEncoding(String codePoint, int length) {
        String text = Character.toString(Integer.parseInt(codePoint, 16));
        assertThat(Text.utf8Length(text)).isEqualTo(length);
    }

    @Test
    void utf8Length_ofRandomText_isThatOfTheEncoding() {
        long seed = Long.getLong("tidings.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(20); n > 0; n--) {
                text.append((char) random.nextInt(0x10000 >> random.nextInt(10)));
            }
            String mended = Text.wellFormed(text.toString());
            byte[] encoded = mended.getBytes(StandardCharsets.UTF_8);
            assertThat(Text.utf8Length(mended)).as("-Dtidings.seed=" + seed).isEqualTo(encoded.length);
            assertThat(new String(encoded, StandardCharsets.UTF_8))
                    .as("-Dtidings.seed=" + seed)
                    .isEqualTo(mended);
        }
    }
}
