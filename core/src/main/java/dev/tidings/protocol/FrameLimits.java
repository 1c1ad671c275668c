package dev.tidings.protocol;

/**
 * What a decoder accepts at most.
 *
 * @param maxBytes the largest frame, in UTF-8 bytes
 * @param maxDepth the deepest nesting of JSON
 * @param maxKeys the most object keys of one frame, its payload included
 */
public record FrameLimits(int maxBytes, int maxDepth, int maxKeys) {

    /** 64 KiB, 32 levels, 1,000 keys. */
    public static final FrameLimits DEFAULT = new FrameLimits(64 * 1024, 32, 1_000);

    /**
     * Checks that all are positive.
     *
     * @param maxBytes the largest frame, in UTF-8 bytes
     * @param maxDepth the deepest nesting of JSON
     * @param maxKeys the most object keys of one frame, its payload included
     * @throws IllegalArgumentException if one is not
     */
    public FrameLimits {
        if (maxBytes < 1 || maxDepth < 1 || maxKeys < 1) {
            throw new IllegalArgumentException("Frame limits are positive");
        }
    }
}
