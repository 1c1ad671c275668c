package dev.tidings.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A child process that runs {@link Subscribers}, so that what it costs to receive is not counted as the server's. */
final class SubscriberProcess implements AutoCloseable {

    private static final int STOP_SECONDS = 5;

    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    SubscriberProcess() throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Subscribers.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        commands = process.outputWriter(StandardCharsets.US_ASCII);
    }

    void connect(int port, int count, String target) throws IOException {
        tell("connect " + port + " " + count + " " + target);
        await("connected");
    }

    /** What is sent next ends with this number. */
    void expect(int number) throws IOException {
        tell("expect " + number);
    }

    void awaitAll() throws IOException {
        await("done");
    }

    private void tell(String command) throws IOException {
        commands.write(command + "\n");
        commands.flush();
    }

    private void await(String word) throws IOException {
        String answer = answers.readLine();
        if (!word.equals(answer)) {
            throw new IOException("The subscribers say: " + answer);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
