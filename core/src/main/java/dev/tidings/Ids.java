package dev.tidings;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/** Identifiers and secrets from a strong random source. */
final class Ids {

    private static final int ID_BYTES = 16;
    private static final int SECRET_BYTES = 32;

    private final SecureRandom random = new SecureRandom();

    /** A public id of 128 bits, in base64url. */
    String id() {
        return random(ID_BYTES);
    }

    /** A secret of 256 bits, in base64url. */
    String secret() {
        return random(SECRET_BYTES);
    }

    /** Whether two secrets are the same, in a time that does not tell where they differ. */
    static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private String random(int bytes) {
        byte[] value = new byte[bytes];
        random.nextBytes(value);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(value);
    }
}
