package dev.tidings.protocol;

/**
 * The form of an event's name: 1 to {@value #MAX_LENGTH} characters of {@code A-Z a-z 0-9 _ . : / ~ -}.
 *
 * <p>Some wires put the name of an event outside of the JSON, so it must not be able to break a line.
 */
public final class EventName {

    /** The longest name, in characters and bytes. */
    public static final int MAX_LENGTH = 64;

    private EventName() {}

    /**
     * Whether a text is an event's name.
     *
     * @param text the text
     * @return true if it is
     */
    public static boolean isValid(String text) {
        return text.length() <= MAX_LENGTH && ChannelName.isValid(text.replace('~', '-'));
    }

    /**
     * The name itself, if it is one.
     *
     * @param text the text
     * @return the same text
     * @throws IllegalArgumentException if it is not an event's name
     */
    public static String require(String text) {
        if (!isValid(text)) {
            throw new IllegalArgumentException(
                    "An event's name has 1 to " + MAX_LENGTH + " characters of A-Z a-z 0-9 _ . : / ~ -");
        }
        return text;
    }
}
