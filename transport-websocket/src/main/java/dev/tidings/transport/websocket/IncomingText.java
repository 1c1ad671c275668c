package dev.tidings.transport.websocket;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Text;
import dev.tidings.spi.TransportSettings;
import jakarta.websocket.MessageHandler;
import org.jspecify.annotations.Nullable;

/**
 * Puts messages together out of the parts in which containers give them, within limits of its own: those of containers differ,
 * and one has none. Called by one thread at a time.
 */
final class IncomingText implements MessageHandler.Partial<String> {

    private final WebSocketLink link;
    private final int maxBytes;
    private final int maxParts;

    private @Nullable StringBuilder collected;
    private int bytes;
    private int parts;

    IncomingText(WebSocketLink link, TransportSettings settings) {
        this.link = link;
        this.maxBytes = settings.maxFrameBytes();
        this.maxParts = settings.maxParts();
    }

    @Override
    public void onMessage(String part, boolean last) {
        if (link.isOver()) {
            reset();
        } else if (!fits(part)) {
            reset();
            link.end(Disconnect.TOO_LARGE, Disconnect.TOO_LARGE);
        } else if (!last) {
            if (collected == null) {
                collected = new StringBuilder();
            }
            collected.append(part);
        } else {
            String message = collected == null ? part : collected.append(part).toString();
            reset();
            deliver(message);
        }
    }

    private boolean fits(String part) {
        // The length of a half of a surrogate pair is half of the pair's, so parts may be counted one by one.
        int length = part.length() > maxBytes ? part.length() : Text.utf8Length(part);
        if (length > maxBytes - bytes || parts == maxParts) {
            return false;
        }
        bytes += length;
        parts++;
        return true;
    }

    private void reset() {
        collected = null;
        bytes = 0;
        parts = 0;
    }

    private void deliver(String message) {
        try {
            link.received(message);
        } catch (Throwable e) {
            Failures.unexpected("A frame was not taken", e);
            link.end(Disconnect.INTERNAL_ERROR, Disconnect.INTERNAL_ERROR);
        }
    }
}
