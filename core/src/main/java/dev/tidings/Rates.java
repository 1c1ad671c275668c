package dev.tidings;

import dev.tidings.protocol.Inbound;

/** How often one client may do what. */
final class Rates {

    private static final double SECONDS_OF_MINUTE = 60;

    private final TokenBucket messages;
    private final TokenBucket bytes;
    private final TokenBucket subscribes;
    private final TokenBucket errors;

    Rates(Limits limits, long now) {
        messages = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, now);
        bytes = new TokenBucket(limits.bytesPerSecond, limits.byteBurst, now);
        subscribes = new TokenBucket(limits.subscribesPerSecond, limits.subscribeBurst, now);
        errors = new TokenBucket(limits.errorsPerMinute / SECONDS_OF_MINUTE, limits.errorsPerMinute, now);
    }

    /**
     * The carrier's own frames count in bytes only: a client that acknowledges much is not a client that says much. What costs the
     * application something, a token to look at, counts as a message.
     */
    boolean admits(Inbound inbound, int size, long now) {
        boolean message = inbound.isCounted() || inbound instanceof Inbound.Authenticate;
        return bytes.take(size, now) && (!message || messages.take(1, now));
    }

    boolean admitsSubscribe(long now) {
        return subscribes.take(1, now);
    }

    boolean admitsError(long now) {
        return errors.take(1, now);
    }
}
