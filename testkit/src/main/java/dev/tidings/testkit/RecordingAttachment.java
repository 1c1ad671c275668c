package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Link;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The core's side of a link as {@link RecordingHost} plays it: frames that a test puts in, and a record of every call.
 *
 * <p>Methods that wait take how long they may; all others return at once. Any thread may use it.
 *
 * <pre>{@code
 * RecordingAttachment attachment = host.attached(Duration.ofSeconds(5));
 * attachment.offer(Frame.counted("{}"));
 * attachment.link().wake();
 * assertThat(attachment.await(a -> a.writes() == 1, Duration.ofSeconds(5))).isTrue();
 * }</pre>
 */
public final class RecordingAttachment implements Attachment {

    /** So that a test which forgot to let go ends. */
    private static final Duration LONGEST_HOLD = Duration.ofSeconds(20);

    private final Link link;
    private volatile boolean settled = true;
    private volatile @Nullable String position;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();

    @GuardedBy("lock")
    private final List<String> received = new ArrayList<>();

    @GuardedBy("lock")
    private final List<Disconnect> detached = new ArrayList<>();

    @GuardedBy("lock")
    private final List<String> violations = new ArrayList<>();

    @GuardedBy("lock")
    private final Map<Thread, Integer> polledBy = new HashMap<>();

    // Used under the lock too; the checker cannot see it through a lambda.
    private int polled;
    private int writes;
    private int outstanding;
    private int mostOutstanding;
    private int held;
    private long events;

    @GuardedBy("lock")
    private int pollers;

    @GuardedBy("lock")
    private int receivers;

    @GuardedBy("lock")
    private boolean holding;

    RecordingAttachment(Link link) {
        this.link = link;
    }

    // ---- What a link calls ------------------------------------------------------------------------------------------

    @Override
    public void receive(String text) {
        lock.lock();
        try {
            if (!detached.isEmpty()) {
                violations.add("L5: receive began after detached");
            }
            if (++receivers > 1) {
                violations.add("L4: two threads bring in frames at the same time");
            }
            received.add(text);
            changed();
            hold();
            receivers--;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void receive(long first, Iterable<String> numbered) {
        numbered.forEach(this::receive);
    }

    @Override
    public @Nullable Frame poll() {
        lock.lock();
        try {
            if (++pollers > 1) {
                violations.add("L3: two threads poll at the same time");
            }
            hold();
            Frame frame = detached.isEmpty() ? frames.poll() : null;
            pollers--;
            if (frame != null) {
                polled++;
                polledBy.merge(Thread.currentThread(), 1, Integer::sum);
                mostOutstanding = Math.max(mostOutstanding, ++outstanding);
                changed();
            }
            return frame;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long nextNumber() {
        lock.lock();
        try {
            return polled + 1L;
        } finally {
            lock.unlock();
        }
    }

    /** True until a test says otherwise. */
    @Override
    public boolean isSettled() {
        return settled;
    }

    @Override
    public @Nullable String position() {
        return position;
    }

    /**
     * Says whether the handshake's wishes are done.
     *
     * @param value whether they are
     */
    public void settle(boolean value) {
        settled = value;
    }

    /**
     * Says where the client stands.
     *
     * @param text the position, or null
     */
    public void stand(@Nullable String text) {
        position = text;
    }

    @Override
    public void written() {
        lock.lock();
        try {
            writes++;
            outstanding = 0;
            changed();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void detached(Disconnect disconnect) {
        lock.lock();
        try {
            detached.add(disconnect);
            if (detached.size() > 1) {
                violations.add("L5: detached was called " + detached.size() + " times: " + detached);
            }
            changed();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void changed() {
        events++;
        changed.signalAll();
    }

    @GuardedBy("lock")
    private void hold() {
        if (holding) {
            holding = false;
            held++;
            changed();
            awaitLocked(() -> held == 0, LONGEST_HOLD);
        }
    }

    // ---- What a test calls ------------------------------------------------------------------------------------------

    /**
     * The link that was attached.
     *
     * @return the link
     */
    public Link link() {
        return link;
    }

    /**
     * Puts in a frame, without waking the link.
     *
     * @param frame the frame
     */
    public void offer(Frame frame) {
        lock.lock();
        try {
            frames.add(frame);
        } finally {
            lock.unlock();
        }
    }

    /** Takes out all frames that were not polled. */
    public void clear() {
        lock.lock();
        try {
            frames.clear();
        } finally {
            lock.unlock();
        }
    }

    /** The next call of {@link #poll} or {@link #receive(String)} stays inside until {@link #letGo}. */
    public void holdNext() {
        lock.lock();
        try {
            holding = true;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the held call go on. */
    public void letGo() {
        lock.lock();
        try {
            holding = false;
            held = 0;
            changed();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a call is held.
     *
     * @return true between {@link #holdNext} with a call after it, and {@link #letGo}
     */
    public boolean isHeld() {
        return read(() -> held) > 0;
    }

    /**
     * Waits for something to become true.
     *
     * @param condition what
     * @param patience how long to wait
     * @return whether it became true
     */
    public boolean await(Predicate<RecordingAttachment> condition, Duration patience) {
        lock.lock();
        try {
            return awaitLocked(() -> condition.test(this), patience);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the link has called nothing for a while.
     *
     * @param silence for how long
     * @param patience how long to wait for the silence
     * @return false if the link went on for all that time
     */
    public boolean awaitSilence(Duration silence, Duration patience) {
        lock.lock();
        try {
            long deadline = System.nanoTime() + patience.toNanos();
            while (System.nanoTime() - deadline < 0) {
                long before = events;
                if (!awaitLocked(() -> events != before, silence)) {
                    return true;
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean awaitLocked(BooleanSupplier condition, Duration patience) {
        long left = patience.toNanos();
        try {
            while (!condition.getAsBoolean()) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private int read(IntSupplier value) {
        lock.lock();
        try {
            return value.getAsInt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * What the link has brought in.
     *
     * @return a copy, in order
     */
    public List<String> received() {
        lock.lock();
        try {
            return List.copyOf(received);
        } finally {
            lock.unlock();
        }
    }

    /**
     * What the link has said of its end.
     *
     * @return what each call of {@code detached} said: one, if the link keeps its rules
     */
    public List<Disconnect> detachments() {
        lock.lock();
        try {
            return List.copyOf(detached);
        } finally {
            lock.unlock();
        }
    }

    /**
     * What the link did against the rules, as far as it can be seen from here.
     *
     * @return a copy; each begins with the number of the rule
     */
    public List<String> violations() {
        lock.lock();
        try {
            return List.copyOf(violations);
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many frames were polled.
     *
     * @return their number
     */
    public int polled() {
        return read(() -> polled);
    }

    /**
     * How many frames a thread has polled.
     *
     * @param thread the thread
     * @return their number
     */
    public int polledBy(Thread thread) {
        lock.lock();
        try {
            return polledBy.getOrDefault(thread, 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * How often {@code written} was called.
     *
     * @return the number of calls
     */
    public int writes() {
        return read(() -> writes);
    }

    /**
     * How many frames were polled since {@code written} was called last.
     *
     * @return their number
     */
    public int outstanding() {
        return read(() -> outstanding);
    }

    /**
     * The most that {@link #outstanding} ever was.
     *
     * @return the number
     */
    public int mostOutstanding() {
        return read(() -> mostOutstanding);
    }
}
