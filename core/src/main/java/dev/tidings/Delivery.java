package dev.tidings;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import org.jspecify.annotations.Nullable;

/** One message on its way to the subscribers of a channel, encoded once per protocol. Used by one delivery task. */
final class Delivery {

    private final Outbound message;
    private @Nullable Codec codec;
    private @Nullable Frame frame;

    Delivery(Outbound message) {
        this.message = message;
    }

    Outbound message() {
        return message;
    }

    int size() {
        return message instanceof Outbound.Message published
                ? published.publication().payload().size()
                : 0;
    }

    /** The message in a protocol, or null if it cannot say it. Nearly always all receivers speak the same. */
    @Nullable
    Frame frame(Codec receivers) {
        if (codec != receivers) {
            codec = receivers;
            frame = receivers.encode(message);
        }
        return frame;
    }
}
