package dev.tidings.examples.chat;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A chat: {@code java -jar chat.jar}, then open the page that it names.
 *
 * <p>This class starts and stops; {@link ChatApplication} is the part to read.
 */
public final class Chat implements AutoCloseable {

    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    /** Held here, because the logging framework forgets a logger, and its level, that nobody holds. */
    private static final List<Logger> CONTAINERS =
            List.of(Logger.getLogger("org.eclipse.jetty"), Logger.getLogger("org.apache"));

    private final ChatApplication application;
    private final EmbeddedServer server;

    private Chat(ChatApplication application, EmbeddedServer server) {
        this.application = application;
        this.server = server;
    }

    /**
     * Starts the chat, says where in one line, and runs until the process is told to stop.
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
        CONTAINERS.forEach(logger -> logger.setLevel(Level.WARNING));
        try {
            Chat chat = start(options);
            Runtime.getRuntime().addShutdownHook(new Thread(chat::close, "chat-stop"));
            String host = options.host().indexOf(':') < 0 ? options.host() : "[" + options.host() + "]";
            System.out.println("Chat on http://" + host + ":" + chat.port() + "/");
        } catch (IllegalStateException e) {
            System.err.println(reason(e));
            System.exit(FAILED);
        }
    }

    /**
     * Starts a chat inside of this program.
     *
     * @throws IllegalStateException if it cannot start, for instance because the port is taken
     */
    static Chat start(Options options) {
        ChatApplication application = new ChatApplication();
        try {
            return new Chat(
                    application,
                    EmbeddedServer.start(Container.JETTY, options.host(), options.port(), "", application));
        } catch (IllegalStateException e) {
            application.close();
            throw e;
        }
    }

    private static String reason(Throwable failure) {
        StringBuilder text = new StringBuilder(String.valueOf(failure.getMessage()));
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            text.append(": ").append(cause.getMessage());
        }
        return text.toString();
    }

    int port() {
        return server.port();
    }

    ChatApplication application() {
        return application;
    }

    /** Stops in order: first the clients are told when to come back, while their wires still work, and then the container goes. */
    @Override
    public void close() {
        application.close();
        server.close();
    }
}
