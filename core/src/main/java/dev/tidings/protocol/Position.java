package dev.tidings.protocol;

import java.util.Objects;

/**
 * A place in the history of one channel: the offset of a publication and its id.
 *
 * <p>To clients it is one opaque text ({@link #toString()}), which they give back to recover what came after. The id tells two
 * histories with equal offsets apart, so that a server which lost its tail never passes for the old one.
 *
 * @param offset the number of the publication in its channel, from 1; 0 is the place before the first
 * @param id what identifies the publication, 1 to 32 of {@code [A-Za-z0-9_]}
 */
public record Position(long offset, String id) {

    /** A place of which nothing is known but that it has passed: whatever follows it may be missing. */
    public static final Position UNKNOWN = new Position(0, "unknown");

    private static final int MAX_ID = 32;
    /** As many as the largest offset has. */
    private static final int MAX_DIGITS = 19;

    /**
     * Checks both parts.
     *
     * @param offset the number of the publication in its channel, from 1; 0 is the place before the first
     * @param id what identifies the publication, 1 to 32 of {@code [A-Za-z0-9_]}
     * @throws IllegalArgumentException if the offset is negative or the id has another form
     */
    public Position {
        Objects.requireNonNull(id, "id");
        if (offset < 0) {
            throw new IllegalArgumentException("An offset is not negative: " + offset);
        }
        if (!wellFormed(id)) {
            throw new IllegalArgumentException("The id of a position has 1 to 32 of [A-Za-z0-9_]");
        }
    }

    /**
     * Reads what {@link #toString()} wrote, and nothing else: it comes from strangers.
     *
     * @param text the text
     * @return the position
     * @throws IllegalArgumentException if the text is not a position
     */
    public static Position parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 1 || dash > MAX_DIGITS || text.length() > dash + 1 + MAX_ID) {
            throw new IllegalArgumentException("Not a position");
        }
        if (dash > 1 && text.charAt(0) == '0') {
            throw new IllegalArgumentException("The offset of a position has no zeros in front");
        }
        return new Position(offset(text, dash), text.substring(dash + 1));
    }

    private static long offset(String text, int end) {
        long offset = 0;
        for (int i = 0; i < end; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || offset > (Long.MAX_VALUE - digit) / 10) {
                throw new IllegalArgumentException("Not a position");
            }
            offset = offset * 10 + digit;
        }
        return offset;
    }

    /** The offset in decimal, a dash, the id. */
    @Override
    public String toString() {
        return offset + "-" + id;
    }

    private static boolean wellFormed(String id) {
        if (id.isEmpty() || id.length() > MAX_ID) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) {
                return false;
            }
        }
        return true;
    }
}
