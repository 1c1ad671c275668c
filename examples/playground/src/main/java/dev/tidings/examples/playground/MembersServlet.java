package dev.tidings.examples.playground;

import com.google.gson.stream.JsonWriter;
import dev.tidings.Tidings;
import dev.tidings.protocol.Member;
import dev.tidings.spi.PresenceStore;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.StringWriter;

/** {@code GET /members/CHANNEL}: who is in a channel, and the version of the last change. */
final class MembersServlet extends JsonServlet {

    private static final long serialVersionUID = 1L;

    private final transient Tidings tidings;

    MembersServlet(Tidings tidings) {
        super("GET");
        this.tidings = tidings;
    }

    @Override
    void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String channel = channel(request);
        // The members are kept in this program's memory, so the stage has ended already.
        PresenceStore.Snapshot snapshot = tidings.channel(channel)
                .presence()
                .members()
                .toCompletableFuture()
                .join();
        send(response, 200, json(channel, snapshot));
    }

    private static String json(String channel, PresenceStore.Snapshot snapshot) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            out.beginObject();
            out.name("channel").value(channel);
            out.name("version").value(snapshot.version());
            out.name("members").beginArray();
            for (Member member : snapshot.members()) {
                write(out, member);
            }
            out.endArray();
            out.endObject();
        }
        return text.toString();
    }

    private static void write(JsonWriter out, Member member) throws IOException {
        out.beginObject();
        out.name("connection").value(member.connection());
        if (member.user() != null) {
            out.name("user").value(member.user());
        }
        if (member.data().isBytes()) {
            out.name("bytes").value(member.data().base64());
        } else {
            out.name("data").jsonValue(member.data().json());
        }
        out.endObject();
    }
}
