package dev.tidings.examples.playground;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.Tidings;
import dev.tidings.client.js.ClientScriptServlet;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.TransportHost;
import dev.tidings.transport.servlet.TidingsServlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.annotation.WebListener;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The Java of the README, so that it compiles. {@link ReadmeTest} keeps the two alike. */
final class ReadmeSnippets {

    interface Rooms {
        boolean isWriter(Optional<String> user, String room);
    }

    record Claims(String subject, Instant expiry) {}

    interface Tokens {
        Optional<Claims> verify(String token);
    }

    interface Calculator {
        Payload sum(Payload numbers);
    }

    interface Screen {
        void show(String what);
    }

    @SuppressWarnings("ClassCanBeStatic")
    @WebListener
    public final class Realtime implements ServletContextListener {
        private Tidings tidings;

        @Override
        public void contextInitialized(ServletContextEvent event) {
            tidings = Tidings.builder()
                    .channel("news", rule -> rule.subscribe(Allow.anyone()).publish(Allow.anyone()))
                    .build();
            TidingsServlet.register(event.getServletContext(), tidings, "/realtime");
            ClientScriptServlet.register(event.getServletContext(), "/tidings");
        }

        @Override
        public void contextDestroyed(ServletContextEvent event) {
            tidings.close();
        }
    }

    static void leave(ServletContext context, Tidings tidings) {
        context.setAttribute(TransportHost.ATTRIBUTE, tidings);
    }

    static void publish(Tidings tidings) {
        tidings.channel("news").publish(Payload.json("{\"title\":\"It works\"}"));
    }

    static Tidings rules(Rooms rooms) {
        Tidings tidings = Tidings.builder()
                .channel(
                        "chat:{room}",
                        rule -> rule.subscribe(Allow.users())
                                .publish(Allow.when(access -> rooms.isWriter(access.user(), access.variable("room"))))
                                .presence(Allow.users()))
                .channel("news", rule -> rule.subscribe(Allow.anyone()))
                .build();
        return tidings;
    }

    static Tidings tokens(Tokens tokens) {
        Tidings tidings = Tidings.builder()
                .authenticator(Authenticator.token(token -> tokens.verify(token)
                        .map(claims -> Authentication.user(claims.subject()).expiresAt(claims.expiry()))
                        .orElse(Authentication.refused())))
                .allowOrigin("https://app.example.com")
                .build();
        return tidings;
    }

    static Tidings messages(Calculator calculator) {
        Tidings tidings = Tidings.builder()
                .listener(new ConnectionListener() {
                    @Override
                    public void onMessage(Connection connection, String event, Payload payload) {
                        connection.send("seen", Payload.string(event));
                    }
                })
                .onRequest("sum", (connection, numbers) -> CompletableFuture.completedFuture(calculator.sum(numbers)))
                .build();
        return tidings;
    }

    static void talk(Tidings tidings, Connection connection, Screen screen) {
        tidings.user("ada").send("invoice.paid", Payload.json("{\"number\":17}"));
        tidings.broadcast("maintenance", Payload.string("We are back in five minutes"));
        connection
                .request("position", Payload.NULL, Duration.ofSeconds(5))
                .thenAccept(answer -> screen.show(answer.json()));
    }

    static void members(Tidings tidings, Screen screen) {
        tidings.channel("chat:lobby")
                .presence()
                .members()
                .thenAccept(snapshot -> snapshot.members().forEach(member -> screen.show(member.user())));
    }

    private ReadmeSnippets() {}
}
