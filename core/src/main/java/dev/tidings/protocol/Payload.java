package dev.tidings.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the application sends: one JSON value as text, or bytes. Carried, never interpreted.
 *
 * <p>JSON is checked once, when the payload is made, and then passes through untouched, except that line breaks between
 * tokens become spaces (so that a frame stays one line) and unpaired surrogates become U+FFFD. Bytes travel as base64, alike on
 * every transport.
 *
 * <p>Immutable and safe for any thread; bytes are copied on the way in and on the way out.
 *
 * <pre>{@code
 * channel.publish(Payload.json("{\"text\":\"hello\"}"));
 * channel.publish(Payload.string("hello"));
 * channel.publish(Payload.bytes(image));
 * }</pre>
 */
public final class Payload {

    /** The JSON value {@code null}: what a frame without data carries. */
    public static final Payload NULL = new Payload("null", null);

    private final @Nullable String json;
    private final byte @Nullable [] bytes;

    private Payload(@Nullable String json, byte @Nullable [] bytes) {
        this.json = json;
        this.bytes = bytes;
    }

    /**
     * A payload of one JSON value.
     *
     * @param json the text of exactly one JSON value by RFC 8259, at most 32 levels deep and with at most 1,000 object keys
     * @return the payload
     * @throws IllegalArgumentException if the text is not that; the message says where and why
     */
    public static Payload json(String json) {
        Objects.requireNonNull(json, "json");
        String text = Text.wellFormed(json);
        try {
            JsonText.check(text);
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not a JSON value: " + e.reason(), e);
        }
        return new Payload(JsonText.oneLine(text), null);
    }

    /**
     * A payload of one JSON string.
     *
     * @param value any text
     * @return the payload
     */
    public static Payload string(String value) {
        return new Payload(JsonText.quote(Text.wellFormed(value)), null);
    }

    /**
     * A payload of bytes.
     *
     * @param bytes the bytes, copied
     * @return the payload
     */
    public static Payload bytes(byte[] bytes) {
        return new Payload(null, bytes.clone());
    }

    /** JSON that a decoder has checked already. */
    static Payload checked(String json) {
        return new Payload(JsonText.oneLine(json), null);
    }

    /**
     * Whether this is bytes and not JSON.
     *
     * @return true for bytes
     */
    public boolean isBytes() {
        return bytes != null;
    }

    /**
     * The JSON text.
     *
     * @return one JSON value on one line
     * @throws IllegalStateException if this is bytes
     */
    public String json() {
        if (json == null) {
            throw new IllegalStateException("This payload is bytes, not JSON");
        }
        return json;
    }

    /**
     * The bytes.
     *
     * @return a copy of the bytes; of JSON its UTF-8
     */
    public byte[] bytes() {
        return bytes != null ? bytes.clone() : json().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The bytes as they travel.
     *
     * @return base64 with padding (RFC 4648, section 4)
     * @throws IllegalStateException if this is JSON
     */
    public String base64() {
        if (bytes == null) {
            throw new IllegalStateException("This payload is JSON, not bytes");
        }
        return Base64.getEncoder().encodeToString(bytes);
    }

    /**
     * The size that counts against limits.
     *
     * @return the number of bytes, or of UTF-8 bytes of the JSON
     */
    public int size() {
        return bytes != null ? bytes.length : Text.utf8Length(json(), json().length());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Payload that && Objects.equals(json, that.json) && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hashCode(json) + Arrays.hashCode(bytes);
    }

    /** The kind and the size; never the content, which does not belong into logs. */
    @Override
    public String toString() {
        return (isBytes() ? "bytes(" : "json(") + size() + ")";
    }
}
