package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The page as it is served. */
class PageTest {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Pattern REFERENCE = Pattern.compile("(?:src|href)=\"([^\"#]+)\"|from \"([^\"]+)\"");

    private static Chat chat;

    @BeforeAll
    static void start() {
        chat = Chat.start(Options.parse("--port", "0"));
    }

    @AfterAll
    static void stop() {
        if (chat != null) {
            chat.close();
        }
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + chat.port() + path);
        return CLIENT.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    @Test
    void page_isStrictAboutItsContent() throws Exception {
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/html;");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; ")
                .doesNotContain("unsafe", "*", "http");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(page.body()).contains("anybody can be anybody").doesNotContain("style=", "onclick=", "http");
    }

    @Test
    void whatThePageRefersTo_isThere() throws Exception {
        for (String path : List.of("/", "/page/app.js", "/page/view.js", "/page/model.js")) {
            List<String> references = REFERENCE
                    .matcher(get(path).body())
                    .results()
                    .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
                    .toList();
            for (String reference : references) {
                String target = URI.create(path).resolve(reference).getPath();
                assertThat(get(target).statusCode()).as(target).isEqualTo(200);
            }
        }
    }

    @Test
    void scripts_neverMakeMarkupOfText() throws Exception {
        for (String path : List.of("/page/app.js", "/page/view.js", "/page/model.js")) {
            assertThat(get(path).body()).doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(");
        }
    }

    @Test
    void otherPaths_areNotThere() throws Exception {
        assertThat(get("/page/../Chat.class").statusCode()).isIn(400, 404);
        assertThat(get("/page/%2e%2e/Chat.class").statusCode()).isIn(400, 404);
        assertThat(get("/page/nothing.js").statusCode()).isEqualTo(404);
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
    }
}
