package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The cookbook as a page: its Java is what is compiled, all of its code is run, and its links lead somewhere. */
class CookbookPageTest {

    private static final Path CODE = Path.of("src/test/java/dev/tidings/examples/playground");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!http)([^)#]*)(?:#([^)]+))?\\)");
    private static final Pattern CALLED =
            Pattern.compile("Recipe\\.called\\(\"([^\"]+)\"\\);(.*?)(?=@ParameterizedTest|\\z)", Pattern.DOTALL);
    private static final Pattern RUN = Pattern.compile("recipe\\.(?:js|sh)\\(\\w\\)");

    private static String withoutIndentation(String code) {
        return code.replaceAll("\\s+", "").replace(",)", ")");
    }

    @Test
    void java_isCompiled() throws IOException {
        String compiled = withoutIndentation(Files.readString(CODE.resolve("Cookbook.java")));

        List<String> blocks = Recipe.all().stream()
                .flatMap(recipe -> recipe.code("java").stream())
                .toList();

        assertThat(blocks)
                .hasSizeGreaterThan(15)
                .allSatisfy(block -> assertThat(compiled).contains(withoutIndentation(block)));
    }

    @Test
    void otherCode_isRun() throws IOException {
        String tests = Files.readString(CODE.resolve("CookbookTest.java"));
        List<String> run = CALLED.matcher(tests)
                .results()
                .flatMap(test -> RUN.matcher(test.group(2)).results().map(call -> test.group(1) + " " + call.group()))
                .distinct()
                .toList();

        assertThat(Recipe.all()).allSatisfy(recipe -> {
            long blocks = recipe.code("js").size();
            long lines = recipe.code("sh").stream().flatMap(String::lines).count();
            for (int i = 0; i < blocks; i++) {
                assertThat(run)
                        .containsAnyOf(recipe.title() + " recipe.js(" + i + ")", recipe.title() + " recipe.js(i)");
            }
            for (int i = 0; i < lines; i++) {
                assertThat(run).contains(recipe.title() + " recipe.sh(" + i + ")");
            }
        });
    }

    @Test
    void links_leadSomewhere() throws IOException {
        String page = Files.readString(Recipe.COOKBOOK);
        Matcher links = LINK.matcher(page);
        int count = 0;
        while (links.find()) {
            Path file = links.group(1).isEmpty()
                    ? Recipe.COOKBOOK
                    : Recipe.COOKBOOK.resolveSibling(links.group(1)).normalize();
            assertThat(file).exists();
            if (links.group(2) != null) {
                assertThat(anchors(Files.readString(file))).contains(links.group(2));
            }
            count++;
        }
        assertThat(count).isGreaterThan(10);
    }

    private static List<String> anchors(String page) {
        return page.lines()
                .filter(line -> line.startsWith("#"))
                .map(line ->
                        line.replaceAll("^#+ ", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 -]", ""))
                .map(line -> line.replace(' ', '-'))
                .collect(Collectors.toList());
    }
}
