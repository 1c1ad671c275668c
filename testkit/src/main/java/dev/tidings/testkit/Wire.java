package dev.tidings.testkit;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A link as its client sees it. */
interface Wire {

    /** The other end of it. */
    interface Peer {
        /** A frame has arrived. */
        void arrived(Wire wire, String text, @Nullable String position);

        /** The answer to a poll has arrived, and the poll is over. */
        default void answered(Wire wire, long first, List<String> texts, @Nullable String position) {
            texts.forEach(text -> arrived(wire, text, position));
        }

        /** The wire has ended. */
        void ended(Wire wire, Disconnect disconnect);
    }

    void open(Handshake handshake);

    /** From now on no write ends. */
    void stall();

    /** Writes end again. */
    void unstall();

    /** After so many frames more nothing arrives any more, in neither direction, and neither end is told. */
    void darkAfter(int frames);

    /** The wire ends, whoever ends it. */
    void end(Disconnect cause);
}
