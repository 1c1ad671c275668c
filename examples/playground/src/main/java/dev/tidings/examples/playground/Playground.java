package dev.tidings.examples.playground;

import dev.tidings.examples.embedded.EmbeddedServer;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A server to try the library with, from a browser, with {@code curl} or from any program: {@code java -jar playground.jar --help}.
 *
 * <p>Everything in it is open to everybody, which is right on the loopback address and nowhere else.
 */
public final class Playground implements AutoCloseable {

    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    /** Held here, because the logging framework forgets a logger, and its level, that nobody holds. */
    private static final List<Logger> CONTAINERS =
            List.of(Logger.getLogger("org.eclipse.jetty"), Logger.getLogger("org.apache"));

    private final Application application;
    private final EmbeddedServer server;
    private final Options options;

    private Playground(Application application, EmbeddedServer server, Options options) {
        this.application = application;
        this.server = server;
        this.options = options;
    }

    /**
     * Starts the playground, says so in one line, and runs until the process is told to stop.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println();
            System.err.print(Options.USAGE);
            System.exit(MISUSED);
            return;
        }
        if (options.help()) {
            System.out.print(Options.USAGE);
            return;
        }
        if (options.history() > 0) {
            System.err.println("This version keeps no history: --history has no effect yet.");
        }
        CONTAINERS.forEach(logger -> logger.setLevel(Level.WARNING));
        try {
            Playground playground = start(options);
            Runtime.getRuntime().addShutdownHook(new Thread(playground::close, "playground-stop"));
            System.out.println(playground.greeting());
        } catch (IllegalStateException e) {
            System.err.println(reason(e));
            System.exit(FAILED);
        }
    }

    /**
     * Starts a playground inside of this program.
     *
     * @param options how
     * @return the running playground
     * @throws IllegalStateException if it cannot start, for instance because the port is taken
     */
    static Playground start(Options options) {
        Application application = new Application(options);
        try {
            EmbeddedServer server =
                    EmbeddedServer.start(options.container(), options.host(), options.port(), "", application);
            return new Playground(application, server, options);
        } catch (IllegalStateException e) {
            application.close();
            throw e;
        }
    }

    /** The port it listens on. */
    int port() {
        return server.port();
    }

    private String greeting() {
        String authority =
                (options.host().indexOf(':') < 0 ? options.host() : "[" + options.host() + "]") + ":" + port();
        return "Playground on http://" + authority + "/ and ws://" + authority + options.base() + "/websocket ("
                + options.containerName() + ")";
    }

    private static String reason(Throwable failure) {
        StringBuilder text = new StringBuilder(String.valueOf(failure.getMessage()));
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            text.append(": ").append(cause.getMessage());
        }
        return text.toString();
    }

    /**
     * Stops in order and in bounded time: first the clients are told when to come back, while their wires still work, and then the
     * container goes.
     */
    @Override
    public void close() {
        application.close();
        server.close();
    }
}
