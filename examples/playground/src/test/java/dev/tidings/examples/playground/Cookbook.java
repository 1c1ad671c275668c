package dev.tidings.examples.playground;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Channel.PublishOptions;
import dev.tidings.Connection;
import dev.tidings.ConnectionListener;
import dev.tidings.RequestException;
import dev.tidings.Tidings;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Payload;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The Java of the cookbook, as it is printed there. {@link CookbookTest} keeps the two alike, and runs it. */
abstract class Cookbook {

    /** What a recipe makes. Not final, because a recipe may refer to it while it is built. */
    Tidings tidings;

    /** For everybody who listens: the recipes for publishing, polling and coming back. */
    static final class News extends Cookbook {
        News() {
            tidings = Tidings.builder()
                    .channel("news", rule -> rule.subscribe(Allow.anyone()))
                    .build();
        }

        void publish() {
            tidings.channel("news").publish(Payload.json("{\"title\":\"It works\"}"));
        }
    }

    static final class Echo extends Cookbook {
        Echo() {
            tidings = Tidings.builder()
                    .listener(new ConnectionListener() {
                        @Override
                        public void onMessage(Connection connection, String event, Payload payload) {
                            connection.send(event, payload);
                        }
                    })
                    .build();
        }
    }

    static final class OneToOne extends Cookbook {
        record Chat(String to, String content) {}

        OneToOne() {
            tidings = Tidings.builder()
                    .authenticator(Authenticator.token(Authentication::user))
                    .onRequest("chat", (connection, payload) -> {
                        Chat chat = read(payload);
                        JsonObject message = new JsonObject();
                        message.addProperty("from", connection.user().orElseThrow());
                        message.addProperty("content", chat.content());
                        message.addProperty("timestamp", System.currentTimeMillis());
                        int devices = tidings.user(chat.to()).send("chat", Payload.json(message.toString()));
                        return CompletableFuture.completedFuture(Payload.json("{\"devices\":" + devices + "}"));
                    })
                    .onRequest("announce", (connection, payload) -> {
                        tidings.broadcast("announcement", payload);
                        return CompletableFuture.completedFuture(Payload.NULL);
                    })
                    .build();
        }

        private static Chat read(Payload payload) {
            try {
                Chat chat = new Gson().fromJson(payload.json(), Chat.class);
                if (chat != null && chat.to() != null && chat.content() != null) {
                    return chat;
                }
            } catch (JsonParseException | IllegalStateException e) {
                // Something else, or bytes: neither is a chat.
            }
            throw new RequestException(ErrorCode.BAD_REQUEST, "A chat has a recipient and a content");
        }
    }

    static final class Dashboard extends Cookbook {
        Dashboard() {
            tidings = Tidings.builder()
                    .channel("dashboard", rule -> rule.subscribe(Allow.anyone()))
                    .build();
        }

        void publish() {
            tidings.channel("dashboard").publish(Payload.json("{\"visitors\":17}"));
            tidings.channel("dashboard")
                    .publish(
                            Payload.json("{\"text\":\"The disk is full\"}"),
                            PublishOptions.DEFAULT.event("notification"));
        }
    }

    static final class Tokens extends Cookbook {
        record Claims(String subject, Instant expiry) {}

        interface Verifier {
            Optional<Claims> verify(String token);
        }

        Tokens(Verifier tokens) {
            tidings = Tidings.builder()
                    .authenticator(Authenticator.token(token -> tokens.verify(token)
                            .map(claims -> Authentication.user(claims.subject()).expiresAt(claims.expiry()))
                            .orElse(Authentication.refused())))
                    .channel("news", rule -> rule.subscribe(Allow.users()))
                    .build();
        }
    }

    static final class Cookies extends Cookbook {
        interface Sessions {
            Optional<String> user(String session);
        }

        Cookies(Sessions sessions) {
            tidings = Tidings.builder()
                    .authenticator(credentials -> CompletableFuture.completedFuture(credentials
                            .handshake()
                            .cookie("SID")
                            .flatMap(sessions::user)
                            .map(Authentication::user)
                            .orElse(Authentication.refused())))
                    .channel("news", rule -> rule.subscribe(Allow.users()))
                    .build();
        }
    }

    static final class Tickets extends Cookbook {
        record Ticket(String user, Instant until) {}

        private final Map<String, Ticket> tickets = new ConcurrentHashMap<>();

        Tickets() {
            tidings = Tidings.builder()
                    .authenticator(Authenticator.token(this::redeem))
                    .build();
        }

        String issue(String user) {
            String ticket = UUID.randomUUID().toString();
            tickets.put(ticket, new Ticket(user, Instant.now().plusSeconds(30)));
            return ticket;
        }

        Authentication redeem(String ticket) {
            Ticket found = tickets.remove(ticket);
            return found == null || found.until().isBefore(Instant.now())
                    ? Authentication.refused()
                    : Authentication.user(found.user());
        }
    }

    static final class Here extends Cookbook {
        private final Consumer<String> log;

        Here(Consumer<String> log) {
            this.log = log;
            tidings = Tidings.builder()
                    .authenticator(Authenticator.token(Authentication::user))
                    .listener(new ConnectionListener() {
                        @Override
                        public void onConnect(Connection connection) {
                            log.accept(connection.user().orElseThrow() + " connected");
                        }

                        @Override
                        public void onDisconnect(Connection connection, Disconnect disconnect) {
                            log.accept(connection.user().orElseThrow() + " disconnected: " + disconnect.reason());
                        }
                    })
                    .channel(
                            "chat:{room}", rule -> rule.subscribe(Allow.users()).presence(Allow.users()))
                    .build();
        }

        void ask() {
            tidings.user("ada").isOnline().thenAccept(online -> log.accept("online: " + online));
        }
    }

    static final class Heartbeats extends Cookbook {
        Heartbeats() {
            tidings = Tidings.builder()
                    .limits(limits -> limits.heartbeat(Duration.ofSeconds(20), Duration.ofSeconds(5)).stream(
                                    Duration.ofSeconds(10), Duration.ofMinutes(5))
                            .resumeWindow(Duration.ofMinutes(5)))
                    .build();
        }
    }

    static final class Origins extends Cookbook {
        Origins() {
            tidings = Tidings.builder()
                    .channel("news", rule -> rule.subscribe(Allow.anyone()))
                    .allowOrigin("https://app.example.com")
                    .build();
        }
    }

    static final class Stop extends Cookbook {
        Stop() {
            tidings = Tidings.builder().build();
        }

        void stop() {
            tidings.close();
        }
    }
}
