package dev.tidings.testkit;

import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.Posted;
import dev.tidings.spi.Refusal;
import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import dev.tidings.spi.TransportSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A host for tests of transports: it has no connections, only links, and a {@link RecordingAttachment} for each.
 *
 * <p>Its executors are real threads, which end with {@link #close}. Any thread may use it.
 *
 * <pre>{@code
 * try (RecordingHost host = new RecordingHost(settings)) {
 *     servlet.connect(host);
 *     RecordingAttachment attachment = host.attached(Duration.ofSeconds(5));
 *     ...
 * }
 * }</pre>
 */
public final class RecordingHost implements TransportHost, AutoCloseable {

    private final TransportSettings settings;
    private final ExecutorService executor = Executors.newFixedThreadPool(2, RecordingHost::daemon);
    private final ExecutorService blocking = Executors.newCachedThreadPool(RecordingHost::daemon);
    private final BlockingQueue<RecordingAttachment> fresh = new LinkedBlockingQueue<>();
    private final List<RecordingAttachment> all = new CopyOnWriteArrayList<>();
    private final Time time;
    private final @Nullable RealTime ownTime;
    private volatile BiFunction<List<String>, Long, Posted> onPost = this::bringIn;
    private volatile @Nullable Refusal refusal;
    private volatile Consumer<RecordingAttachment> onAttach = attachment -> {};

    /**
     * A host that refuses nobody.
     *
     * @param settings what it says to transports
     */
    public RecordingHost(TransportSettings settings) {
        this.settings = settings;
        this.ownTime = new RealTime();
        this.time = ownTime;
    }

    /**
     * A host that refuses nobody, with a clock of the test's.
     *
     * @param settings what it says to transports
     * @param time the clock and the timer
     */
    public RecordingHost(TransportSettings settings, Time time) {
        this.settings = settings;
        this.ownTime = null;
        this.time = time;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "recording-host");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Refuses every link from now on.
     *
     * @param because what to answer, or null to admit them again
     */
    public void refuse(@Nullable Refusal because) {
        refusal = because;
    }

    /**
     * Does something inside of {@link #attach}, before it returns.
     *
     * @param action what
     */
    public void onAttach(Consumer<RecordingAttachment> action) {
        onAttach = action;
    }

    /**
     * The next link that was attached.
     *
     * @param patience how long to wait for it
     * @return its record
     * @throws AssertionError if none came
     */
    public RecordingAttachment attached(Duration patience) {
        try {
            RecordingAttachment next = fresh.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
            if (next != null) {
                return next;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError("No link was attached within " + patience);
    }

    /**
     * All links that were ever attached.
     *
     * @return a copy
     */
    public List<RecordingAttachment> attachments() {
        return List.copyOf(all);
    }

    @Override
    public Optional<Refusal> refuse(Handshake handshake) {
        return Optional.ofNullable(refusal);
    }

    @Override
    public Attachment attach(Handshake handshake, Link link) {
        RecordingAttachment attachment = new RecordingAttachment(link);
        all.add(attachment);
        onAttach.accept(attachment);
        fresh.add(attachment);
        return attachment;
    }

    /**
     * Decides what becomes of frames that come beside a link. Without a call, they are brought in to the link that was attached last.
     *
     * @param action gets the frames and their first number
     */
    public void onPost(BiFunction<List<String>, Long, Posted> action) {
        onPost = action;
    }

    @Override
    public CompletionStage<Posted> post(Handshake handshake, long first, List<String> posted) {
        return CompletableFuture.completedStage(onPost.apply(posted, first));
    }

    private Posted bringIn(List<String> posted, long first) {
        if (all.isEmpty()) {
            return Posted.GONE;
        }
        all.get(all.size() - 1).receive(first, posted);
        return new Posted(first + posted.size(), null);
    }

    @Override
    public Time time() {
        return time;
    }

    @Override
    public TransportSettings settings() {
        return settings;
    }

    @Override
    public Executor executor() {
        return executor;
    }

    @Override
    public Executor blocking() {
        return blocking;
    }

    /** Lets go of what is held and ends the threads. */
    @Override
    public void close() {
        all.forEach(RecordingAttachment::letGo);
        executor.shutdownNow();
        blocking.shutdownNow();
        if (ownTime != null) {
            ownTime.close();
        }
    }
}
