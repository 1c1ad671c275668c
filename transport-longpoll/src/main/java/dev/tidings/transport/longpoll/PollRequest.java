package dev.tidings.transport.longpoll;

import dev.tidings.protocol.ChannelName;
import dev.tidings.spi.Handshake;
import dev.tidings.transport.servlet.HttpHandshake;
import dev.tidings.transport.servlet.MalformedRequestException;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a poll says.
 *
 * @param handshake for the host
 * @param hold how long it wants to be held when there is nothing to say
 */
record PollRequest(Handshake handshake, Duration hold) {

    private static final String TIMEOUT = "timeout";
    private static final String SINCE = "since";
    private static final int MAX_DIGITS = 18;

    /**
     * Reads a request.
     *
     * @param longest how long it may be held
     */
    static PollRequest read(HttpServletRequest request, Duration longest) throws MalformedRequestException {
        Handshake.Builder builder =
                HttpHandshake.read(request, PollLink.TRANSPORT).polling(true);
        Handshake said = builder.build();
        String since = only(said, SINCE);
        if (said.isAcknowledging() && since != null) {
            throw new MalformedRequestException(
                    "\"since\" is for plain clients; others say what they have by " + HttpHandshake.RECEIVED);
        }
        if (said.resume().map(resume -> resume.poll() < 1).orElse(false)) {
            throw new MalformedRequestException(HttpHandshake.POLL + " is needed with " + HttpHandshake.CONNECTION
                    + ": a number from 1 on, growing");
        }
        if (!said.parameters("channel").stream().allMatch(ChannelName::isValid)) {
            throw new MalformedRequestException("\"channel\" is not a channel's name");
        }
        return new PollRequest(builder.since(since).build(), hold(only(said, TIMEOUT), longest));
    }

    private static Duration hold(@Nullable String millis, Duration longest) throws MalformedRequestException {
        if (millis == null) {
            return longest;
        }
        if (millis.isEmpty() || !millis.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new MalformedRequestException("\"timeout\" is a number of milliseconds");
        }
        Duration wanted = millis.length() > MAX_DIGITS ? longest : Duration.ofMillis(Long.parseLong(millis));
        return wanted.compareTo(longest) < 0 ? wanted : longest;
    }

    private static @Nullable String only(Handshake said, String parameter) throws MalformedRequestException {
        List<String> values = said.parameters(parameter);
        if (values.size() > 1) {
            throw new MalformedRequestException("\"" + parameter + "\" comes once");
        }
        return values.isEmpty() ? null : values.get(0);
    }
}
