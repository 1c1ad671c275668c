package dev.tidings;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Text;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends, on its link or by a request beside it: within its rates, and each counted frame once, into the mailbox.
 *
 * <p>It has no state of its own.
 */
final class Incoming {

    private static final Duration RETRY_POST = Duration.ofMillis(500);
    private static final String UNHANDLED = "Too many frames unhandled";

    private final Engine engine;
    private final LiveConnection connection;
    private final Codec codec;
    private final Outbox outbox;
    private final Mailbox mailbox;
    private final Requests requests;

    Incoming(Engine engine, LiveConnection connection, Outbox outbox, Mailbox mailbox, Requests requests) {
        this.engine = engine;
        this.connection = connection;
        this.codec = connection.codec();
        this.outbox = outbox;
        this.mailbox = mailbox;
        this.requests = requests;
    }

    /**
     * What became of a frame.
     *
     * @param goesOn whether the next one may be taken
     * @param fault the rule that the client broke
     */
    private record Taken(boolean goesOn, @Nullable Disconnect fault) {
        static final Taken YES = new Taken(true, null);
        static final Taken OVER = new Taken(false, null);

        static Taken not(Disconnect fault) {
            return new Taken(false, fault);
        }
    }

    /** A frame on a link; false if the link has ended by it. */
    boolean receive(LinkAttachment link, Inbound inbound, long number, int size) {
        Taken taken = take(link, inbound, number, size);
        if (taken.fault() != null) {
            link.fail(taken.fault());
        }
        return taken.goesOn();
    }

    /**
     * Frames that came by a request of their own. A fault is answered to the request and ends nothing, because the client can send them
     * again.
     */
    Posted post(long first, Iterable<String> frames) {
        long number = first;
        boolean again = false;
        for (String text : frames) {
            int size = Text.utf8Length(text);
            if (size > engine.limits().maxFrameBytes) {
                return new Posted(mailbox.expects(), new Refusal(Disconnect.TOO_LARGE, null));
            }
            for (Inbound inbound : LinkAttachment.decode(text, codec, engine.frameLimits())) {
                if (inbound.isCounted() && number++ < mailbox.expects()) {
                    again = true;
                    continue;
                }
                Taken taken = take(null, inbound, inbound.isCounted() ? number - 1 : 0, size);
                if (!taken.goesOn()) {
                    return stopped(inbound, taken.fault());
                }
            }
        }
        if (again) {
            // The answer to a poll that said so may be lost, and nothing else might ever be said.
            outbox.oweAckAgain();
            connection.signal();
        }
        return new Posted(mailbox.expects(), null);
    }

    private Posted stopped(Inbound inbound, @Nullable Disconnect fault) {
        if (fault == null) {
            // What follows the client's own word of the end is not wanted; what comes after another end is not taken.
            return inbound instanceof Inbound.Close ? new Posted(mailbox.expects(), null) : Posted.GONE;
        }
        boolean passes = fault.reconnect() == Disconnect.Reconnect.WITH_BACKOFF;
        return new Posted(mailbox.expects(), new Refusal(fault, passes ? RETRY_POST : null));
    }

    /** Takes a frame that came on a link, or, without one, beside it. */
    private Taken take(@Nullable LinkAttachment link, Inbound inbound, long number, int size) {
        if (!connection.rates().admits(inbound, size, engine.now())) {
            return Taken.not(Disconnect.RATE_LIMITED);
        }
        if (!inbound.isCounted()) {
            return control(link, inbound, size);
        }
        Mailbox.Receipt receipt =
                mailbox.accept(link, number, size, () -> engine.commands().handle(connection, inbound));
        if (receipt == Mailbox.Receipt.ACCEPTED) {
            requests.answered(inbound);
        }
        return taken(receipt, number);
    }

    private static Taken taken(Mailbox.Receipt receipt, long number) {
        return switch (receipt) {
            case ACCEPTED, DUPLICATE -> Taken.YES;
            case STALE -> Taken.OVER;
            case FULL -> Taken.not(Disconnect.RATE_LIMITED.because(UNHANDLED));
            case HOLE -> Taken.not(Disconnect.BAD_REQUEST.because("A frame is missing before number " + number));
        };
    }

    /** What the protocol itself answers, at once. */
    private Taken control(@Nullable LinkAttachment link, Inbound inbound, int size) {
        if (inbound instanceof Inbound.Ping) {
            outbox.owePong();
            connection.signal();
        } else if (inbound instanceof Inbound.Ack ack) {
            if (!outbox.acknowledge(ack.received())) {
                return Taken.not(Disconnect.BAD_REQUEST.because("More frames acknowledged than were sent"));
            }
        } else if (inbound instanceof Inbound.Close) {
            connection.closed(link);
            return Taken.OVER;
        } else if (inbound instanceof Inbound.Authenticate auth) {
            // It waits like any other frame, and within the same bounds.
            return taken(mailbox.accept(link, 0, size, () -> engine.refresh(connection, auth)), 0);
        } else if (inbound instanceof Inbound.Resume) {
            connection.fault(null, ErrorCode.BAD_REQUEST, "The connection is open already", null);
        }
        return Taken.YES;
    }
}
