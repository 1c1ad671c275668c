package dev.tidings.testkit.engine;

import static dev.tidings.testkit.engine.Bench.data;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.Allow;
import dev.tidings.Channel.PublishOptions;
import dev.tidings.Connection;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChannelsTest {

    private final AtomicBoolean membersOnly = new AtomicBoolean(true);
    private final CompletableFuture<Boolean> verdict = new CompletableFuture<>();

    private final Bench bench = new Bench(builder -> builder.channel("chat:vip", rule -> rule.subscribe(Allow.nobody()))
            .channel(
                    "chat:{room}",
                    rule -> rule.subscribe(Allow.anyone())
                            .publish(
                                    Allow.when(access -> access.variable("room").equals("open"))))
            .channel(
                    "users:{name}",
                    rule -> rule.subscribe(
                            Allow.when(access -> access.user().orElse("").equals(access.variable("name")))))
            .channel("log:{path*}", rule -> rule.subscribe(Allow.anyone()).publish(Allow.users()))
            .channel("changing", rule -> rule.subscribe(Allow.when(access -> membersOnly.get())))
            .channel("slow", rule -> rule.subscribe(Allow.ask(access -> verdict)))
            .channel(
                    "broken",
                    rule -> rule.subscribe(Allow.when(access -> {
                        throw new IllegalStateException("broken");
                    })))
            .channel("server", rule -> {}));

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void rules_firstMatchDecides_everythingElseIsForbidden() {
        MemoryClient ann = bench.acknowledging("ann");
        bench.reply(ann, ann.subscribe("chat:open"));
        bench.reply(ann, ann.subscribe("users:ann"));
        bench.reply(ann, ann.subscribe("log:a:b:c"));
        for (String channel : List.of("chat:vip", "chat:a:b", "users:bob", "server", "unknown", "broken")) {
            String id = ann.subscribe(channel);
            assertThat(bench.error(ann, id)).as(channel).isEqualTo("forbidden");
        }
        assertThat(bench.connection(ann).subscriptions()).containsExactly("chat:open", "log:a:b:c", "users:ann");
    }

    @Test
    void unknownAndForbidden_readTheSame() {
        MemoryClient client = bench.acknowledging();
        String unknown = client.subscribe("unknown");
        String forbidden = client.subscribe("chat:vip");
        bench.settle();
        ReceivedFrame first = client.answer(unknown).orElseThrow();
        ReceivedFrame second = client.answer(forbidden).orElseThrow();
        assertThat(first.string("reason")).isEqualTo(second.string("reason"));
        assertThat(first.string("code")).isEqualTo(second.string("code"));
    }

    @Test
    void f74_nameThatIsNone_isABadRequestWhateverItIsFor() {
        List<String> names = List.of(
                "",
                "with space",
                "$secret",
                "$ctl",
                "{a}{b}",
                "a\r\nb",
                "a\nSET x 1",
                "\u202Eabc",
                "a\u0000",
                "a*",
                "a?b",
                "a\\b",
                "chat:\u043epen",
                "\uFF43hat",
                "e\u0301",
                "x".repeat(256));
        for (String name : names) {
            MemoryClient client = bench.acknowledging();
            String quoted = Payload.string(name).json();
            for (String type : List.of("subscribe", "unsubscribe", "publish", "enter", "members")) {
                client.sendRaw("{\"type\":\"" + type + "\",\"id\":\"" + type + "\",\"channel\":" + quoted + "}");
                assertThat(bench.error(client, type)).as("%s %s", type, quoted).isEqualTo("bad_request");
            }
            assertThatThrownBy(() -> bench.tidings.channel(name)).isInstanceOf(IllegalArgumentException.class);
            client.cut();
        }
        // Dots and slashes are a name like others, and lead nowhere.
        MemoryClient client = bench.acknowledging();
        assertThat(bench.error(client, client.subscribe("../chat:open"))).isEqualTo("forbidden");
        bench.reply(client, client.subscribe("chat:../open"));
        bench.publish("chat:open", 1);
        assertThat(data(client, "chat:open")).isEmpty();
    }

    @Test
    void subscribe_verdictLater_laterFramesWait() {
        MemoryClient client = bench.acknowledging();
        String slow = client.subscribe("slow");
        String next = client.subscribe("chat:open");
        bench.settle();
        assertThat(client.answer(slow)).isEmpty();
        assertThat(client.answer(next)).isEmpty();
        verdict.complete(true);
        bench.reply(client, slow);
        bench.reply(client, next);
        assertThat(bench.events).containsExactly("connect", "subscribe slow", "subscribe chat:open");
    }

    @Test
    void f79_ruleWithoutAVerdict_timesOutAndTheNextIsHandled() {
        MemoryClient client = bench.acknowledging();
        String slow = client.subscribe("slow");
        String next = client.subscribe("chat:open");
        bench.seconds(31);
        assertThat(bench.error(client, slow)).isIn("timeout", "forbidden");
        bench.reply(client, next);
    }

    @Test
    void subscribe_twice_isOneSubscription() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "chat:open", "chat:open");
        bench.publish("chat:open", 1);
        assertThat(data(client, "chat:open")).containsExactly("1");
        assertThat(bench.events).containsExactly("connect", "subscribe chat:open");
        assertThat(bench.tidings.channel("chat:open").subscribers()).isEqualTo(1);
    }

    @Test
    void subscribe_inTheUrl_isWithoutAnswer() {
        MemoryClient client = bench.connect(MemoryClient.plain(bench.tidings)
                .channel("chat:open")
                .channel("chat:vip")
                .channel("log:a"));
        bench.publish("chat:open", 1);
        bench.publish("log:a", 2);
        assertThat(client.received()).extracting(ReceivedFrame::type).containsExactly("error", "message", "message");
        assertThat(client.received().get(0).string("channel")).isEqualTo("chat:vip");
        assertThat(bench.events).containsExactly("connect", "subscribe chat:open", "subscribe log:a");
    }

    @Test
    void publish_byServer_reachesAllSubscribersInOneOrder() {
        List<MemoryClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(bench.subscribed(i % 2 == 0 ? bench.plain() : bench.acknowledging(), "chat:open"));
        }
        List<CompletableFuture<?>> results = new ArrayList<>();
        for (int i = 1; i <= 50; i++) {
            results.add(bench.tidings
                    .channel("chat:open")
                    .publish(Payload.json("" + i))
                    .toCompletableFuture());
        }
        bench.settle();
        clients.forEach(client -> assertThat(data(client, "chat:open")).isEqualTo(Bench.numbers(1, 50)));
        assertThat(results).allMatch(CompletableFuture::isDone);
        assertThat(bench.value(bench.tidings.channel("chat:open").publish(Payload.NULL))
                        .outcome())
                .isEqualTo(Outcome.OK);
    }

    @Test
    void publish_withEventAndException_leavesOneOut() {
        MemoryClient ann = bench.subscribed(bench.plain(), "chat:open");
        MemoryClient bob = bench.subscribed(bench.plain(), "chat:open");
        bench.tidings
                .channel("chat:open")
                .publish(
                        Payload.json("1"),
                        PublishOptions.DEFAULT.event("typing").except(ann.connection()));
        bench.settle();
        assertThat(data(ann, "chat:open")).isEmpty();
        assertThat(bob.received("message").get(0).string("event")).isEqualTo("typing");
        assertThat(bob.received("message").get(0).has("user")).isFalse();
    }

    @Test
    void publish_byClient_withAndWithoutEcho() {
        MemoryClient ann = bench.subscribed(bench.acknowledging("ann"), "chat:open");
        MemoryClient bob = bench.subscribed(bench.plain(), "chat:open");
        String id = ann.publish("chat:open", "1");
        assertThat(bench.reply(ann, id).string("outcome")).isEqualTo("ok");
        ann.command("publish", "\"channel\":\"chat:open\",\"data\":2,\"echo\":false");
        bench.settle();
        assertThat(data(ann, "chat:open")).containsExactly("1");
        assertThat(data(bob, "chat:open")).containsExactly("1", "2");
        assertThat(bob.received("message").get(0).string("user")).isEqualTo("ann");
    }

    @Test
    void publish_byClient_userCannotBeForged() {
        MemoryClient bob = bench.subscribed(bench.plain(), "chat:open");
        MemoryClient eve = bench.acknowledging("eve");
        eve.command("publish", "\"channel\":\"chat:open\",\"data\":1,\"user\":\"ann\",\"position\":\"1-x\"");
        bench.settle();
        assertThat(bob.received("message").get(0).string("user")).isEqualTo("eve");
        assertThat(bob.received("message").get(0).has("position")).isFalse();
    }

    @Test
    void publish_notAllowed_isForbiddenAndReachesNobody() {
        MemoryClient ann = bench.subscribed(bench.acknowledging(), "chat:closed", "log:a");
        assertThat(bench.error(ann, ann.publish("chat:closed", "1"))).isEqualTo("forbidden");
        assertThat(bench.error(ann, ann.publish("log:a", "1"))).isEqualTo("forbidden");
        assertThat(bench.error(ann, ann.publish("server", "1"))).isEqualTo("forbidden");
        assertThat(ann.received("message")).isEmpty();
    }

    @Test
    void publish_bytes_arriveAsBase64() {
        MemoryClient ann = bench.subscribed(bench.plain(), "chat:open");
        bench.tidings.channel("chat:open").publish(Payload.bytes(new byte[] {1, 2, 3}));
        bench.settle();
        assertThat(ann.received("message").get(0).string("bytes")).isEqualTo("AQID");
    }

    @Test
    void unsubscribe_nothingComesAfterwards() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "chat:open", "log:a");
        client.stall();
        bench.publish("log:a", 1);
        bench.publish("chat:open", 2);
        bench.publish("log:a", 3);
        assertThat(bench.connection(client).unsubscribe("chat:open")).isTrue();
        bench.publish("chat:open", 4);
        client.unstall();
        bench.settle();
        assertThat(data(client, "chat:open")).isEmpty();
        assertThat(data(client, "log:a")).containsExactly("1", "3");
        ReceivedFrame notice = client.received("unsubscribed").get(0);
        assertThat(notice.string("channel")).isEqualTo("chat:open");
        assertThat(bench.connection(client).unsubscribe("chat:open")).isFalse();
        assertThat(bench.events).endsWith("unsubscribe chat:open");
    }

    @Test
    void unsubscribe_byClient_isAnswered() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "chat:open");
        bench.reply(client, client.unsubscribe("chat:open"));
        bench.publish("chat:open", 1);
        assertThat(data(client, "chat:open")).isEmpty();
        bench.reply(client, client.unsubscribe("chat:open"));
        assertThat(bench.events).containsExactly("connect", "subscribe chat:open", "unsubscribe chat:open");
        assertThat(bench.tidings.channel("chat:open").subscribers()).isZero();
    }

    @Test
    void subscribeByServer_asksNoRuleAndTellsTheClient() {
        MemoryClient client = bench.acknowledging();
        Connection connection = bench.connection(client);
        assertThat(bench.value(connection.subscribe("server"))).isTrue();
        bench.publish("server", 1);
        assertThat(client.received()).extracting(ReceivedFrame::type).containsExactly("subscribed", "message");
        assertThat(client.received().get(0).string("channel")).isEqualTo("server");
        assertThat(bench.value(connection.subscribe("server"))).isTrue();
        assertThatThrownBy(() -> connection.subscribe("unknown")).isInstanceOf(IllegalArgumentException.class);
        client.close(1000);
        bench.settle();
        assertThat(bench.value(connection.subscribe("server"))).isFalse();
    }

    @Test
    void resume_notAllowedAnyMore_endsTheSubscriptionBeforeAnythingIsReplayed() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "changing", "chat:open");
        client.darkAfter(0);
        bench.publish("changing", 1);
        client.cut();
        bench.publish("changing", 2);
        bench.publish("chat:open", 3);
        membersOnly.set(false);
        client.resume();
        bench.settle();
        bench.publish("changing", 4);
        assertThat(data(client, "changing")).isEmpty();
        assertThat(data(client, "chat:open")).containsExactly("3");
        assertThat(client.received("unsubscribed"))
                .extracting(f -> f.string("channel"))
                .containsExactly("changing");
        assertThat(client.received("gap")).extracting(f -> f.string("reason")).contains("FORBIDDEN");
        assertThat(bench.connection(client).subscriptions()).containsExactly("chat:open");
    }

    @Test
    void subscriptions_moreThanTheLimit_areRefused() {
        try (Bench small = new Bench(builder -> builder.limits(limits -> limits.messageRate(1_000, 1_000))
                .channel("{any*}", rule -> rule.subscribe(Allow.anyone())))) {
            MemoryClient client = small.acknowledging();
            for (int i = 0; i < 128; i++) {
                client.subscribe("c" + i);
                small.settle();
            }
            small.seconds(2);
            assertThat(small.error(client, client.subscribe("one-more"))).isEqualTo("limit");
            assertThat(small.value(small.connection(client).subscribe("another")))
                    .isFalse();
            small.reply(client, client.unsubscribe("c7"));
            small.reply(client, client.subscribe("one-more"));
            assertThat(small.connection(client).subscriptions()).hasSize(128);
        }
    }

    @Test
    void end_endsAllSubscriptions() {
        MemoryClient client = bench.subscribed(bench.acknowledging(), "chat:open", "log:a");
        client.close(1000);
        bench.settle();
        assertThat(bench.events).endsWith("unsubscribe chat:open", "unsubscribe log:a", "disconnect 1000");
        assertThat(bench.tidings.stats().subscriptions()).isZero();
        assertThat(bench.tidings.stats().channels()).isZero();
    }
}
