package dev.tidings.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Reads what a server sends, the way a client would. Not a client to use: it takes well-formed frames for granted, and keeps
 * numbers in payloads only as far as Gson does.
 */
final class ServerFrames {

    private ServerFrames() {}

    /** The message that a frame says, so that encoding it gives the frame again. */
    static Outbound parse(String text) {
        JsonObject frame = JsonParser.parseString(text).getAsJsonObject();
        String type = string(frame, "type");
        return switch (type) {
            case "ping" -> new Outbound.Ping();
            case "pong" -> new Outbound.Pong();
            case "ack" -> new Outbound.Ack(number(frame, "received"));
            case "welcome" -> welcome(frame);
            case "resumed" ->
                new Outbound.Resumed(string(frame, "connection"), number(frame, "next"), number(frame, "expects"));
            case "auth_success" ->
                new Outbound.Authenticated(id(frame), string(frame, "user"), number(frame, "expiresIn"));
            case "close" ->
                new Outbound.Close(
                        new Disconnect((int) (long) number(frame, "code"), string(frame, "reason")),
                        number(frame, "retryAfter"));
            case "reply" -> reply(frame);
            case "error" ->
                new Outbound.Failure(id(frame), code(frame), string(frame, "reason"), string(frame, "channel"));
            case "request" -> new Outbound.Request(string(frame, "id"), string(frame, "event"), payload(frame));
            case "message" -> new Outbound.Message(publication(frame));
            case "direct" -> new Outbound.Direct(string(frame, "event"), payload(frame));
            case "subscribed" -> subscribed(frame);
            case "unsubscribed" ->
                new Outbound.Unsubscribed(string(frame, "channel"), code(frame), string(frame, "reason"));
            case "presence" -> presence(frame);
            case "gap" -> new Outbound.Gap(string(frame, "channel"), GapReason.valueOf(string(frame, "reason")));
            default -> throw new AssertionError("A server sends no " + type);
        };
    }

    private static Outbound welcome(JsonObject frame) {
        JsonObject limits = frame.getAsJsonObject("limits");
        return new Outbound.Welcome(
                string(frame, "connection"),
                string(frame, "user"),
                string(frame, "resume"),
                number(frame, "heartbeat"),
                number(frame, "timeout"),
                number(frame, "expiresIn"),
                limits.get("frameBytes").getAsInt(),
                limits.get("pendingFrames").getAsInt(),
                limits.get("pendingBytes").getAsInt());
    }

    /** What a reply answers is known to the client; here its fields tell. */
    private static Outbound reply(JsonObject frame) {
        String id = id(frame);
        if (frame.has("outcome")) {
            Outcome outcome = Outcome.valueOf(string(frame, "outcome").toUpperCase(Locale.ROOT));
            return new Outbound.Published(id, outcome, position(frame));
        } else if (frame.has("messages")) {
            List<Publication> messages = new ArrayList<>();
            frame.getAsJsonArray("messages").forEach(message -> messages.add(publication(message.getAsJsonObject())));
            return new Outbound.HistoryPage(
                    id,
                    string(frame, "channel"),
                    string(frame, "epoch"),
                    messages,
                    frame.get("more").getAsBoolean());
        } else if (frame.has("members")) {
            return new Outbound.Members(
                    id, string(frame, "channel"), number(frame, "version"), members(frame, "members"));
        } else if (frame.has("channel")) {
            return subscribed(frame);
        } else if (frame.has("data") || frame.has("bytes")) {
            return new Outbound.Answer(id, payload(frame));
        }
        return new Outbound.Done(id);
    }

    private static Outbound subscribed(JsonObject frame) {
        return new Outbound.Subscribed(id(frame), string(frame, "channel"), string(frame, "epoch"), position(frame));
    }

    private static Outbound presence(JsonObject frame) {
        String channel = string(frame, "channel");
        long version = number(frame, "version");
        return frame.has("members")
                ? new Outbound.PresenceSnapshot(channel, version, members(frame, "members"))
                : new Outbound.Presence(new PresenceChange(
                        channel,
                        version,
                        members(frame, "entered"),
                        members(frame, "updated"),
                        members(frame, "left")));
    }

    private static List<Member> members(JsonObject frame, String name) {
        List<Member> members = new ArrayList<>();
        frame.getAsJsonArray(name).forEach(element -> {
            JsonObject member = element.getAsJsonObject();
            members.add(new Member(string(member, "connection"), string(member, "user"), payload(member)));
        });
        return members;
    }

    private static Publication publication(JsonObject frame) {
        return new Publication(
                string(frame, "channel"),
                string(frame, "event"),
                payload(frame),
                string(frame, "user"),
                null,
                true,
                position(frame));
    }

    private static Position position(JsonObject frame) {
        String position = string(frame, "position");
        return position == null ? null : Position.parse(position);
    }

    private static Payload payload(JsonObject frame) {
        JsonElement data = frame.get("data");
        return data != null
                ? Payload.json(data.toString())
                : Payload.bytes(Base64.getDecoder().decode(string(frame, "bytes")));
    }

    private static ErrorCode code(JsonObject frame) {
        String code = string(frame, "code");
        return Arrays.stream(ErrorCode.values())
                .filter(known -> known.wireName().equals(code))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no error code " + code));
    }

    private static String id(JsonObject frame) {
        JsonElement id = frame.get("id");
        return id == null ? null : id.toString();
    }

    private static String string(JsonObject frame, String name) {
        JsonElement value = frame.get(name);
        return value == null ? null : value.getAsString();
    }

    private static Long number(JsonObject frame, String name) {
        JsonElement value = frame.get(name);
        return value == null ? null : (Long) value.getAsLong();
    }
}
