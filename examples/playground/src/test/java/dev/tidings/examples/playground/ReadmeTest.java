package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the README says is so. */
class ReadmeTest {

    private static final Path ROOT = Path.of("").toAbsolutePath().getParent().getParent();
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\((?!http)([^)#]+)\\)");

    private static final Pattern CURL_POST =
            Pattern.compile("curl -d '(.*?)' '?http://127\\.0\\.0\\.1:8080(/publish[^'\\s]*)");
    private static final Pattern CURL_GET = Pattern.compile("curl http://127\\.0\\.0\\.1:8080(/stats\\S*)");

    private static String readme;

    @BeforeAll
    static void read() throws IOException {
        readme = Files.readString(ROOT.resolve("README.md"));
    }

    private static String withoutIndentation(String code) {
        return code.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void java_isCompiled() throws IOException {
        String compiled = withoutIndentation(
                Files.readString(Path.of("src/test/java/dev/tidings/examples/playground/ReadmeSnippets.java")));

        List<String> blocks =
                JAVA.matcher(readme).results().map(block -> block.group(1)).toList();

        assertThat(blocks)
                .hasSizeGreaterThan(5)
                .allSatisfy(block -> assertThat(compiled).contains(withoutIndentation(block)));
    }

    /** The lines of the README for a playground. Those for the chat are tried where the chat is. */
    @Test
    void linesToTry_work() throws Exception {
        try (Playground playground = Playground.start(Options.parse("--port", "0"))) {
            Client client = new Client(playground.port());
            Client.Socket socket = client.open("/realtime/websocket?channel=news");
            assertThat(socket.next()).contains("welcome");
            List<MatchResult> posts = CURL_POST.matcher(readme).results().toList();
            List<MatchResult> gets = CURL_GET.matcher(readme).results().toList();
            assertThat(posts).hasSize(2);
            assertThat(gets).hasSize(1);

            assertThat(client.post(posts.get(0).group(2), posts.get(0).group(1)).statusCode())
                    .isEqualTo(200);
            assertThat(socket.next()).contains("\"message\"", "hello from curl");
            assertThat(client.post(posts.get(1).group(2), posts.get(1).group(1)).body())
                    .contains("\"published\":1000");
            for (int i = 0; i < 1000; i++) {
                assertThat(socket.next()).contains("again and again");
            }
            assertThat(client.get(gets.get(0).group(1)).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void versions_areThoseOfTheBuild() throws IOException {
        String build = Files.readString(ROOT.resolve("pom.xml"));

        assertThat(readme)
                .contains("| Jetty | " + property(build, "jetty.version") + " ")
                .contains("| Tomcat | " + property(build, "tomcat.version") + " ");
    }

    private static String property(String build, String name) {
        int begin = build.indexOf("<" + name + ">") + name.length() + 2;
        return build.substring(begin, build.indexOf("</" + name + ">"));
    }

    @Test
    void links_leadToFiles() {
        assertThat(LINK.matcher(readme).results().map(link -> link.group(1)))
                .isNotEmpty()
                .allSatisfy(link -> assertThat(ROOT.resolve(link)).exists());
    }
}
