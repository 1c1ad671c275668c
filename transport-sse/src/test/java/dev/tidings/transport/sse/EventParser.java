package dev.tidings.transport.sse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads a stream of events, line by line as HTML's standard has it. Invalid UTF-8 is an error here. */
final class EventParser {

    /** What {@code EventSource} would fire. A comment, and a block without data, are events without data. */
    record Event(
            @Nullable String id,
            String name,
            @Nullable String data,
            @Nullable Integer retry,
            boolean comment) {}

    private final BufferedReader lines;
    private @Nullable String lastId;

    EventParser(InputStream in) {
        this.lines = new BufferedReader(new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
    }

    /** The next block; null at the end. */
    @Nullable
    Event next() throws IOException {
        String name = "message";
        StringBuilder data = null;
        Integer retry = null;
        boolean comment = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                return new Event(lastId, name, data == null ? null : data.toString(), retry, comment);
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(colon + 1);
            value = value.startsWith(" ") ? value.substring(1) : value;
            switch (field) {
                case "" -> comment = true;
                case "data" ->
                    data = data == null
                            ? new StringBuilder(value)
                            : data.append('\n').append(value);
                case "event" -> name = value;
                case "id" -> lastId = value;
                case "retry" -> retry = Integer.valueOf(value);
                default -> throw new AssertionError("A line that is no field: " + line);
            }
        }
        return null;
    }
}
