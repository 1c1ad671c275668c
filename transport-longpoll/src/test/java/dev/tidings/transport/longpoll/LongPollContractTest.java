package dev.tidings.transport.longpoll;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.examples.embedded.EmbeddedServer;
import dev.tidings.examples.embedded.EmbeddedServer.Container;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import dev.tidings.testkit.TransportContract;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

/**
 * The contract of links, over real polls. To the contract a link is one wire, so all polls of one peer are made one here, as the
 * core does: what a peer does not say to have comes again, and a peer that does not poll for a while is gone.
 */
class LongPollContractTest {

    @Nested
    class OnJetty extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Polls(Container.JETTY);
        }
    }

    @Nested
    class OnTomcat extends TransportContract {
        @Override
        protected Fixture fixture() {
            return new Polls(Container.TOMCAT);
        }
    }

    private static final Duration HOLD = Duration.ofMillis(300);
    private static final Duration AWAY = Duration.ofMillis(700);

    /** A server whose polls go to whatever host the contract brings. */
    private static final class Polls implements TransportContract.Fixture, ServletContextListener, TransportHost {
        private final EmbeddedServer server;
        private final AtomicInteger peers = new AtomicInteger();
        private final Map<String, Standing> standing = new ConcurrentHashMap<>();
        private final List<PollPeer> open = new java.util.concurrent.CopyOnWriteArrayList<>();
        private volatile TransportHost contract;

        Polls(Container container) {
            server = EmbeddedServer.start(container, 0, "", this);
        }

        @Override
        public void contextInitialized(ServletContextEvent event) {
            LongPollServlet.register(event.getServletContext(), this, "/poll");
        }

        @Override
        public TransportContract.Peer open(TransportHost host) {
            contract = host;
            PollPeer peer = new PollPeer(server.port(), "/poll", "peer." + peers.incrementAndGet());
            open.add(peer);
            return peer;
        }

        @Override
        public void close() {
            open.forEach(PollPeer::cut);
            server.close();
        }

        private TransportHost host() {
            return Objects.requireNonNull(contract);
        }

        @Override
        public Optional<Refusal> refuse(Handshake handshake) {
            return host().refuse(handshake);
        }

        @Override
        public Attachment attach(Handshake handshake, Link poll) {
            Handshake.Resume resume = handshake.resume().orElseThrow();
            Standing fresh = new Standing(host().time());
            Standing known = standing.putIfAbsent(resume.token(), fresh);
            if (known == null) {
                fresh.begin(link -> host().attach(handshake, link), poll);
                return fresh.turn(poll, resume.received());
            }
            return known.turn(poll, resume.received());
        }

        @Override
        public CompletionStage<Posted> post(Handshake handshake, long first, List<String> frames) {
            if (frames.equals(List.of(PollPeer.CLOSE))) {
                standing.get(handshake.resume().orElseThrow().token()).close(Disconnect.NORMAL);
                return CompletableFuture.completedStage(new Posted(first, null));
            }
            return host().post(handshake, first, frames);
        }

        @Override
        public Time time() {
            return host().time();
        }

        @Override
        public TransportSettings settings() {
            TransportSettings own = host().settings();
            return new TransportSettings(
                    own.maxFrameBytes(),
                    own.maxParts(),
                    own.sendTimeout(),
                    own.idleBackstop(),
                    own.drainFrames(),
                    own.drainBytes(),
                    HOLD,
                    own.keepAlive(),
                    own.streamAge());
        }

        @Override
        public Executor executor() {
            return host().executor();
        }

        @Override
        public Executor blocking() {
            return host().blocking();
        }
    }

    /** What stays while polls come and go. */
    private static final class Standing implements Link {
        private final Time time;
        private final ReentrantLock lock = new ReentrantLock();
        private final CompletableFuture<Attachment> attachment = new CompletableFuture<>();

        /** Whether there may be frames: polls come and go, and none of them is to look without being asked. */
        private volatile boolean wanted = true;

        @GuardedBy("lock")
        private final ArrayDeque<Frame> retained = new ArrayDeque<>();

        @GuardedBy("lock")
        private long lastNumber;

        @GuardedBy("lock")
        private @Nullable Link poll;

        @GuardedBy("lock")
        private @Nullable Disconnect closing;

        @GuardedBy("lock")
        private boolean over;

        @GuardedBy("lock")
        private Time.@Nullable Cancellable away;

        Standing(Time time) {
            this.time = time;
        }

        void begin(java.util.function.Function<Link, Attachment> attach, Link first) {
            lock.lock();
            try {
                poll = first;
            } finally {
                lock.unlock();
            }
            attachment.complete(attach.apply(this));
        }

        @Override
        public String transport() {
            return "poll";
        }

        @Override
        public void wake() {
            wanted = true;
            Link present = present();
            if (present != null) {
                present.wake();
            }
        }

        @Override
        public void close(Disconnect disconnect) {
            Link present;
            lock.lock();
            try {
                closing = closing == null ? disconnect : closing;
                present = poll;
            } finally {
                lock.unlock();
            }
            if (present != null) {
                present.close(disconnect);
            }
        }

        private @Nullable Link present() {
            lock.lock();
            try {
                return poll;
            } finally {
                lock.unlock();
            }
        }

        private @Nullable Disconnect closing() {
            lock.lock();
            try {
                return over && closing == null ? Disconnect.LINK_LOST : closing;
            } finally {
                lock.unlock();
            }
        }

        Attachment turn(Link link, long received) {
            Attachment contract = attachment.join();
            Turn turn;
            boolean again;
            lock.lock();
            try {
                again = poll == link;
                poll = link;
                if (away != null) {
                    away.cancel();
                }
                while (!retained.isEmpty() && lastNumber - retained.size() < received) {
                    retained.remove();
                }
                turn = new Turn(contract, link, new ArrayDeque<>(retained));
            } finally {
                lock.unlock();
            }
            Disconnect ended = closing();
            if (ended != null && !again) {
                link.close(ended);
            }
            return turn;
        }

        private void gone(Attachment contract, Link link) {
            Disconnect told;
            lock.lock();
            try {
                if (poll != link) {
                    return;
                }
                poll = null;
                told = closing;
                if (told == null) {
                    away = time.schedule(AWAY, () -> end(contract, Disconnect.LINK_LOST, true));
                    return;
                }
            } finally {
                lock.unlock();
            }
            end(contract, told, false);
        }

        private void end(Attachment contract, Disconnect disconnect, boolean ifAway) {
            Disconnect told;
            lock.lock();
            try {
                if (over || (ifAway && poll != null)) {
                    return;
                }
                over = true;
                told = closing != null ? closing : disconnect;
            } finally {
                lock.unlock();
            }
            contract.detached(told);
        }

        /** One poll's part in it. */
        private final class Turn implements Attachment {
            private final Attachment contract;
            private final Link link;
            private final ArrayDeque<Frame> again;

            Turn(Attachment contract, Link link, ArrayDeque<Frame> again) {
                this.contract = contract;
                this.link = link;
                this.again = again;
            }

            @Override
            public void receive(String text) {
                throw new AssertionError("A poll brings in nothing");
            }

            @Override
            public void receive(long first, Iterable<String> frames) {
                throw new AssertionError("A poll brings in nothing");
            }

            @Override
            public @Nullable Frame poll() {
                if (!again.isEmpty()) {
                    return again.remove();
                }
                if (!wanted) {
                    return null;
                }
                wanted = false;
                Frame frame = contract.poll();
                if (frame != null) {
                    wanted = true;
                    lock.lock();
                    try {
                        lastNumber++;
                        retained.add(frame);
                    } finally {
                        lock.unlock();
                    }
                }
                return frame;
            }

            @Override
            public long nextNumber() {
                lock.lock();
                try {
                    return lastNumber + 1 - again.size();
                } finally {
                    lock.unlock();
                }
            }

            @Override
            public boolean isSettled() {
                return true;
            }

            @Override
            public @Nullable String position() {
                return null;
            }

            @Override
            public void written() {
                contract.written();
            }

            @Override
            public void detached(Disconnect disconnect) {
                gone(contract, link);
            }
        }
    }
}
