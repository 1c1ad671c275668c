package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.Outbound;
import dev.tidings.spi.Attachment;
import dev.tidings.transport.servlet.HttpHandshake;
import java.util.Map;

/** Every frame as it is, a line feed between them. The number of the first counted one is in a header. */
final class Lines extends Batch {

    private static final String TYPE = "application/x-ndjson";
    private static final byte[] NOTHING = new byte[0];

    /** The number of the first counted frame; 0 until there is one. */
    private long first;

    @Override
    boolean take(Attachment from) {
        long number = first == 0 ? from.nextNumber() : first;
        Frame frame = from.poll();
        if (frame == null) {
            return false;
        }
        if (frame.isCounted()) {
            first = number;
        }
        add(frame, true);
        return true;
    }

    @Override
    Content farewell(Attachment from, Codec codec, Disconnect why) {
        Frame close = codec.encode(new Outbound.Close(why, null));
        if (close != null) {
            add(close, true);
        }
        return content(from);
    }

    @Override
    Content content(Attachment from) {
        long number = first == 0 ? from.nextNumber() : first;
        return new Content(
                TYPE, Map.of(HttpHandshake.FIRST, Long.toString(number)), joined(NOTHING, (byte) '\n', NOTHING));
    }
}
