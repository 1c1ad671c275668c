package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs the scripts of the tests, where there is what they need; elsewhere their tests are skipped, which is said aloud. */
final class Node {

    static final Path DIRECTORY = Path.of("src/test/node");

    private Node() {}

    static void require() {
        need("Node", runs("node") ? null : "there is no Node on the PATH");
    }

    static void requireBrowser() {
        require();
        need(
                "a browser",
                !Files.isDirectory(DIRECTORY.resolve("node_modules/playwright-core"))
                        ? "node_modules is missing; run npm ci in examples/chat/src/test/node"
                        : runs("chromium") ? null : "there is no chromium on the PATH");
    }

    private static void need(String what, @Nullable String missing) {
        if (missing != null) {
            assertThat(System.getenv("CI"))
                    .as("In CI the tests with " + what + " must run, but " + missing)
                    .isNotEqualTo("true");
            System.err.println("SKIPPED: the tests of the chat with " + what + ": " + missing);
        }
        assumeTrue(missing == null, missing);
    }

    /** Runs a script to its end, and returns what it said, by lines. */
    static List<String> run(int seconds, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> command =
                Stream.concat(Stream.of("node"), Stream.of(arguments)).toList();
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(DIRECTORY.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process node = builder.start();
        // Its browser goes with it: the script ends when its input does, and stops the browser.
        try (BufferedReader out = node.inputReader(StandardCharsets.UTF_8)) {
            Thread limit = new Thread(
                    () -> {
                        try {
                            if (!node.waitFor(seconds, TimeUnit.SECONDS)) {
                                node.toHandle().destroy();
                            }
                        } catch (InterruptedException e) {
                            node.toHandle().destroy();
                        }
                    },
                    "node-limit");
            limit.setDaemon(true);
            limit.start();
            List<String> said = new ArrayList<>();
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                said.add(line);
            }
            assertThat(node.waitFor()).as(String.join("\n", said)).isZero();
            return said;
        } finally {
            node.descendants().forEach(ProcessHandle::destroy);
            node.destroyForcibly();
        }
    }

    private static boolean runs(String program) {
        try {
            return new ProcessBuilder(program, "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
