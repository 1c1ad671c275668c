package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Allow;
import dev.tidings.Connection;
import dev.tidings.protocol.Member;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PresenceTest {

    private final Bench bench = new Bench(builder -> builder.channel(
                    "room:{name}", rule -> rule.subscribe(Allow.anyone()).presence(Allow.anyone()))
            .channel("quiet", rule -> rule.subscribe(Allow.anyone())));

    @AfterEach
    void close() {
        bench.close();
    }

    private List<String> members(String channel) {
        return bench.value(bench.tidings.channel(channel).presence().members()).members().stream()
                .map(m -> m.user() + "=" + m.data().json())
                .toList();
    }

    private MemoryClient watcher() {
        MemoryClient client = bench.plain();
        bench.reply(client, client.command("subscribe", "\"channel\":\"room:a\",\"presence\":true"));
        client.take();
        return client;
    }

    /** What a watcher was told, such as {@code +ann=1}, {@code ~ann=2}, {@code -ann=2}. */
    private static List<String> changes(MemoryClient client) {
        return client.take().stream()
                .filter(frame -> frame.type().equals("presence"))
                .flatMap(frame -> List.of("entered", "updated", "left").stream()
                        .filter(frame::has)
                        .flatMap(kind -> all(frame, kind).stream().map(m -> sign(kind) + m)))
                .toList();
    }

    private static String sign(String kind) {
        return switch (kind) {
            case "entered" -> "+";
            case "updated" -> "~";
            default -> "-";
        };
    }

    private static List<String> all(ReceivedFrame frame, String field) {
        return frame.list(field).stream()
                .map(member -> member.optional("user").orElse("?") + "=" + member.json("data"))
                .toList();
    }

    @Test
    void enterUpdateLeave_areToldInOrder() {
        MemoryClient watcher = watcher();
        MemoryClient ann = bench.acknowledging("ann");
        bench.reply(ann, ann.enter("room:a", "1"));
        assertThat(members("room:a")).containsExactly("ann=1");
        bench.reply(ann, ann.command("update", "\"channel\":\"room:a\",\"data\":2"));
        assertThat(members("room:a")).containsExactly("ann=2");
        bench.reply(ann, ann.leave("room:a"));
        assertThat(members("room:a")).isEmpty();
        assertThat(changes(watcher)).containsExactly("+ann=1", "~ann=2", "-ann=2");
    }

    @Test
    void wrongMoves_areErrorsOrNothing() {
        MemoryClient ann = bench.acknowledging("ann");
        assertThat(bench.error(ann, ann.leave("room:a"))).isEqualTo("bad_request");
        assertThat(bench.error(ann, ann.command("update", "\"channel\":\"room:a\",\"data\":2")))
                .isEqualTo("bad_request");
        assertThat(bench.error(ann, ann.enter("quiet", "1"))).isEqualTo("forbidden");
        assertThat(bench.error(ann, ann.enter("unknown", "1"))).isEqualTo("forbidden");
        assertThat(bench.error(ann, ann.enter("room:a", "\"" + "x".repeat(1_024) + "\"")))
                .isEqualTo("too_large");
        assertThat(members("room:a")).isEmpty();
    }

    @Test
    void enterTwice_isAnUpdate() {
        MemoryClient watcher = watcher();
        MemoryClient ann = bench.acknowledging("ann");
        ann.enter("room:a", "1");
        ann.enter("room:a", "2");
        bench.settle();
        assertThat(changes(watcher)).containsExactly("+ann=1", "~ann=2");
    }

    @Test
    void severalDevices_areSeveralMembers() {
        MemoryClient phone = bench.acknowledging("ann");
        MemoryClient laptop = bench.plain("ann");
        phone.enter("room:a", "1");
        laptop.enter("room:a", "2");
        bench.settle();
        assertThat(members("room:a")).containsExactly("ann=1", "ann=2");
        laptop.close(1000);
        bench.settle();
        assertThat(members("room:a")).containsExactly("ann=1");
    }

    @Test
    void snapshotAndChanges_fitTogether() {
        MemoryClient ann = bench.acknowledging("ann");
        MemoryClient bob = bench.acknowledging("bob");
        MemoryClient watcher = bench.plain();
        ann.enter("room:a", "0");
        bench.settle();
        for (int i = 1; i <= 20; i++) {
            (i % 2 == 0 ? ann : bob).enter("room:a", "" + i);
            if (i == 5) {
                watcher.command("subscribe", "\"channel\":\"room:a\",\"presence\":true");
            }
            bench.callbacks.runNext();
            bench.deliveries.runNext();
        }
        bench.settle();
        List<ReceivedFrame> frames = watcher.received("presence");
        assertThat(frames.get(0).has("members")).isTrue();
        for (int i = 1; i < frames.size(); i++) {
            assertThat(frames.get(i).has("members")).isFalse();
            assertThat(frames.get(i).number("version"))
                    .isEqualTo(frames.get(i - 1).number("version") + 1);
        }
        assertThat(frames.get(frames.size() - 1).number("version")).isEqualTo(21);
    }

    @Test
    void members_byRequest_haveTheVersion() {
        MemoryClient ann = bench.acknowledging("ann");
        ann.enter("room:a", "1");
        ReceivedFrame reply = bench.reply(ann, ann.command("members", "\"channel\":\"room:a\""));
        assertThat(reply.number("version")).isEqualTo(1);
        assertThat(all(reply, "members")).containsExactly("ann=1");
        assertThat(reply.list("members").get(0).string("connection")).isEqualTo(ann.connection());
        assertThat(bench.error(ann, ann.command("members", "\"channel\":\"quiet\"")))
                .isEqualTo("forbidden");
    }

    @Test
    void presence_notAllowed_refusesTheSubscription() {
        MemoryClient client = bench.acknowledging();
        String id = client.command("subscribe", "\"channel\":\"quiet\",\"presence\":true");
        assertThat(bench.error(client, id)).isEqualTo("forbidden");
        assertThat(bench.connection(client).subscriptions()).isEmpty();
    }

    @Test
    void cut_backWithinTheGrace_nobodyNotices() {
        MemoryClient watcher = watcher();
        MemoryClient ann = bench.acknowledging("ann");
        ann.enter("room:a", "1");
        bench.settle();
        changes(watcher);
        ann.cut();
        bench.seconds(4);
        ann.resume();
        bench.seconds(10);
        assertThat(changes(watcher)).isEmpty();
        assertThat(members("room:a")).containsExactly("ann=1");
    }

    @Test
    void cut_longerThanTheGrace_leavesAndEntersAgain() {
        MemoryClient watcher = watcher();
        MemoryClient ann = bench.acknowledging("ann");
        ann.enter("room:a", "1");
        bench.settle();
        ann.cut();
        bench.seconds(4);
        assertThat(changes(watcher)).containsExactly("+ann=1");
        bench.seconds(3);
        assertThat(changes(watcher)).containsExactly("-ann=1");
        bench.seconds(30);
        ann.resume();
        bench.settle();
        assertThat(changes(watcher)).containsExactly("+ann=1");
        assertThat(members("room:a")).containsExactly("ann=1");
    }

    @Test
    void cut_plainClient_leavesAfterTheGrace() {
        MemoryClient ann = bench.plain("ann");
        ann.enter("room:a", "1");
        bench.settle();
        ann.cut();
        bench.seconds(4);
        assertThat(members("room:a")).containsExactly("ann=1");
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isTrue();
        bench.seconds(3);
        assertThat(members("room:a")).isEmpty();
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isFalse();
    }

    @Test
    void disconnect_leavesAtOnce() {
        MemoryClient watcher = watcher();
        MemoryClient ann = bench.acknowledging("ann");
        ann.enter("room:a", "1");
        bench.settle();
        ann.close(1000);
        bench.settle();
        assertThat(changes(watcher)).containsExactly("+ann=1", "-ann=1");
    }

    @Test
    void byServer_enterAndLeave() {
        Connection connection = bench.connection(bench.acknowledging("ann"));
        var presence = bench.tidings.channel("room:a").presence();
        assertThat(bench.value(presence.enter(connection, Payload.json("7")))).isTrue();
        assertThat(bench.value(presence.members()).members())
                .containsExactly(new Member(connection.id(), "ann", Payload.json("7")));
        assertThat(bench.value(presence.leave(connection))).isTrue();
        assertThat(bench.value(presence.leave(connection))).isFalse();
        connection.disconnect(dev.tidings.protocol.Disconnect.FORBIDDEN);
        assertThat(bench.value(presence.enter(connection, Payload.NULL))).isFalse();
        assertThat(members("room:a")).isEmpty();
    }

    @Test
    void online_whileAttachedOrMember() {
        MemoryClient ann = bench.acknowledging("ann");
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isTrue();
        ann.cut();
        bench.settle();
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isFalse();
        ann.resume();
        bench.settle();
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isTrue();
        ann.close(1000);
        bench.settle();
        assertThat(bench.value(bench.tidings.user("ann").isOnline())).isFalse();
        assertThat(bench.value(bench.tidings.user("nobody").isOnline())).isFalse();
    }
}
