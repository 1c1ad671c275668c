package dev.tidings.protocol;

/**
 * The form of a channel's name: 1 to {@value #MAX_LENGTH} characters of {@code A-Z a-z 0-9 _ . : / -}.
 *
 * <p>Names come from strangers and become keys, log lines and parts of URLs: a small alphabet keeps them harmless everywhere.
 * Names that begin with {@code $} belong to the library and are refused with all others outside of the alphabet.
 */
public final class ChannelName {

    /** The longest name, in characters and bytes. */
    public static final int MAX_LENGTH = 255;

    private ChannelName() {}

    /**
     * Whether a text is a channel's name.
     *
     * @param text the text
     * @return true if it is
     */
    public static boolean isValid(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!allowed(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * The name itself, if it is one.
     *
     * @param text the text
     * @return the same text
     * @throws IllegalArgumentException if it is not a channel's name
     */
    public static String require(String text) {
        if (!isValid(text)) {
            throw new IllegalArgumentException(
                    "A channel's name has 1 to " + MAX_LENGTH + " characters of A-Z a-z 0-9 _ . : / -");
        }
        return text;
    }

    private static boolean allowed(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '-' && c <= ':') || (c >= 'A' && c <= 'Z') || c == '_';
    }
}
