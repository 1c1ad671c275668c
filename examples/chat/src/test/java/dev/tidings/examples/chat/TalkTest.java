package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.ReceivedFrame;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server without a container: what clients may do, and what they are answered. */
class TalkTest {

    private final ChatApplication chat = new ChatApplication();

    @AfterEach
    void close() {
        chat.close();
    }

    private MemoryClient client(String token, String... channels) {
        var builder = MemoryClient.acknowledging(chat.tidings()).token(token);
        for (String channel : channels) {
            builder.channel(channel);
        }
        MemoryClient client = builder.connect();
        await().until(() -> !client.wire("welcome").isEmpty());
        return client;
    }

    private static ReceivedFrame answer(MemoryClient client, String type, String rest) {
        String id = client.command(type, rest);
        await().until(() -> client.answer(id).isPresent());
        return client.answer(id).orElseThrow();
    }

    private static ReceivedFrame ask(MemoryClient client, String event, String data) {
        return answer(client, "request", "\"event\":\"" + event + "\",\"data\":" + data);
    }

    private static MemoryClient joined(MemoryClient client, String room) {
        assertThat(answer(client, "subscribe", "\"channel\":\"chat:" + room + "\"")
                        .type())
                .isEqualTo("reply");
        return client;
    }

    private static String refusal(ReceivedFrame answer) {
        assertThat(answer.type()).isEqualTo("error");
        return answer.string("code");
    }

    @Test
    void whatIsSaid_reachesTheRoomAndThoseWhoComeLater() {
        MemoryClient ada = joined(client("Ada"), "lobby");
        MemoryClient bob = joined(client("Bob"), "lobby");

        ReceivedFrame answer = ask(ada, "say", "{\"room\":\"lobby\",\"text\":\" hello <b> \",\"key\":\"k1\"}");

        String message = answer.json("data");
        assertThat(message).contains("\"from\":\"Ada\"", "\"key\":\"k1\"", "\"id\":\"");
        await().until(() -> !bob.received("message").isEmpty());
        assertThat(bob.received("message").get(0).json("data")).isEqualTo(message);
        assertThat(bob.received("message").get(0).has("user")).isFalse();
        MemoryClient later = joined(client("Later"), "lobby");
        assertThat(ask(later, "recent", "{\"room\":\"lobby\"}").json("data"))
                .isEqualTo("{\"messages\":[" + message + "]}");
    }

    @Test
    void clients_cannotPublishPastTheServer() {
        MemoryClient ada = joined(client("Ada"), "lobby");

        assertThat(refusal(answer(ada, "publish", "\"channel\":\"chat:lobby\",\"data\":{\"from\":\"Bob\"}")))
                .isEqualTo("forbidden");
        assertThat(refusal(answer(ada, "publish", "\"channel\":\"rooms\",\"data\":\"x\"")))
                .isEqualTo("forbidden");
        assertThat(answer(ada, "publish", "\"channel\":\"typing:lobby\",\"event\":\"typing\"")
                        .type())
                .isEqualTo("reply");
    }

    @Test
    void outsideOfARoom_nobodySpeaksOrReads() {
        MemoryClient ada = client("Ada");

        assertThat(refusal(ask(ada, "say", "{\"room\":\"lobby\",\"text\":\"hello\"}")))
                .isEqualTo("forbidden");
        assertThat(refusal(ask(ada, "recent", "{\"room\":\"lobby\"}"))).isEqualTo("forbidden");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "[]",
                "\"lobby\"",
                "{}",
                "{\"room\":\"lobby\"}",
                "{\"room\":\"lobby\",\"text\":\"\"}",
                "{\"room\":\"lobby\",\"text\":\" \\n\\u2003 \"}",
                "{\"room\":\"lobby\",\"text\":7}",
                "{\"room\":\"lobby\",\"text\":[\"a\"]}",
                "{\"room\":\"lobby\",\"text\":\"a\\u0000b\"}",
                "{\"room\":\"Lobby\",\"text\":\"a\"}",
                "{\"room\":null,\"text\":\"a\"}",
                "{\"room\":\"lobby\",\"text\":\"a\",\"key\":\"a b\"}"
            })
    void whatCannotBeSaid_isRefused(String data) {
        MemoryClient ada = joined(client("Ada"), "lobby");

        assertThat(refusal(ask(ada, "say", data))).isEqualTo("bad_request");

        assertThat(ask(ada, "recent", "{\"room\":\"lobby\"}").json("data")).isEqualTo("{\"messages\":[]}");
    }

    @ParameterizedTest
    @CsvSource({"1, reply", "2000, reply", "2001, error"})
    void text_hasABound(int length, String type) {
        MemoryClient ada = joined(client("Ada"), "lobby");

        assertThat(ask(ada, "say", "{\"room\":\"lobby\",\"text\":\"" + "x".repeat(length) + "\"}")
                        .type())
                .isEqualTo(type);
    }

    @Test
    void direct_reachesAllDevicesOfBothAndNobodyElse() {
        List<MemoryClient> both = List.of(client("Ada"), client("Ada"), client("Bob"), client("Bob"));
        MemoryClient carol = client("Carol");

        ReceivedFrame answer = ask(both.get(0), "direct", "{\"to\":\"Bob\",\"text\":\"psst\",\"key\":\"k\"}");

        for (MemoryClient each : both) {
            await().until(() -> !each.received("direct").isEmpty());
            assertThat(each.received("direct")).hasSize(1);
            assertThat(each.received("direct").get(0).json("data"))
                    .isEqualTo(answer.json("data"))
                    .contains("\"from\":\"Ada\"", "\"to\":\"Bob\"", "psst");
        }
        ask(carol, "rooms", "null");
        assertThat(carol.received("direct")).isEmpty();
    }

    @Test
    void direct_toNobodyOrOneself_isRefused() {
        MemoryClient ada = client("Ada");

        assertThat(refusal(ask(ada, "direct", "{\"to\":\"Bob\",\"text\":\"psst\"}")))
                .isEqualTo("unavailable");
        assertThat(refusal(ask(ada, "direct", "{\"to\":\"Ada\",\"text\":\"psst\"}")))
                .isEqualTo("bad_request");
        assertThat(refusal(ask(ada, "direct", "{\"to\":\"<b>\",\"text\":\"psst\"}")))
                .isEqualTo("bad_request");
        assertThat(ada.received("direct")).isEmpty();
    }

    @Test
    void aRoomThatIsMade_isAnnounced() {
        MemoryClient ada = client("Ada");
        answer(ada, "subscribe", "\"channel\":\"rooms\"");

        joined(client("Bob"), "tea-time");
        joined(client("Carol"), "tea-time");

        await().until(() -> !ada.received("message").isEmpty());
        assertThat(ask(ada, "rooms", "null").json("data"))
                .isEqualTo("{\"rooms\":[\"lobby\",\"java\",\"random\",\"tea-time\"]}");
        assertThat(ada.received("message")).hasSize(1);
        assertThat(ada.received("message").get(0).json("data")).isEqualTo("\"tea-time\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat:Lobby", "chat:a b", "chat:", "chat:a.b", "typing:UP", "other", "chat:a:b"})
    void channelsThatAreNone_areRefused(String channel) {
        assertThat(answer(client("Ada"), "subscribe", "\"channel\":\"" + channel + "\"")
                        .type())
                .isEqualTo("error");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%3Cb%3E", "a%2Fb", "%20"})
    void badNames_areNotLetIn(String token) {
        MemoryClient client =
                MemoryClient.acknowledging(chat.tidings()).token(token).connect();

        await().until(() -> client.closed().isPresent());
        assertThat(client.closed().map(disconnect -> disconnect.code())).isEqualTo(Optional.of(4001));
    }
}
