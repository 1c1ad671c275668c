package dev.tidings.examples.chat;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The page and the files that it is made of, from the class path. */
final class PageServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** The path of each file, and its type. */
    private static final Map<String, String> TYPES = Map.of(
            "index.html", "text/html",
            "chat.css", "text/css",
            "icon.svg", "image/svg+xml",
            "app.js", "text/javascript",
            "model.js", "text/javascript",
            "view.js", "text/javascript");

    /** Nothing from elsewhere, nothing inline, and no text that becomes markup. */
    private static final String CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
            + "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'; trusted-types 'none'";

    private final transient Map<String, byte[]> files = new TreeMap<>();

    private PageServlet() {
        TYPES.keySet().forEach(name -> files.put(name, read(name)));
    }

    static void register(ServletContext context) {
        ServletRegistration.Dynamic registration = context.addServlet("page", new PageServlet());
        registration.setAsyncSupported(true);
        registration.addMapping("", "/page/*");
    }

    private static byte[] read(String name) {
        try (InputStream in = PageServlet.class.getResourceAsStream("page/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo();
        String name = path == null || path.equals("/") ? "index.html" : path.substring(1);
        byte[] file = files.get(name);
        if (file == null) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        response.setContentType(TYPES.get(name));
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Cache-Control", "no-cache");
        response.setContentLength(file.length);
        response.getOutputStream().write(file);
    }
}
