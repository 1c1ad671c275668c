package dev.tidings.examples.playground;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Limits;
import dev.tidings.Tidings;
import dev.tidings.client.js.ClientScriptServlet;
import dev.tidings.transport.servlet.TidingsServlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.regex.Pattern;

/** The web application: one Tidings, its transports, and a servlet for each thing that the outside can ask for. */
final class Application implements ServletContextListener {

    private static final Pattern USER = Pattern.compile("[\\p{L}\\p{N}_.@-]{1,64}");
    private static final int MIB = 1024 * 1024;

    private final Options options;
    private final Tidings tidings;
    private final ScheduledExecutorService timer;

    Application(Options options) {
        this.options = options;
        this.tidings = Tidings.builder()
                .authenticator(Application::byName)
                .channel(
                        "{channel*}",
                        rule -> rule.subscribe(Allow.anyone())
                                .publish(Allow.anyone())
                                .presence(Allow.anyone()))
                .onRequest("echo", (connection, question) -> CompletableFuture.completedFuture(question))
                .limits(Application::raise)
                .build();
        this.timer = new ScheduledThreadPoolExecutor(2, task -> {
            Thread thread = new Thread(task, "playground-publish");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Whoever gives a name gets it, which is all that a playground can check. */
    private static CompletionStage<Authentication> byName(Authenticator.Credentials credentials) {
        Optional<String> user = credentials.handshake().parameter("user");
        Authentication verdict = user.isEmpty()
                ? Authentication.anonymous()
                : USER.matcher(user.get()).matches() ? Authentication.user(user.get()) : Authentication.refused();
        return CompletableFuture.completedFuture(verdict);
    }

    private static void raise(Limits.Builder limits) {
        limits.connections(0, 0, 0)
                .unauthenticated(0)
                .messageRate(100_000, 100_000)
                .byteRate(64 * MIB, 64 * MIB)
                .subscribeRate(100_000, 100_000)
                .subscriptions(10_000)
                .mailbox(4_096, 4 * MIB)
                .outbox(16 * MIB, 100_000);
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        ServletContext context = event.getServletContext();
        TidingsServlet.register(context, tidings, options.base());
        ClientScriptServlet.register(context, "/tidings");
        register(context, "page", new PageServlet(options.base()), "");
        register(context, "publish", new PublishServlet(tidings, timer), "/publish/*");
        register(context, "members", new MembersServlet(tidings), "/members/*");
        register(context, "stats", new StatsServlet(tidings), "/stats");
    }

    private static void register(ServletContext context, String name, HttpServlet servlet, String pattern) {
        ServletRegistration.Dynamic registration = context.addServlet(name, servlet);
        registration.setAsyncSupported(true);
        registration.addMapping(pattern);
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        close();
    }

    /** Stops what the application has started. A second call does nothing. */
    void close() {
        tidings.close();
        timer.shutdownNow();
    }
}
