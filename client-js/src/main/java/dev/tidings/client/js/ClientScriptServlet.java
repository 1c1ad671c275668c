package dev.tidings.client.js;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/**
 * Serves the browser client: {@code tidings.js}, and its types as {@code tidings.d.ts}. There is nothing else to be had from it, whatever the path.
 *
 * <p>Browsers ask each time whether they have the newest, and get 304 if they do: a page and its server are never of two versions for
 * longer than one request.
 *
 * <pre>{@code
 * public void contextInitialized(ServletContextEvent event) {
 *     ClientScriptServlet.register(event.getServletContext(), "/tidings");
 * }
 * }</pre>
 *
 * <pre>{@code
 * <script type="module">
 *   import { Tidings } from "/tidings/tidings.js";
 * </script>
 * }</pre>
 */
public final class ClientScriptServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final String DIRECTORY = "/META-INF/resources/tidings/";

    /** What is served, and as what. */
    private static final Map<String, String> TYPES =
            Map.of("/tidings.js", "text/javascript;charset=utf-8", "/tidings.d.ts", "text/plain;charset=utf-8");

    /** A file as it is answered. */
    private static final class Script {
        final byte[] content;
        final String type;
        final String etag;

        Script(byte[] content, String type, String etag) {
            this.content = content;
            this.type = type;
            this.etag = etag;
        }
    }

    // A servlet is serializable by its type only; no container writes one.
    private transient Map<String, Script> scripts = Map.of();

    /** A servlet, to be mapped to a path that ends with {@code /*}. */
    public ClientScriptServlet() {}

    /**
     * Registers a servlet. To be called while the context starts.
     *
     * @param context the web application
     * @param path the directory of the script below the context path: {@code /tidings} for {@code /tidings/tidings.js}
     * @throws IllegalArgumentException if the path does not begin with a slash
     * @throws IllegalStateException if something else is there already
     */
    public static void register(ServletContext context, String path) {
        String directory = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path must be like /tidings, but is " + path);
        }
        ServletRegistration.Dynamic registration =
                context.addServlet("tidings-client " + directory, new ClientScriptServlet());
        Set<String> taken = registration == null ? Set.of(path) : registration.addMapping(directory + "/*");
        if (registration == null || !taken.isEmpty()) {
            throw new IllegalStateException("Another servlet is mapped to " + taken + " already");
        }
        registration.setAsyncSupported(true);
        registration.setLoadOnStartup(1);
    }

    @Override
    public void init() throws ServletException {
        try {
            scripts = Map.of("/tidings.js", read("/tidings.js"), "/tidings.d.ts", read("/tidings.d.ts"));
        } catch (IOException e) {
            throw new ServletException("The browser client cannot be read", e);
        }
    }

    private static Script read(String name) throws IOException {
        try (InputStream in = ClientScriptServlet.class.getResourceAsStream(DIRECTORY + name.substring(1))) {
            if (in == null) {
                throw new IOException("It is not in this jar: " + name);
            }
            byte[] content = in.readAllBytes();
            return new Script(content, TYPES.getOrDefault(name, "application/octet-stream"), etag(content));
        }
    }

    private static String etag(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + HexFormat.of().formatHex(Arrays.copyOf(hash, 16)) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("Every Java has SHA-256", e);
        }
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        boolean head = request.getMethod().equals("HEAD");
        if (!head && !request.getMethod().equals("GET")) {
            response.setHeader("Allow", "GET, HEAD");
            response.setStatus(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        String name = request.getPathInfo();
        Script script = name == null ? null : scripts.get(name);
        if (script == null) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("ETag", script.etag);
        if (isKnown(request.getHeaders("If-None-Match"), script.etag)) {
            response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
            return;
        }
        response.setContentType(script.type);
        response.setContentLength(script.content.length);
        if (!head) {
            response.getOutputStream().write(script.content);
        }
    }

    private static boolean isKnown(Enumeration<String> headers, String etag) {
        while (headers.hasMoreElements()) {
            for (String known : headers.nextElement().split(",", -1)) {
                String tag = known.strip();
                // A proxy that compresses makes it a weak one.
                if (tag.equals("*") || tag.equals(etag) || tag.equals("W/" + etag)) {
                    return true;
                }
            }
        }
        return false;
    }
}
