package dev.tidings.examples.playground;

import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What the command line says.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 for any free one
 * @param container what to run in
 * @param base the path below which the transports are
 * @param history how many messages a channel is to keep
 * @param help whether only the usage is asked for
 */
record Options(String host, int port, Container container, String base, int history, boolean help) {

    static final String USAGE = """
            Usage: java -jar playground.jar [options]

              --port N              the port, 0 for any free one (default 8080)
              --host NAME           the address to listen on (default 127.0.0.1)
              --container NAME      jetty or tomcat (default jetty)
              --base PATH           the path below which the transports are (default /realtime)
              --history N           messages that a channel keeps (default 0); no effect in this version
              --help                this page

            What is there, with the default base:
              ws   /realtime/websocket   a WebSocket
              GET  /realtime/sse         Server-Sent Events
              GET  /realtime/poll        long polling, and polling with ?timeout=0;
                                         on all three ?channel=NAME subscribes (repeatable), ?user=NAME
                                         names the user
              GET  /tidings/tidings.js   the browser's client
              POST /publish/CHANNEL      publishes the JSON of the body;
                                         ?count=N so many times, ?event=NAME with an event's name
              GET  /members/CHANNEL      the members of a channel
              GET  /stats                what the server holds and has done

            Every channel is open to everybody: subscribing, publishing and presence, without a token.
            A request "echo" is answered with its own data.

            Limits are raised for load tests. There is no limit on connections, neither in all nor for an
            address or a user. One client may send 100,000 frames and 64 MiB a second and have 10,000
            subscriptions. An outbox holds 16 MiB and 100,000 frames, a mailbox 4 MiB and 4,096 frames.
            Time-outs are the library's defaults.
            """;

    private static final int MAX_PORT = 65_535;
    private static final Pattern BASE = Pattern.compile("(/[A-Za-z0-9_.~-]+)+");

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if it cannot be followed; the message is for people
     */
    static Options parse(String... arguments) {
        String host = "127.0.0.1";
        int port = 8080;
        Container container = Container.JETTY;
        String base = "/realtime";
        int history = 0;
        boolean help = false;
        Iterator<String> rest = Arrays.asList(arguments).iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--help" -> help = true;
                case "--host" -> host = host(value(option, rest));
                case "--port" -> port = number(option, value(option, rest), MAX_PORT);
                case "--container" -> container = container(value(option, rest));
                case "--base" -> base = base(value(option, rest));
                case "--history" -> history = number(option, value(option, rest), Integer.MAX_VALUE);
                default -> throw new IllegalArgumentException("Unknown option: " + option);
            }
        }
        return new Options(host, port, container, base, history, help);
    }

    /** The container as the command line names it. */
    String containerName() {
        return container.name().toLowerCase(Locale.ROOT);
    }

    private static String value(String option, Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return rest.next();
    }

    private static String host(String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException("--host is an address or a name, not empty");
        }
        return value;
    }

    private static int number(String option, String value, int max) {
        try {
            int number = Integer.parseInt(value);
            if (number >= 0 && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with a number out of range.
        }
        throw new IllegalArgumentException(option + " is a number from 0 to " + max + ", not \"" + value + "\"");
    }

    private static Container container(String value) {
        return switch (value) {
            case "jetty" -> Container.JETTY;
            case "tomcat" -> Container.TOMCAT;
            default -> throw new IllegalArgumentException("--container is jetty or tomcat, not \"" + value + "\"");
        };
    }

    private static String base(String value) {
        if (!BASE.matcher(value).matches()) {
            throw new IllegalArgumentException("--base is a path such as /realtime, not \"" + value + "\"");
        }
        return value;
    }
}
