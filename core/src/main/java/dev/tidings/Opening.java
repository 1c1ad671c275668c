package dev.tidings;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Text;
import dev.tidings.spi.Handshake;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A link before it carries a connection: who is it, or which connection does it go on with? Bounded in time, in frames and in
 * bytes, because the peer is a stranger.
 */
final class Opening {

    private static final System.Logger LOG = System.getLogger(Opening.class.getPackageName());
    /** How many frames a stranger may send: auth or resume, and a few mistakes. */
    private static final int MAX_FRAMES = 4;
    /** How much may wait for the verdict on credentials that came with the handshake. */
    private static final int MAX_EARLY_BYTES = 16 * 1024;

    private static final int MAX_EARLY_FRAMES = 64;

    private enum Phase {
        /** Its first frame says which connection it goes on with. */
        RESUME_AWAITED,
        /** Its first frame brings the credentials. */
        AUTH_AWAITED,
        /** The application is looking at the credentials. */
        AUTHENTICATING,
        /** It carries a connection, or has failed. */
        OVER
    }

    private final Engine engine;
    private final LinkAttachment attachment;
    private final long begunAt;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private Phase phase = Phase.AUTHENTICATING;

    @GuardedBy("lock")
    private int frames;

    /** Frames that came while the application looks at the handshake's credentials; handled when the connection is open. */
    @GuardedBy("lock")
    private final ArrayDeque<String> early = new ArrayDeque<>(0);

    @GuardedBy("lock")
    private int earlyBytes;

    Opening(Engine engine, LinkAttachment attachment) {
        this.engine = engine;
        this.attachment = attachment;
        this.begunAt = engine.now();
    }

    void begin() {
        Handshake handshake = attachment.handshake();
        Optional<Handshake.Resume> resume = handshake.resume();
        if (handshake.isAcknowledging() && resume.isPresent()) {
            enter(Phase.RESUME_AWAITED);
            resume(resume.get().token(), resume.get().received());
        } else if (handshake.isAcknowledging() && handshake.isResuming()) {
            enter(Phase.RESUME_AWAITED);
        } else {
            authenticate(Optional.empty(), null);
        }
    }

    /** True for whoever takes it from one phase to another, so that only one does. */
    private boolean move(Phase from, Phase to) {
        lock.lock();
        try {
            if (phase != from) {
                return false;
            }
            phase = to;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void enter(Phase to) {
        lock.lock();
        try {
            phase = to;
        } finally {
            lock.unlock();
        }
    }

    void over() {
        enter(Phase.OVER);
    }

    /** Whether frames are no business of this class any more. */
    boolean isOver() {
        lock.lock();
        try {
            return phase == Phase.OVER;
        } finally {
            lock.unlock();
        }
    }

    void sweep(long now) {
        if (now - begunAt > engine.limits().authTimeout.toNanos()) {
            refuse(Disconnect.AUTH_TIMEOUT);
        }
    }

    private void refuse(Disconnect disconnect) {
        over();
        attachment.finish(disconnect);
    }

    // ---- Frames -----------------------------------------------------------------------------------------------------

    void receive(String text, int size) {
        Phase now;
        Disconnect tooMuch;
        lock.lock();
        try {
            now = phase;
            tooMuch = now == Phase.AUTHENTICATING ? hold(text, size) : count(size);
        } finally {
            lock.unlock();
        }
        if (tooMuch != null) {
            refuse(tooMuch);
        } else if (now == Phase.OVER) {
            attachment.receive(text, size);
        } else if (now != Phase.AUTHENTICATING) {
            attachment.decode(text).forEach(inbound -> handle(now, inbound));
        }
    }

    @GuardedBy("lock")
    private @Nullable Disconnect hold(String text, int size) {
        early.add(text);
        earlyBytes += size;
        boolean tooMuch = early.size() > MAX_EARLY_FRAMES || earlyBytes > MAX_EARLY_BYTES;
        return tooMuch ? Disconnect.RATE_LIMITED : null;
    }

    @GuardedBy("lock")
    private @Nullable Disconnect count(int size) {
        if (phase == Phase.OVER) {
            return null;
        }
        if (size > engine.limits().maxFrameBytesBeforeAuth) {
            return Disconnect.TOO_LARGE;
        }
        return ++frames > MAX_FRAMES ? Disconnect.BAD_REQUEST.because("Too many frames before authentication") : null;
    }

    private void handle(Phase now, Inbound inbound) {
        if (inbound instanceof Inbound.Authenticate auth) {
            if (move(now, Phase.AUTHENTICATING)) {
                authenticate(Optional.of(auth.token()), auth.id());
            }
        } else if (inbound instanceof Inbound.Resume resume && now == Phase.RESUME_AWAITED) {
            resume(resume.token(), resume.received());
        } else if (inbound instanceof Inbound.Ping) {
            attachment.say(new Outbound.Pong());
        } else if (inbound instanceof Inbound.Close) {
            refuse(Disconnect.NORMAL);
        } else {
            String id = inbound instanceof Inbound.Command command ? command.id() : null;
            String wanted = now == Phase.RESUME_AWAITED ? "resume or auth" : "auth";
            attachment.say(new Outbound.Failure(id, ErrorCode.UNAUTHORIZED, "The first frame is " + wanted, null));
        }
    }

    // ---- Resume -----------------------------------------------------------------------------------------------------

    private void resume(String token, long received) {
        LiveConnection connection = engine.connections().resumable(token, attachment.handshake());
        if (connection == null) {
            gone();
        } else if (move(Phase.RESUME_AWAITED, Phase.OVER) && !connection.resume(attachment, received)) {
            enter(Phase.RESUME_AWAITED);
            gone();
        }
    }

    /**
     * There is nothing to go on with: say so, and go on as a new connection on the same link. A one-way wire says nothing before it is
     * known whether it is answered by a status; there {@code welcome} in place of {@code resumed} says it.
     */
    private void gone() {
        if (attachment.handshake().allowsAuthFrame()) {
            attachment.say(new Outbound.Failure(null, ErrorCode.GONE, "That connection is not here any more", null));
        }
        if (move(Phase.RESUME_AWAITED, Phase.AUTHENTICATING)) {
            authenticate(Optional.empty(), null);
        }
    }

    // ---- Authentication ---------------------------------------------------------------------------------------------

    private void authenticate(Optional<String> authFrame, @Nullable String id) {
        Authenticator.Credentials credentials =
                new Authenticator.Credentials(engine.trusted(attachment.handshake()), authFrame);
        engine.authenticate(credentials, verdict -> decided(verdict, authFrame.isPresent(), id));
    }

    private void decided(Authentication verdict, boolean byFrame, @Nullable String id) {
        switch (verdict.verdict()) {
            case ACCEPTED -> accept(verdict, byFrame, id);
            case REFUSED -> refuse(byFrame ? Disconnect.INVALID_TOKEN : Disconnect.UNAUTHORIZED);
            case MISSING -> {
                if (byFrame) {
                    refuse(Disconnect.INVALID_TOKEN);
                } else if (!attachment.handshake().allowsAuthFrame()) {
                    refuse(Disconnect.UNAUTHORIZED);
                } else {
                    awaitAuth();
                }
            }
        }
    }

    /** What came early is looked at again, one frame after the other: the token may be among it, and the rest stays behind it. */
    private void awaitAuth() {
        while (true) {
            String text;
            Disconnect tooMuch;
            lock.lock();
            try {
                if (phase != Phase.AUTHENTICATING) {
                    return;
                }
                text = early.poll();
                if (text == null) {
                    phase = Phase.AUTH_AWAITED;
                    return;
                }
                int size = Text.utf8Length(text);
                earlyBytes -= size;
                tooMuch = count(size);
            } finally {
                lock.unlock();
            }
            if (tooMuch != null) {
                refuse(tooMuch);
                return;
            }
            for (Inbound inbound : attachment.decode(text)) {
                if (inbound instanceof Inbound.Authenticate auth) {
                    authenticate(Optional.of(auth.token()), auth.id());
                    return;
                }
                handle(Phase.AUTH_AWAITED, inbound);
            }
        }
    }

    private void accept(Authentication verdict, boolean byFrame, @Nullable String id) {
        lock.lock();
        try {
            if (phase != Phase.AUTHENTICATING) {
                return;
            }
        } finally {
            lock.unlock();
        }
        Outbound.Authenticated accepted =
                byFrame ? new Outbound.Authenticated(id, verdict.user(), engine.expiresIn(verdict)) : null;
        if (!engine.open(attachment, verdict, accepted)) {
            over();
            return;
        }
        // Frames go on being held until those that came before them are handed over.
        while (true) {
            ArrayDeque<String> held;
            lock.lock();
            try {
                held = takeEarly();
                if (held.isEmpty()) {
                    phase = Phase.OVER;
                    return;
                }
            } finally {
                lock.unlock();
            }
            held.forEach(text -> attachment.receive(text, Text.utf8Length(text)));
        }
    }

    @GuardedBy("lock")
    private ArrayDeque<String> takeEarly() {
        ArrayDeque<String> held = new ArrayDeque<>(early);
        early.clear();
        earlyBytes = 0;
        return held;
    }

    /** Runs an authenticator and turns every way to fail into a refusal. */
    static CompletionStage<Authentication> ask(Authenticator authenticator, Authenticator.Credentials credentials) {
        CompletionStage<Authentication> asked;
        try {
            asked = authenticator.authenticate(credentials);
        } catch (Throwable e) {
            asked = CompletableFuture.failedStage(e);
        }
        if (asked == null) {
            asked = CompletableFuture.failedStage(new NullPointerException("The authenticator returned null"));
        }
        return asked.handle((verdict, failure) -> {
            if (failure != null || verdict == null) {
                LOG.log(System.Logger.Level.WARNING, "The authenticator failed; the client is refused", failure);
                return Authentication.refused();
            }
            return verdict;
        });
    }
}
