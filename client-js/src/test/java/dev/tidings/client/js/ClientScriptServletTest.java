package dev.tidings.client.js;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClientScriptServletTest {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static final class Application implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            ClientScriptServlet.register(event.getServletContext(), "/static/tidings/");
        }
    }

    private static HttpResponse<String> send(EmbeddedServer server, String method, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/app" + path))
                .method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @ParameterizedTest
    @EnumSource
    void script_isServedAndValidated(Container container) throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start(container, 0, "/app", new Application())) {
            HttpResponse<String> script = send(server, "GET", "/static/tidings/tidings.js");
            assertThat(script.statusCode()).isEqualTo(200);
            assertThat(script.body()).isEqualTo(Files.readString(Path.of("src/tidings.js")));
            assertThat(header(script, "Content-Type").replace(" ", "").toLowerCase(java.util.Locale.ROOT))
                    .isEqualTo("text/javascript;charset=utf-8");
            assertThat(header(script, "Cache-Control")).isEqualTo("no-cache");
            assertThat(header(script, "X-Content-Type-Options")).isEqualTo("nosniff");

            String etag = header(script, "ETag");
            assertThat(etag).matches("\"[0-9a-f]{32}\"");
            for (String known : new String[] {etag, "\"other\", " + etag, "W/" + etag, "*"}) {
                HttpResponse<String> same = send(server, "GET", "/static/tidings/tidings.js", "If-None-Match", known);
                assertThat(same.statusCode()).as(known).isEqualTo(304);
                assertThat(same.body()).isEmpty();
                assertThat(header(same, "ETag")).isEqualTo(etag);
            }
            assertThat(send(server, "GET", "/static/tidings/tidings.js", "If-None-Match", "\"other\"")
                            .statusCode())
                    .isEqualTo(200);

            HttpResponse<String> types = send(server, "GET", "/static/tidings/tidings.d.ts");
            assertThat(types.body()).contains("export class Tidings");
            assertThat(header(types, "ETag")).isNotEqualTo(etag);

            HttpResponse<String> head = send(server, "HEAD", "/static/tidings/tidings.js");
            assertThat(head.statusCode()).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            assertThat(header(head, "Content-Length")).isEqualTo(Long.toString(Files.size(Path.of("src/tidings.js"))));
        }
    }

    @ParameterizedTest
    @EnumSource
    void everythingElse_isRefused(Container container) throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start(container, 0, "/app", new Application())) {
            for (String path : new String[] {
                "",
                "/",
                "/tidings",
                "/other.js",
                "/tidings.js/",
                "/%2e%2e/%2e%2e/LICENSE",
                "/..%2f..%2fLICENSE",
                "/../../../dev/tidings/client/js/ClientScriptServlet.class"
            }) {
                HttpResponse<String> response = send(server, "GET", "/static/tidings" + path);
                assertThat(response.statusCode()).as(path).isIn(400, 404);
            }
            for (String method : new String[] {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
                HttpResponse<String> response = send(server, method, "/static/tidings/tidings.js");
                assertThat(response.statusCode()).as(method).isEqualTo(405);
                assertThat(header(response, "Allow")).isEqualTo("GET, HEAD");
            }
        }
    }

    @Test
    void register_pathThatIsTakenOrNone_isRefused() {
        ServletContext context = (ServletContext) Proxy.newProxyInstance(
                ServletContext.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (self, method, arguments) -> null);
        assertThatThrownBy(() -> ClientScriptServlet.register(context, "/x"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/x");
        assertThatThrownBy(() -> ClientScriptServlet.register(context, "x"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void script_isWhereContainersLookForIt() {
        assertThat(ClientScriptServlet.class.getResource("/META-INF/resources/tidings/tidings.js"))
                .isNotNull();
        assertThat(ClientScriptServlet.class.getResource("/META-INF/resources/tidings/tidings.d.ts"))
                .isNotNull();
    }
}
