package dev.tidings.examples.chat;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Optional;
import java.util.regex.Pattern;

/** What people and rooms may be called. The page has the same rules, so that it can say what is wrong before it asks. */
final class Names {

    /** 1 to 24 letters and digits of any script, with single spaces, dots, hyphens and low lines inside. */
    private static final Pattern USER =
            Pattern.compile("(?=.{1,24}$)[\\p{L}\\p{M}\\p{N}]+(?:[ ._-][\\p{L}\\p{M}\\p{N}]+)*");

    /** 1 to 32 small letters and digits, with single hyphens inside. */
    private static final Pattern ROOM = Pattern.compile("(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*");

    private static final int MAX_TOKEN = 512;

    private Names() {}

    static boolean isRoom(String name) {
        return ROOM.matcher(name).matches();
    }

    static boolean isUser(String name) {
        return USER.matcher(name).matches() && Normalizer.isNormalized(name, Normalizer.Form.NFC);
    }

    /** The name that a token holds. Tokens may travel in a header, which takes no letters beyond ASCII. */
    static Optional<String> userOf(String token) {
        if (token.length() > MAX_TOKEN || token.indexOf('+') >= 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(URLDecoder.decode(token, StandardCharsets.UTF_8)).filter(Names::isUser);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
