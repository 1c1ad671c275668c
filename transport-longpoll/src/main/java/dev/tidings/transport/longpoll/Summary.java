package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.GapReason;
import dev.tidings.spi.Attachment;
import java.nio.charset.StandardCharsets;

/** One object with all that a plain client should know, and where it stands afterwards. */
final class Summary extends Batch {

    private static final byte[] BEGIN = "{\"messages\":[".getBytes(StandardCharsets.US_ASCII);
    private static final String NO_HISTORY = "\"reason\":\"" + GapReason.NO_HISTORY + "\"";

    private boolean gap;

    @Override
    boolean take(Attachment from) {
        Frame frame = from.poll();
        if (frame == null) {
            return false;
        }
        // What the carrier says of itself, such as "welcome", is of no use to a client that is gone with the answer.
        if (frame.isCounted()) {
            boolean isGap = frame.kind() == Frame.Kind.GAP;
            gap |= isGap;
            // Where nothing is kept, every poll begins with a gap: to answer that at once would make a poll a busy
            // loop.
            add(frame, !isGap || !frame.text().contains(NO_HISTORY));
        }
        return true;
    }

    @Override
    Content farewell(Attachment from, Codec codec, Disconnect why) {
        return content(from);
    }

    @Override
    Content content(Attachment from) {
        String position = from.position();
        String end = "]" + (position == null ? "" : ",\"next\":\"" + position + "\"") + (gap ? ",\"gap\":true}" : "}");
        return Content.of(joined(BEGIN, (byte) ',', end.getBytes(StandardCharsets.US_ASCII)));
    }
}
