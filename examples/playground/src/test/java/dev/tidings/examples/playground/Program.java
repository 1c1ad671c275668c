package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of another make: a process, and the lines that it says. */
final class Program implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 30;
    private static final String END = "\u0000end";

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> said = new ArrayList<>();

    private Program(Process process) {
        this.process = process;
        Thread reader = new Thread(this::read, "program-reader");
        reader.setDaemon(true);
        reader.start();
    }

    /** Code for a page. */
    static Program page(int port, String code, String token) throws IOException {
        require("node");
        for (String needed : List.of("transport-websocket/src/test/node/", "transport-sse/src/test/node/")) {
            need(
                    Files.isDirectory(Path.of("../..", needed, "node_modules"))
                            ? null
                            : "node_modules is missing; run npm ci in " + needed);
        }
        return start(
                Map.of("SERVER", "http://127.0.0.1:" + port, "RECIPE", code, "TOKEN", token),
                "node",
                "src/test/node/recipe.mjs");
    }

    /** A line for a terminal, which calls {@code curl}. */
    static Program terminal(int port, String line) throws IOException {
        require("curl");
        return start(Map.of(), "sh", "-c", "exec " + line.replace("127.0.0.1:8080", "127.0.0.1:" + port));
    }

    private static Program start(Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return new Program(builder.start());
    }

    private void read() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add(new UncheckedIOException(e).toString());
        }
        lines.add(END);
    }

    /** The next line that has this in it; those before are passed over. */
    String hear(String part) throws InterruptedException {
        for (; ; ) {
            String line = next(PATIENCE_SECONDS);
            assertThat(line).as("\"%s\" was not said, but:%n%s", part, this).isNotNull();
            if (line.contains(part)) {
                return line;
            }
        }
    }

    /** The next line, if one comes soon. */
    String next(int seconds) throws InterruptedException {
        String line = lines.poll(seconds, TimeUnit.SECONDS);
        if (line == null || line.equals(END)) {
            return null;
        }
        said.add(line);
        return line;
    }

    /** Everything that is said until it ends by itself. */
    String rest() throws InterruptedException {
        StringBuilder all = new StringBuilder();
        for (String line = next(PATIENCE_SECONDS); line != null; line = next(PATIENCE_SECONDS)) {
            all.append(line).append('\n');
        }
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as(all.toString())
                .isTrue();
        return all.toString();
    }

    /** What it has said until now. */
    @Override
    public String toString() {
        return String.join("\n", said);
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static void require(String program) throws IOException {
        try {
            new ProcessBuilder(program, "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            need("there is no " + program + " on the PATH");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Skips, and loudly so. */
    private static void need(String missing) {
        if (missing != null) {
            assertThat(System.getenv("CI"))
                    .as("In CI this test must run, but " + missing)
                    .isNotEqualTo("true");
            System.err.println("SKIPPED: a recipe with a client of another make: " + missing);
        }
        assumeTrue(missing == null, missing);
    }
}
