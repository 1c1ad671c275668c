package dev.tidings.examples.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tidings.Connection;
import dev.tidings.RequestException;
import dev.tidings.Tidings;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Answers what clients ask: one method for each request.
 *
 * <p>Something said in a room takes this way, and not that of a client's own publishing, because somebody has to look at it: to check
 * the text, to give it its place, and to keep it for those who come later.
 */
final class Talk {

    private final Rooms rooms;
    private @Nullable Tidings tidings;

    Talk(Rooms rooms) {
        this.rooms = rooms;
    }

    /** Tidings is built with these handlers, and the handlers need Tidings: this ties the knot, before the first request. */
    void over(Tidings built) {
        tidings = built;
    }

    private Tidings tidings() {
        return Objects.requireNonNull(tidings, "over() comes first");
    }

    static String channel(String room) {
        return "chat:" + room;
    }

    /** {@code rooms}: the names of all rooms. */
    CompletionStage<Payload> rooms(Connection connection, Payload question) {
        JsonArray names = new JsonArray();
        rooms.names().forEach(names::add);
        return answer("rooms", names);
    }

    /** {@code recent {room}}: what was said last in a room that one is in. */
    CompletionStage<Payload> recent(Connection connection, Payload question) {
        String room = Asked.of(question).room();
        requireIn(connection, room);
        JsonArray messages = new JsonArray();
        rooms.recent(room).forEach(message -> messages.add(message.json()));
        return answer("messages", messages);
    }

    /** {@code say {room, text, key}}: says something in a room that one is in. */
    CompletionStage<Payload> say(Connection connection, Payload question) {
        Asked asked = Asked.of(question);
        String room = asked.room();
        requireIn(connection, room);
        return say(room, name(connection), asked.text(), asked.key());
    }

    /**
     * Keeps it first and publishes it then: whoever joins in between finds it in {@code recent}, or gets it live, or both, which the
     * page sorts out by the id.
     */
    CompletionStage<Payload> say(String room, String from, String text, String key) {
        Message message = rooms.add(room, from, text, key);
        Payload payload = Payload.json(message.json().toString());
        return tidings().channel(channel(room)).publish(payload).thenApply(result -> {
            if (result.outcome() == Outcome.FAILED) {
                rooms.remove(room, message);
                throw new RequestException(ErrorCode.UNAVAILABLE, "The server has too much to do; try again");
            }
            return payload;
        });
    }

    /** {@code direct {to, text, key}}: says something to one person, on all devices of both. */
    CompletionStage<Payload> direct(Connection connection, Payload question) {
        Asked asked = Asked.of(question);
        String from = name(connection);
        String to = asked.user("to");
        if (to.equals(from)) {
            throw Asked.refused("That is yourself");
        }
        JsonObject message = rooms.aside(from, asked.text(), asked.key()).json();
        message.addProperty("to", to);
        Payload payload = Payload.json(message.toString());
        if (tidings().user(to).send("direct", payload) == 0) {
            throw new RequestException(ErrorCode.UNAVAILABLE, to + " is not here");
        }
        tidings().user(from).send("direct", payload);
        return CompletableFuture.completedFuture(payload);
    }

    private static void requireIn(Connection connection, String room) {
        if (!connection.subscriptions().contains(channel(room))) {
            throw new RequestException(ErrorCode.FORBIDDEN, "Join the room first");
        }
    }

    /** The authenticator lets nobody in without a name. */
    private static String name(Connection connection) {
        return connection.user().orElseThrow();
    }

    private static CompletionStage<Payload> answer(String field, JsonArray values) {
        JsonObject answer = new JsonObject();
        answer.add(field, values);
        return CompletableFuture.completedFuture(Payload.json(answer.toString()));
    }
}
