package dev.tidings;

import dev.tidings.protocol.Frame;
import java.util.HashSet;
import java.util.Set;

/** What an overflow has thrown away and the client has not been told yet. Guarded by the lock of its outbox. */
final class Loss {

    private boolean overflowed;
    private boolean direct;
    private final Set<String> channels = new HashSet<>(0);

    void begin() {
        overflowed = true;
    }

    /** Whether everything is thrown away until the client has been told. */
    boolean hasBegun() {
        return overflowed;
    }

    void add(Frame frame) {
        if (frame.channel() != null) {
            channels.add(frame.channel());
        } else {
            direct |= frame.isCounted();
        }
    }

    /** Nobody needs to be told of this channel any more. */
    void remove(String channel) {
        channels.remove(channel);
    }

    Outbox.Lost take() {
        if (!overflowed) {
            return Outbox.Lost.NOTHING;
        }
        Outbox.Lost lost = new Outbox.Lost(direct, Set.copyOf(channels));
        overflowed = false;
        direct = false;
        channels.clear();
        return lost;
    }
}
