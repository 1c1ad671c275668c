package dev.tidings.examples.playground;

import com.google.gson.Gson;
import dev.tidings.Tidings;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** {@code GET /stats}: all that {@link dev.tidings.Stats} tells, as one JSON object. */
final class StatsServlet extends JsonServlet {

    private static final long serialVersionUID = 1L;

    private final transient Gson gson = new Gson();
    private final transient Tidings tidings;

    StatsServlet(Tidings tidings) {
        super("GET");
        this.tidings = tidings;
    }

    @Override
    void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        send(response, 200, gson.toJson(tidings.stats()));
    }
}
