package dev.tidings.protocol;

/**
 * Well-formedness and size of text: what a wire needs to know before it encodes.
 *
 * <p>Pure functions, for any thread.
 */
public final class Text {

    private Text() {}

    /**
     * The text itself, or a copy in which each unpaired surrogate is U+FFFD: some containers never send again after one.
     *
     * @param text any text
     * @return text that UTF-8 can encode
     */
    public static String wellFormed(String text) {
        int broken = brokenAt(text, 0);
        if (broken < 0) {
            return text;
        }
        StringBuilder mended = new StringBuilder(text);
        while (broken >= 0) {
            mended.setCharAt(broken, '\uFFFD');
            broken = brokenAt(text, broken + 1);
        }
        return mended.toString();
    }

    /**
     * Whether UTF-8 can encode a text: it has no unpaired surrogate.
     *
     * @param text any text
     * @return true if it can
     */
    public static boolean isWellFormed(String text) {
        return brokenAt(text, 0) < 0;
    }

    /**
     * The length of a text in UTF-8, without encoding it.
     *
     * @param text a well-formed text
     * @return the number of bytes
     */
    public static int utf8Length(String text) {
        return utf8Length(text, text.length());
    }

    /** Where the first unpaired surrogate at or after {@code from} is, or -1. */
    static int brokenAt(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                return i;
            }
        }
        return -1;
    }

    /** The UTF-8 length of the first {@code end} chars, which must be well-formed. */
    static int utf8Length(String text, int end) {
        int length = end;
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
            }
        }
        return length;
    }
}
