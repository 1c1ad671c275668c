package dev.tidings.examples.chat;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** Gives messages their time and id: times that only grow, and ids that differ also from those before a restart. */
final class Stamps {

    private static final int RADIX = 36;

    private final InstantSource clock;
    private final String run = Integer.toUnsignedString(new SecureRandom().nextInt(), RADIX);
    private final AtomicLong last = new AtomicLong();

    Stamps(InstantSource clock) {
        this.clock = clock;
    }

    Message stamp(String from, String text, String key) {
        long now = clock.millis();
        long at = last.updateAndGet(before -> Math.max(before + 1, now));
        return new Message(run + "-" + Long.toString(at, RADIX), at, from, text, key);
    }
}
