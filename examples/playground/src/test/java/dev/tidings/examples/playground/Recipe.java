package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A recipe of the cookbook.
 *
 * @param title its title
 * @param text what is printed
 */
record Recipe(String title, String text) {

    static final Path COOKBOOK = Path.of("../../docs/cookbook.md");

    private static final Pattern BEGIN = Pattern.compile("^## ", Pattern.MULTILINE);

    static List<Recipe> all() {
        try {
            return BEGIN.splitAsStream(Files.readString(COOKBOOK))
                    .skip(1)
                    .map(part -> new Recipe(part.substring(0, part.indexOf('\n')), part))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Recipe called(String title) {
        return all().stream()
                .filter(recipe -> recipe.title.equals(title))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no recipe \"" + title + "\""));
    }

    /** The code in a language, block by block. */
    List<String> code(String language) {
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(text)
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    String js(int index) {
        return code("js").get(index);
    }

    /** A line for a terminal. */
    String sh(int index) {
        List<String> lines = code("sh").stream().flatMap(String::lines).toList();
        assertThat(lines.get(index)).startsWith("curl ");
        return lines.get(index);
    }
}
