package dev.tidings.protocol;

import static dev.tidings.protocol.Vectors.members;
import static dev.tidings.protocol.Vectors.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The published vectors and the codec say the same. */
class VectorsTest {

    private static final JsonCodec CODEC = JsonCodec.INSTANCE;

    private static final Payload ADA = Payload.json("{\"name\":\"Ada\"}");
    private static final Position AT_41 = new Position(41, "x7Fq");
    private static final Position AT_42 = new Position(42, "k0aB");
    private static final byte[] THREE_BYTES = {0, 1, -1};

    @TestFactory
    Stream<DynamicTest> clientFrames_areReadAsTheVectorsSay() {
        return Vectors.of("client-frames")
                .map(vector -> dynamicTest(text(vector, "name"), () -> {
                    List<Inbound> decoded = CODEC.decode(text(vector, "frame"), FrameLimits.DEFAULT);
                    assertThat(decoded).hasSize(1);
                    assertThat(members(decoded.get(0))).isEqualTo(members(vector.getAsJsonObject("decoded")));
                    assertThat(decoded.get(0).isCounted())
                            .isEqualTo(vector.get("counted").getAsBoolean());
                }));
    }

    @TestFactory
    Stream<DynamicTest> invalidFrames_areAnsweredAsTheVectorsSay() {
        return Vectors.of("invalid-frames")
                .map(vector -> dynamicTest(text(vector, "name"), () -> {
                    List<Inbound> decoded = CODEC.decode(text(vector, "frame"), FrameLimits.DEFAULT);
                    assertThat(decoded).hasSize(1).first().isInstanceOf(Inbound.Invalid.class);
                    Inbound.Invalid invalid = (Inbound.Invalid) decoded.get(0);
                    Map<String, String> found = members(invalid);
                    found.remove("type");
                    Map<String, String> expected = members(vector.getAsJsonObject("error"));
                    expected.put("code", expected.get("code").toUpperCase(Locale.ROOT));
                    assertThat(found).isEqualTo(expected);
                    assertThat(invalid.isCounted()).isTrue();
                }));
    }

    @TestFactory
    Stream<DynamicTest> serverFrames_areWrittenAsTheVectorsSay() {
        Map<String, Outbound> messages = messages();
        return Vectors.of("server-frames")
                .map(vector -> dynamicTest(text(vector, "name"), () -> {
                    Outbound message = messages.get(text(vector, "name"));
                    assertThat(message).isNotNull();
                    Frame frame = CODEC.encode(message);
                    assertThat(frame.text()).isEqualTo(text(vector, "frame"));
                    assertThat(frame.isCounted())
                            .isEqualTo(vector.get("counted").getAsBoolean());
                }));
    }

    @TestFactory
    Stream<DynamicTest> serverFrames_canBeReadByAClient() {
        return Vectors.of("server-frames")
                .filter(vector -> !text(vector, "name").equals("message, raw"))
                .map(vector -> dynamicTest(text(vector, "name"), () -> {
                    Outbound read = ServerFrames.parse(text(vector, "frame"));
                    assertThat(CODEC.encode(read).text()).isEqualTo(text(vector, "frame"));
                }));
    }

    @Test
    void vectors_haveNamesOfTheirOwn() {
        for (String file : List.of("client-frames", "server-frames", "invalid-frames")) {
            assertThat(Vectors.of(file).map(vector -> text(vector, "name")))
                    .as(file)
                    .doesNotHaveDuplicates()
                    .isNotEmpty();
        }
    }

    @Test
    void clientFrames_coverEveryType() {
        Set<Class<?>> covered = Vectors.of("client-frames")
                .flatMap(vector -> CODEC.decode(text(vector, "frame"), FrameLimits.DEFAULT).stream())
                .map(Object::getClass)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        covered.add(Inbound.Invalid.class);
        assertThat(covered).containsExactlyInAnyOrderElementsOf(recordsOf(Inbound.class));
    }

    @Test
    void serverFrames_coverEveryMessage() {
        Map<String, Outbound> messages = messages();
        assertThat(Vectors.of("server-frames").map(vector -> text(vector, "name")))
                .containsExactlyInAnyOrderElementsOf(messages.keySet());
        assertThat(messages.values().stream().map(Object::getClass).distinct().toList())
                .containsExactlyInAnyOrderElementsOf(recordsOf(Outbound.class));
    }

    @Test
    void closeCodes_areTheCatalogue() {
        Set<String> documented = Vectors.of("close-codes")
                .map(vector -> List.of(
                                vector.get("code").getAsInt(),
                                text(vector, "reason"),
                                text(vector, "reconnect"),
                                vector.get("status").getAsInt())
                        .toString())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> known = Arrays.stream(Disconnect.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == Disconnect.class)
                .map(field -> {
                    try {
                        return (Disconnect) field.get(null);
                    } catch (IllegalAccessException e) {
                        throw new LinkageError("A constant is hidden", e);
                    }
                })
                .map(d -> List.of(d.code(), d.reason(), reconnectOnTheWire(d), d.httpStatus())
                        .toString())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(documented).isEqualTo(known);
    }

    private static String reconnectOnTheWire(Disconnect disconnect) {
        JsonObject frame = JsonParser.parseString(
                        CODEC.encode(new Outbound.Close(disconnect, null)).text())
                .getAsJsonObject();
        return text(frame, "reconnect");
    }

    private static List<Class<?>> recordsOf(Class<?> sealed) {
        return Arrays.stream(sealed.getPermittedSubclasses())
                .flatMap(type -> type.isRecord() ? Stream.of(type) : recordsOf(type).stream())
                .distinct()
                .collect(Collectors.toList());
    }

    /** What the server frames of the vectors stand for, by name. */
    private static Map<String, Outbound> messages() {
        Map<String, Outbound> messages = new TreeMap<>();
        carriers(messages);
        replies(messages);
        notices(messages);
        presence(messages);
        return messages;
    }

    private static void carriers(Map<String, Outbound> to) {
        to.put(
                "welcome",
                new Outbound.Welcome(
                        "p8ZcQ1", "ada", "p8ZcQ1.s3cr3t", 25_000, 10_000, 3_600_000L, 65_536, 64, 262_144));
        to.put("welcome, plain", new Outbound.Welcome("p8ZcQ1", null, null, 25_000, 10_000, null, 65_536, 64, 262_144));
        to.put("resumed", new Outbound.Resumed("p8ZcQ1", 18, 6));
        to.put("auth_success", new Outbound.Authenticated("\"a1\"", "ada", 3_600_000L));
        to.put("auth_success, anonymous", new Outbound.Authenticated(null, null, null));
        to.put("ack", new Outbound.Ack(16));
        to.put("ping", new Outbound.Ping());
        to.put("pong", new Outbound.Pong());
        to.put("close, never", new Outbound.Close(Disconnect.FORBIDDEN, null));
        to.put("close, backoff", new Outbound.Close(Disconnect.HEARTBEAT_TIMEOUT, null));
        to.put("close, now", new Outbound.Close(Disconnect.SHUTTING_DOWN, 1_700L));
    }

    private static void replies(Map<String, Outbound> to) {
        to.put("reply, done", new Outbound.Done("2"));
        to.put("reply, answer", new Outbound.Answer("5", Payload.json("{\"time\":\"12:00\"}")));
        to.put("reply, answer in bytes", new Outbound.Answer("\"q\"", Payload.bytes(THREE_BYTES)));
        to.put("reply, subscribed", new Outbound.Subscribed("1", "news", null, null));
        to.put("reply, subscribed with history", new Outbound.Subscribed("1", "news", "Xr2", AT_41));
        to.put("reply, published", new Outbound.Published("\"p-3\"", Outcome.OK, null));
        to.put("reply, published with history", new Outbound.Published("\"p-3\"", Outcome.OK, AT_42));
        to.put("reply, published here only", new Outbound.Published("\"p-3\"", Outcome.LOCAL_ONLY, null));
        to.put("reply, perhaps published", new Outbound.Published("\"p-3\"", Outcome.UNKNOWN, null));
        to.put(
                "reply, members",
                new Outbound.Members(
                        "10",
                        "chat:lobby",
                        3,
                        List.of(new Member("p8ZcQ1", "ada", ADA), new Member("Zk20bb", null, Payload.NULL))));
        to.put(
                "reply, history",
                new Outbound.HistoryPage(
                        "6",
                        "news",
                        "Xr2",
                        List.of(
                                Publication.of("news", Payload.json("1")).at(AT_41),
                                new Publication("news", "flash", Payload.json("2"), "ada", "p8ZcQ1", false, AT_42)),
                        true));
        to.put("reply, history, empty", new Outbound.HistoryPage("6", "news", "Xr2", List.of(), false));
        to.put("error", new Outbound.Failure("1", ErrorCode.FORBIDDEN, "Not allowed on this channel", "news"));
        to.put(
                "error, without id",
                new Outbound.Failure(
                        null, ErrorCode.BAD_REQUEST, "The frame cannot be read: not JSON by RFC 8259", null));
        to.put("error, gone", new Outbound.Failure(null, ErrorCode.GONE, "That connection is not here any more", null));
    }

    private static void notices(Map<String, Outbound> to) {
        to.put("request", new Outbound.Request("s1", "confirm", Payload.json("{\"text\":\"Delete it?\"}")));
        to.put("message", new Outbound.Message(Publication.of("news", Payload.json("{\"text\":\"hello\"}"))));
        to.put(
                "message, with everything",
                new Outbound.Message(
                        new Publication("chat:lobby", "typing", Payload.json("true"), "ada", "p8ZcQ1", true, AT_42)));
        to.put("message, bytes", new Outbound.Message(Publication.of("pictures", Payload.bytes(THREE_BYTES))));
        to.put(
                "message, raw",
                new Outbound.Message(
                        Publication.of("news", Payload.json("{ \"n\" : 1E400, \"s\":\"\\u00e9\\/\u00e9\" }"))));
        to.put("direct", new Outbound.Direct("notice", Payload.string("Lunch")));
        to.put("direct, bytes", new Outbound.Direct("notice", Payload.bytes(new byte[0])));
        to.put("subscribed", new Outbound.Subscribed(null, "news", null, null));
        to.put(
                "unsubscribed",
                new Outbound.Unsubscribed("news", ErrorCode.FORBIDDEN, "The subscription is not allowed any more"));
        to.put("gap", new Outbound.Gap("news", GapReason.OVERFLOW));
        to.put("gap, direct", new Outbound.Gap(null, GapReason.OVERFLOW));
    }

    private static void presence(Map<String, Outbound> to) {
        Member ada = new Member("p8ZcQ1", "ada", ADA);
        to.put("presence, snapshot", new Outbound.PresenceSnapshot("chat:lobby", 3, List.of(ada)));
        to.put("presence, snapshot, empty", new Outbound.PresenceSnapshot("chat:lobby", 0, List.of()));
        to.put(
                "presence, changes",
                new Outbound.Presence(new PresenceChange(
                        "chat:lobby", 4, List.of(new Member("Zk20bb", null, Payload.NULL)), List.of(), List.of(ada))));
        to.put(
                "presence, update",
                new Outbound.Presence(new PresenceChange(
                        "chat:lobby",
                        5,
                        List.of(),
                        List.of(new Member("Zk20bb", null, Payload.bytes(new byte[1]))),
                        List.of())));
    }
}
