package dev.tidings.client.js;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client's own tests and checks, run by Node where there is one. */
@Tag("browser")
class NodeTest {

    private static final int OLDEST_NODE = 20;

    @Test
    @Timeout(300)
    void tests_ofTheClient_pass() throws Exception {
        require(null);
        List<String> command = new ArrayList<>(List.of("node", "--test", "--test-reporter=tap"));
        try (Stream<Path> files = Files.list(Path.of("test"))) {
            files.map(Path::toString)
                    .filter(name -> name.endsWith(".test.js"))
                    .sorted()
                    .forEach(command::add);
        }
        String said = run(command);
        assertThat(said).containsPattern("# pass [1-9]").contains("# fail 0").contains("# skipped 0");
        Matcher passed = Pattern.compile("# pass (\\d+)").matcher(said);
        assertThat(passed.find()).isTrue();
        System.out.println("The client's tests by Node: " + passed.group(1) + " passed");
    }

    @Test
    @Timeout(300)
    void types_areRightAndUpToDate() throws Exception {
        require("typescript");
        run(List.of("node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"));
        run(List.of("node", "scripts/types.js", "--check"));
        run(List.of("node", "node_modules/typescript/bin/tsc", "-p", "test/types"));
    }

    @Test
    @Timeout(300)
    void readme_saysWhatThereIs() throws Exception {
        require("typescript");
        assertThat(run(List.of("node", "scripts/readme.js"))).contains("names and", "snippets are right");
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(said).isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    /** Skips the test where something is missing, and says so; where a change is checked, nothing may be missing. */
    private static void require(@Nullable String module) {
        String missing = null;
        int version = version();
        if (version < OLDEST_NODE) {
            missing = version == 0 ? "there is no Node on the PATH" : "Node " + version + " is too old";
        } else if (module != null && !Files.isDirectory(Path.of("node_modules", module))) {
            missing = "node_modules is missing; run npm ci in client-js";
        }
        if (missing != null) {
            assertThat(System.getenv("CI"))
                    .as("In CI this test must run, but " + missing)
                    .isNotEqualTo("true");
            System.err.println("A test of the browser client is skipped: " + missing);
        }
        assumeTrue(missing == null, missing);
    }

    /** The major version of Node, or 0. */
    private static int version() {
        try {
            Process process = new ProcessBuilder("node", "--version").start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher version = Pattern.compile("v(\\d+)\\.").matcher(said);
            return process.waitFor() == 0 && version.lookingAt() ? Integer.parseInt(version.group(1)) : 0;
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
