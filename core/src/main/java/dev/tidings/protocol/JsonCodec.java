package dev.tidings.protocol;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The native protocol: one JSON object per frame, with a {@code type}.
 *
 * <p>Reading is strict (RFC 8259, no field twice, within {@link FrameLimits}); unknown fields are ignored, an unknown type is an
 * {@link Inbound.Invalid}. The value of {@code data} is kept as the client wrote it. The id of a command is the JSON text of the
 * client's {@code id}, a string of at most 64 characters or a whole number, so that it comes back in the same form.
 *
 * <p>Stateless; one instance serves all connections. Reached through {@link #INSTANCE}.
 */
public final class JsonCodec implements Codec {

    /** The one instance. */
    public static final JsonCodec INSTANCE = new JsonCodec();

    private JsonCodec() {}

    @Override
    public String name() {
        return "json";
    }

    @Override
    public List<Inbound> decode(String text, FrameLimits limits) {
        JsonFields fields;
        try {
            fields = JsonFields.read(text, limits);
        } catch (MalformedFrameException e) {
            return List.of(new Inbound.Invalid(null, ErrorCode.BAD_REQUEST, "The frame cannot be read: " + e.reason()));
        }
        try {
            return List.of(command(fields));
        } catch (MalformedFrameException e) {
            return List.of(new Inbound.Invalid(fields.idOrNull(), ErrorCode.BAD_REQUEST, e.reason()));
        }
    }

    private static Inbound command(JsonFields in) throws MalformedFrameException {
        String type = in.string("type");
        return switch (type) {
            case "ping" -> new Inbound.Ping();
            case "pong" -> new Inbound.Pong();
            case "ack" -> new Inbound.Ack(in.count("received"));
            case "close" -> new Inbound.Close();
            case "auth" -> new Inbound.Authenticate(in.id(), in.string("token"));
            case "resume" -> new Inbound.Resume(in.string("token"), in.count("received"));
            case "reply" -> new Inbound.Answer(in.string("id"), in.payload());
            case "error" ->
                new Inbound.Refusal(
                        in.string("id"),
                        in.optional("code").orElse("error"),
                        in.optional("reason").orElse(""));
            default -> application(type, in);
        };
    }

    private static Inbound application(String type, JsonFields in) throws MalformedFrameException {
        String id = in.id();
        return switch (type) {
            case "subscribe" ->
                new Inbound.Subscribe(id, in.channel(), in.flag("presence", false), in.position("since"));
            case "unsubscribe" -> new Inbound.Unsubscribe(id, in.channel());
            case "publish" ->
                new Inbound.Publish(id, in.channel(), in.event().orElse(null), in.payload(), in.flag("echo", true));
            case "send" -> new Inbound.Send(id, in.requiredEvent(), in.payload());
            case "request" -> new Inbound.Request(in.requiredId(), in.requiredEvent(), in.payload());
            case "history" ->
                new Inbound.History(
                        in.requiredId(), in.channel(), in.position("since"), in.limit(), in.flag("backwards", false));
            case "enter" -> new Inbound.Enter(id, in.channel(), in.payload());
            case "update" -> new Inbound.Update(id, in.channel(), in.payload());
            case "leave" -> new Inbound.Leave(id, in.channel());
            case "members" -> new Inbound.Members(in.requiredId(), in.channel());
            default -> new Inbound.Invalid(id, ErrorCode.UNKNOWN, "There is no such type of frame");
        };
    }

    @Override
    public Frame encode(Outbound message) {
        if (message instanceof Outbound.Message published) {
            Publication p = published.publication();
            return Frame.ofChannel(object("message", out -> publication(out, p)), p.channel(), p.event(), p.position());
        }
        if (message instanceof Outbound.Presence presence) {
            PresenceChange change = presence.change();
            return ofChannel("presence", object("presence", out -> change(out, change)), change.channel());
        }
        if (message instanceof Outbound.PresenceSnapshot snapshot) {
            return ofChannel("presence", object("presence", out -> snapshot(out, snapshot)), snapshot.channel());
        }
        if (message instanceof Outbound.Gap gap && gap.channel() != null) {
            return ofChannel("gap", gap(gap), gap.channel()).as(Frame.Kind.GAP, "gap");
        }
        if (message instanceof Outbound.Gap gap) {
            return Frame.counted(gap(gap)).as(Frame.Kind.GAP, "gap");
        }
        if (message instanceof Outbound.Direct direct) {
            return Frame.counted(direct(direct)).as(Frame.Kind.MESSAGE, direct.event());
        }
        String carrier = carrier(message);
        return carrier != null
                ? Frame.uncounted(carrier).as(Frame.Kind.CARRIER, name(message))
                : Frame.counted(counted(message)).as(Frame.Kind.NOTICE, name(message));
    }

    private static Frame ofChannel(String type, String text, String channel) {
        return Frame.ofChannel(text, channel, type, null).as(Frame.Kind.NOTICE, type);
    }

    /** What wires that name events call a frame that is no message; "error" means something else to them. */
    private static @Nullable String name(Outbound message) {
        if (message instanceof Outbound.Welcome) {
            return "welcome";
        } else if (message instanceof Outbound.Close) {
            return "close";
        } else if (message instanceof Outbound.Failure) {
            return "failure";
        } else if (message instanceof Outbound.Subscribed subscribed && subscribed.id() == null) {
            return "subscribed";
        } else if (message instanceof Outbound.Unsubscribed) {
            return "unsubscribed";
        }
        return "protocol";
    }

    private static String direct(Outbound.Direct direct) {
        return object("direct", out -> {
            out.name("event").value(direct.event());
            payload(out, direct.payload());
        });
    }

    private static @Nullable String carrier(Outbound message) {
        if (message instanceof Outbound.Ping) {
            return "{\"type\":\"ping\"}";
        } else if (message instanceof Outbound.Pong) {
            return "{\"type\":\"pong\"}";
        } else if (message instanceof Outbound.Ack ack) {
            return "{\"type\":\"ack\",\"received\":" + ack.received() + "}";
        } else if (message instanceof Outbound.Welcome welcome) {
            return object("welcome", out -> welcome(out, welcome));
        } else if (message instanceof Outbound.Resumed resumed) {
            return object("resumed", out -> {
                out.name("connection").value(resumed.connection());
                out.name("next").value(resumed.next());
                out.name("expects").value(resumed.expects());
            });
        } else if (message instanceof Outbound.Authenticated accepted) {
            return object("auth_success", out -> {
                id(out, accepted.id());
                optional(out, "user", accepted.user());
                optional(out, "expiresIn", accepted.expiresInMillis());
            });
        } else if (message instanceof Outbound.Close close) {
            return object("close", out -> {
                Disconnect disconnect = close.disconnect();
                out.name("code").value(disconnect.code());
                out.name("reason").value(disconnect.reason());
                out.name("reconnect").value(wireName(disconnect.reconnect()));
                optional(out, "retryAfter", close.retryAfterMillis());
            });
        }
        return null;
    }

    private static String counted(Outbound message) {
        if (message instanceof Outbound.Failure failure) {
            return object("error", out -> {
                id(out, failure.id());
                out.name("code").value(failure.code().wireName());
                out.name("reason").value(failure.reason());
                optional(out, "channel", failure.channel());
            });
        } else if (message instanceof Outbound.Request request) {
            return object("request", out -> {
                out.name("id").value(request.id());
                out.name("event").value(request.event());
                payload(out, request.payload());
            });
        } else if (message instanceof Outbound.Unsubscribed unsubscribed) {
            return object("unsubscribed", out -> {
                out.name("channel").value(unsubscribed.channel());
                out.name("code").value(unsubscribed.code().wireName());
                out.name("reason").value(unsubscribed.reason());
            });
        } else if (message instanceof Outbound.Subscribed subscribed) {
            return object(subscribed.id() == null ? "subscribed" : "reply", out -> {
                id(out, subscribed.id());
                out.name("channel").value(subscribed.channel());
                optional(out, "epoch", subscribed.epoch());
                optional(out, "position", subscribed.position());
            });
        } else if (message instanceof Outbound.Reply reply) {
            return object("reply", out -> {
                id(out, reply.id());
                reply(out, reply);
            });
        }
        throw new IllegalArgumentException("No frame for " + message.getClass());
    }

    private static void reply(JsonWriter out, Outbound.Reply reply) throws IOException {
        if (reply instanceof Outbound.Answer answer) {
            payload(out, answer.payload());
        } else if (reply instanceof Outbound.Published published) {
            out.name("outcome").value(published.outcome().name().toLowerCase(Locale.ROOT));
            optional(out, "position", published.position());
        } else if (reply instanceof Outbound.Members members) {
            out.name("channel").value(members.channel());
            out.name("version").value(members.version());
            members(out, "members", members.members());
        } else if (reply instanceof Outbound.HistoryPage page) {
            out.name("channel").value(page.channel());
            out.name("epoch").value(page.epoch());
            out.name("messages").beginArray();
            for (Publication p : page.publications()) {
                out.beginObject();
                publication(out, p);
                out.endObject();
            }
            out.endArray();
            out.name("more").value(page.more());
        }
    }

    private static void welcome(JsonWriter out, Outbound.Welcome welcome) throws IOException {
        out.name("connection").value(welcome.connection());
        optional(out, "user", welcome.user());
        if (welcome.resume() != null) {
            out.name("resume").value(welcome.resume());
            out.name("next").value(1);
            out.name("expects").value(1);
        }
        out.name("heartbeat").value(welcome.heartbeatMillis());
        out.name("timeout").value(welcome.timeoutMillis());
        optional(out, "expiresIn", welcome.expiresInMillis());
        out.name("limits").beginObject();
        out.name("frameBytes").value(welcome.maxFrameBytes());
        out.name("pendingFrames").value(welcome.maxPendingFrames());
        out.name("pendingBytes").value(welcome.maxPendingBytes());
        out.endObject();
    }

    private static void publication(JsonWriter out, Publication p) throws IOException {
        out.name("channel").value(p.channel());
        optional(out, "event", p.event());
        payload(out, p.payload());
        optional(out, "user", p.user());
        optional(out, "position", p.position());
    }

    private static void snapshot(JsonWriter out, Outbound.PresenceSnapshot snapshot) throws IOException {
        out.name("channel").value(snapshot.channel());
        out.name("version").value(snapshot.version());
        members(out, "members", snapshot.members());
    }

    private static void change(JsonWriter out, PresenceChange change) throws IOException {
        out.name("channel").value(change.channel());
        out.name("version").value(change.version());
        members(out, "entered", change.entered());
        members(out, "updated", change.updated());
        members(out, "left", change.left());
    }

    private static void members(JsonWriter out, String name, List<Member> members) throws IOException {
        out.name(name).beginArray();
        for (Member member : members) {
            out.beginObject();
            out.name("connection").value(member.connection());
            optional(out, "user", member.user());
            payload(out, member.data());
            out.endObject();
        }
        out.endArray();
    }

    private static String gap(Outbound.Gap gap) {
        return object("gap", out -> {
            optional(out, "channel", gap.channel());
            out.name("reason").value(gap.reason().name());
        });
    }

    private static void payload(JsonWriter out, Payload payload) throws IOException {
        if (payload.isBytes()) {
            out.name("bytes").value(payload.base64());
        } else {
            out.name("data").jsonValue(payload.json());
        }
    }

    private static void id(JsonWriter out, @Nullable String id) throws IOException {
        if (id != null) {
            out.name("id").jsonValue(id);
        }
    }

    private static void optional(JsonWriter out, String name, @Nullable Object value) throws IOException {
        if (value instanceof Long number) {
            out.name(name).value(number);
        } else if (value != null) {
            out.name(name).value(value.toString());
        }
    }

    private static String wireName(Disconnect.Reconnect reconnect) {
        return switch (reconnect) {
            case NEVER -> "never";
            case WITH_BACKOFF -> "backoff";
            case AT_ONCE -> "now";
        };
    }

    /** What an object holds after its type. */
    @FunctionalInterface
    private interface Body {
        void write(JsonWriter out) throws IOException;
    }

    private static String object(String type, Body body) {
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            out.beginObject().name("type").value(type);
            body.write(out);
            out.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
