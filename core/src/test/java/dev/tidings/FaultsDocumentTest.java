package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of faults and the tests say the same: each row has its tests, and each test has its row. */
class FaultsDocumentTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (F\\d\\d) \\|.*$");
    private static final Pattern JAVA = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern SCRIPT = Pattern.compile("`(\\w+\\.test\\.js)`");
    private static final Pattern METHOD = Pattern.compile("void (f\\d\\d(?:_f\\d\\d)*_\\w+)\\(");
    private static final Pattern SCRIPTED = Pattern.compile("(?m)^ *test\\([\"`]((?:F\\d\\d )+)");

    /** File and method, as the page names them, such as {@code OutboxTest#f01_x} and {@code F50 in page.test.js}. */
    private static Set<String> tests() {
        Set<String> tests = new TreeSet<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.filter(file -> Stream.of("target", "node_modules", ".git")
                            .noneMatch(other -> file.toString().contains("/" + other + "/")))
                    .filter(file -> file.toString().contains("/test/"))
                    .forEach(file -> {
                        String name = file.getFileName().toString();
                        if (name.endsWith(".java")) {
                            METHOD.matcher(read(file))
                                    .results()
                                    .forEach(method -> tests.add(name.replace(".java", "") + "#" + method.group(1)));
                        } else if (name.endsWith(".test.js")) {
                            SCRIPTED.matcher(read(file))
                                    .results()
                                    .flatMap(test ->
                                            Stream.of(test.group(1).strip().split(" ", -1)))
                                    .forEach(id -> tests.add(id + " in " + name));
                        }
                    });
            return tests;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Set<String>> rows() {
        Map<String, Set<String>> rows = new TreeMap<>();
        ROW.matcher(read(ROOT.resolve("docs/faults.md"))).results().forEach(row -> {
            String id = row.group(1);
            Set<String> named = JAVA.matcher(row.group())
                    .results()
                    .map(test -> test.group(1) + "#" + test.group(2))
                    .collect(Collectors.toCollection(TreeSet::new));
            SCRIPT.matcher(row.group()).results().forEach(test -> named.add(id + " in " + test.group(1)));
            assertThat(rows.put(id, named)).as("%s has one row", id).isNull();
        });
        return rows;
    }

    private static boolean isAbout(String test, String id) {
        return test.startsWith(id + " in ") || test.contains(id.toLowerCase(Locale.ROOT) + "_");
    }

    @Test
    void rows_nameTestsThatThereAre() {
        Set<String> tests = tests();
        Map<String, Set<String>> rows = rows();
        assertThat(rows).hasSizeGreaterThan(40);
        rows.forEach((id, named) -> {
            assertThat(named).as(id).isNotEmpty().allMatch(test -> isAbout(test, id));
            assertThat(tests).as(id).containsAll(named);
        });
    }

    @Test
    void tests_withANumberHaveARow() {
        Map<String, Set<String>> rows = rows();
        assertThat(tests()).allSatisfy(test -> assertThat(rows.keySet()).anyMatch(id -> isAbout(test, id)));
    }
}
