package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The specification and the codec say the same: its examples are frames, its tables are complete. */
class ProtocolDocumentTest {

    private static final String DOCUMENT = Vectors.read("protocol.md");
    private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w+)\\n(.*?)^```$");
    private static final Pattern SAID = Pattern.compile("(?m)^ *(\\d+)? +([<>]) (\\{.*\\})$");

    /** What a client may write into its frames, besides the type. */
    private static final Map<String, Set<String>> CLIENT_FIELDS = Map.ofEntries(
            Map.entry("auth", Set.of("id", "token")),
            Map.entry("resume", Set.of("token", "received")),
            Map.entry("ack", Set.of("received")),
            Map.entry("ping", Set.of()),
            Map.entry("pong", Set.of()),
            Map.entry("close", Set.of()),
            Map.entry("subscribe", Set.of("id", "channel", "presence", "since")),
            Map.entry("unsubscribe", Set.of("id", "channel")),
            Map.entry("publish", Set.of("id", "channel", "event", "data", "bytes", "echo")),
            Map.entry("send", Set.of("id", "event", "data", "bytes")),
            Map.entry("request", Set.of("id", "event", "data", "bytes")),
            Map.entry("reply", Set.of("id", "data", "bytes")),
            Map.entry("error", Set.of("id", "code", "reason")),
            Map.entry("history", Set.of("id", "channel", "since", "limit", "backwards")),
            Map.entry("enter", Set.of("id", "channel", "data", "bytes")),
            Map.entry("update", Set.of("id", "channel", "data", "bytes")),
            Map.entry("leave", Set.of("id", "channel")),
            Map.entry("members", Set.of("id", "channel")));

    private static List<String> fences(String language) {
        return FENCE.matcher(DOCUMENT)
                .results()
                .filter(fence -> fence.group(1).equals(language))
                .map(fence -> fence.group(2))
                .toList();
    }

    /** Answers of HTTP are objects too, without a type. */
    private static List<String> examples() {
        return fences("json").stream()
                .flatMap(String::lines)
                .filter(line -> line.startsWith("{\"type\":"))
                .toList();
    }

    private static List<MatchResult> transcript() {
        return fences("text").stream()
                .flatMap(text -> SAID.matcher(text).results())
                .toList();
    }

    private static boolean isOfAClient(String frame) {
        Inbound inbound = JsonCodec.INSTANCE.decode(frame, FrameLimits.DEFAULT).get(0);
        JsonObject object = JsonParser.parseString(frame).getAsJsonObject();
        return !(inbound instanceof Inbound.Invalid)
                && object.keySet().stream()
                        .filter(field -> !field.equals("type"))
                        .allMatch(CLIENT_FIELDS.get(Vectors.type(inbound))::contains);
    }

    private static void assertIsOfAServer(String frame) {
        Outbound read = ServerFrames.parse(frame);
        assertThat(JsonCodec.INSTANCE.encode(read).text()).isEqualTo(frame);
    }

    @TestFactory
    Stream<DynamicTest> examples_areFrames() {
        return examples().stream()
                .map(frame -> dynamicTest(frame, () -> {
                    if (!isOfAClient(frame)) {
                        assertIsOfAServer(frame);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> transcript_isOfFrames() {
        return transcript().stream()
                .map(line -> dynamicTest(line.group(), () -> {
                    if (line.group(2).equals(">")) {
                        assertThat(isOfAClient(line.group(3))).isTrue();
                    } else {
                        assertIsOfAServer(line.group(3));
                    }
                }));
    }

    @Test
    void transcript_numbersWhatIsCounted() {
        List<MatchResult> lines = transcript();
        assertThat(lines).hasSizeGreaterThan(20);
        for (MatchResult line : lines) {
            String frame = line.group(3);
            boolean counted = line.group(2).equals(">")
                    ? JsonCodec.INSTANCE
                            .decode(frame, FrameLimits.DEFAULT)
                            .get(0)
                            .isCounted()
                    : JsonCodec.INSTANCE.encode(ServerFrames.parse(frame)).isCounted();
            assertThat(line.group(1) != null).as(line.group()).isEqualTo(counted);
        }
    }

    @Test
    void examples_coverEveryTypeInBothDirections() {
        Set<String> ofClients = new TreeSet<>();
        Set<String> ofServers = new TreeSet<>();
        for (String frame : examples()) {
            String type = Vectors.text(JsonParser.parseString(frame).getAsJsonObject(), "type");
            (isOfAClient(frame) ? ofClients : ofServers).add(type);
        }
        assertThat(ofClients).isEqualTo(new TreeSet<>(CLIENT_FIELDS.keySet()));
        // The types that both sides send may be taken for the client's.
        ofServers.addAll(List.of("ack", "ping", "pong", "request"));
        Set<String> known = Vectors.of("server-frames")
                .map(vector -> JsonParser.parseString(Vectors.text(vector, "frame"))
                        .getAsJsonObject()
                        .get("type")
                        .getAsString())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(ofServers).isEqualTo(known);
    }

    @Test
    void countedTypes_areListedAsTheyAre() {
        Set<String> counted = new TreeSet<>();
        Set<String> uncounted = new TreeSet<>();
        Vectors.of("client-frames").forEach(vector -> {
            String type = Vectors.text(vector.getAsJsonObject("decoded"), "type");
            (vector.get("counted").getAsBoolean() ? counted : uncounted).add(type);
        });
        assertRow("client to server", counted, uncounted);
        counted.clear();
        uncounted.clear();
        Vectors.of("server-frames").forEach(vector -> {
            String type = Vectors.text(
                    JsonParser.parseString(Vectors.text(vector, "frame")).getAsJsonObject(), "type");
            (vector.get("counted").getAsBoolean() ? counted : uncounted).add(type);
        });
        assertRow("server to client", counted, uncounted);
    }

    private static void assertRow(String name, Set<String> counted, Set<String> uncounted) {
        String[] cells = DOCUMENT.lines()
                .filter(line -> line.startsWith("| " + name + " |"))
                .findFirst()
                .orElseThrow()
                .split("\\|", -1);
        assertThat(code(cells[2])).isEqualTo(counted);
        assertThat(code(cells[3])).isEqualTo(uncounted);
    }

    /** What stands in back-ticks. */
    private static Set<String> code(String text) {
        return Pattern.compile("`([^`]+)`")
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void catalogues_areComplete() {
        assertThat(firstColumn("## 11. Errors", "## 12."))
                .isEqualTo(names(Arrays.stream(ErrorCode.values()).map(ErrorCode::wireName)));
        assertThat(firstColumn("### 9.1 Gaps", "### 9.2"))
                .isEqualTo(names(Arrays.stream(GapReason.values()).map(GapReason::name)));
        assertThat(firstColumn("| `outcome` |", "`position` is"))
                .as("a failure is an error, not an outcome")
                .isEqualTo(names(Arrays.stream(Outcome.values())
                        .filter(outcome -> outcome != Outcome.FAILED)
                        .map(outcome -> outcome.name().toLowerCase(Locale.ROOT))));
    }

    private static Set<String> names(Stream<String> names) {
        return names.collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> firstColumn(String from, String to) {
        return Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(part(from, to))
                .results()
                .map(match -> match.group(1))
                .filter(name -> !name.equals("reason") && !name.equals("code") && !name.equals("outcome"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String part(String from, String to) {
        int begin = DOCUMENT.indexOf(from);
        assertThat(begin).as(from).isNotNegative();
        int end = DOCUMENT.indexOf(to, begin);
        assertThat(end).as(to).isNotNegative();
        return DOCUMENT.substring(begin, end);
    }

    @Test
    void closeCodes_areTheCatalogue() {
        Set<String> documented = Pattern.compile("(?m)^\\| (\\d{4}) \\| ([^|]+) \\|")
                .matcher(part("The catalogue:", "## 13."))
                .results()
                .map(match -> match.group(1) + " " + match.group(2))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> known = Vectors.of("close-codes")
                .map(vector -> vector.get("code").getAsInt() + " " + Vectors.text(vector, "reason"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(documented).isEqualTo(known);
    }

    @Test
    void links_leadSomewhere() {
        Set<String> anchors = Pattern.compile("(?m)^#+ (.+)$")
                .matcher(DOCUMENT)
                .results()
                .map(heading -> anchor(heading.group(1)))
                .collect(Collectors.toSet());
        List<String> broken = new ArrayList<>();
        Matcher links = Pattern.compile("\\]\\(([^)]+)\\)").matcher(DOCUMENT);
        while (links.find()) {
            String target = links.group(1);
            boolean found = target.startsWith("#")
                    ? anchors.contains(target.substring(1))
                    : Files.exists(Path.of("..", "docs", target));
            if (!found) {
                broken.add(target);
            }
        }
        assertThat(broken).isEmpty();
    }

    private static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9 _-]", "")
                .strip()
                .replace(' ', '-');
    }
}
