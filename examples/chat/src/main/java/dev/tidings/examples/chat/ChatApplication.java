package dev.tidings.examples.chat;

import dev.tidings.Allow;
import dev.tidings.Authentication;
import dev.tidings.Authenticator;
import dev.tidings.Tidings;
import dev.tidings.client.js.ClientScriptServlet;
import dev.tidings.protocol.Payload;
import dev.tidings.transport.servlet.TidingsServlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.time.InstantSource;

/**
 * The web application: who may come in, what they may do, who answers what, and which servlets there are.
 *
 * <p>The channels:
 *
 * <ul>
 *   <li>{@code chat:{room}}: what is said in a room, and who is there. Only the server publishes here, when it has looked at the text.
 *   <li>{@code typing:{room}}: who is typing. Clients publish here by themselves; nothing is kept, and the page looks at nothing but
 *       the name, which is the server's word.
 *   <li>{@code rooms}: the names of rooms as they are made.
 * </ul>
 *
 * <p>What clients ask for is in {@link Talk}.
 */
final class ChatApplication implements ServletContextListener {

    private static final int SUBSCRIPTIONS = 64;

    private final Rooms rooms;
    private final Talk talk;
    private final Tidings tidings;

    ChatApplication() {
        this.rooms = new Rooms(Rooms.Bounds.DEFAULT, InstantSource.system(), this::isInUse);
        this.talk = new Talk(rooms);
        this.tidings = Tidings.builder()
                .name("chat")
                .authenticator(Authenticator.token(ChatApplication::byName))
                .channel(
                        "chat:{room}",
                        rule -> rule.subscribe(Allow.when(access -> open(access.variable("room"))))
                                .presence(Allow.when(access -> Names.isRoom(access.variable("room")))))
                .channel("typing:{room}", rule -> {
                    Allow inARoom = Allow.when(access -> Names.isRoom(access.variable("room")));
                    rule.subscribe(inARoom).publish(inARoom);
                })
                .channel("rooms", rule -> rule.subscribe(Allow.users()))
                .onRequest("rooms", talk::rooms)
                .onRequest("recent", talk::recent)
                .onRequest("say", talk::say)
                .onRequest("direct", talk::direct)
                .limits(limits -> limits.subscriptions(SUBSCRIPTIONS))
                .build();
        talk.over(tidings);
    }

    /**
     * The name is the token, percent-encoded where it has to be: good enough to try a chat, and no proof of anything. An application
     * checks a session's cookie or a signed token here.
     */
    private static Authentication byName(String token) {
        return Names.userOf(token).map(Authentication::user).orElse(Authentication.refused());
    }

    /** Whoever wants to be in a room that does not exist makes it, unless there are as many as there may be. */
    private boolean open(String room) {
        if (!Names.isRoom(room)) {
            return false;
        }
        Rooms.Opening opening = rooms.open(room);
        if (opening == Rooms.Opening.NEW) {
            tidings.channel("rooms").publish(Payload.string(room));
        }
        return opening != Rooms.Opening.FULL;
    }

    private boolean isInUse(String room) {
        return tidings.channel(Talk.channel(room)).subscribers() > 0;
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        ServletContext context = event.getServletContext();
        TidingsServlet.register(context, tidings, "/realtime");
        ClientScriptServlet.register(context, "/tidings");
        PageServlet.register(context);
    }

    Tidings tidings() {
        return tidings;
    }

    Talk talk() {
        return talk;
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        close();
    }

    /** A second call does nothing. */
    void close() {
        tidings.close();
    }
}
