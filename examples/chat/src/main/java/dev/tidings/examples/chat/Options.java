package dev.tidings.examples.chat;

import java.util.Arrays;
import java.util.Iterator;

/**
 * What the command line says.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 for any free one
 * @param help whether only the usage is asked for
 */
record Options(String host, int port, boolean help) {

    static final String USAGE = """
            Usage: java -jar chat.jar [options]

              --port N       the port, 0 for any free one (default 8080)
              --host NAME    the address to listen on (default 127.0.0.1)
              --help         this page

            This is a demonstration: whoever gives a name is believed, so anybody can be anybody.
            """;

    private static final int MAX_PORT = 65_535;

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if it cannot be followed; the message is for people
     */
    static Options parse(String... arguments) {
        String host = "127.0.0.1";
        int port = 8080;
        boolean help = false;
        Iterator<String> rest = Arrays.asList(arguments).iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--help" -> help = true;
                case "--host" -> host = value(option, rest);
                case "--port" -> port = port(value(option, rest));
                default -> throw new IllegalArgumentException("Unknown option: " + option);
            }
        }
        return new Options(host, port, help);
    }

    private static String value(String option, Iterator<String> rest) {
        String value = rest.hasNext() ? rest.next() : "";
        if (value.isBlank()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return value;
    }

    private static int port(String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, together with a number out of range.
        }
        throw new IllegalArgumentException("--port is a number from 0 to " + MAX_PORT + ", not \"" + value + "\"");
    }
}
