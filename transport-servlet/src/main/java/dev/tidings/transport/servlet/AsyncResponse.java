package dev.tidings.transport.servlet;

import dev.tidings.spi.Time;
import dev.tidings.spi.TransportHost;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One response that is written without blocking, by whatever thread, and completed once.
 *
 * <p>The danger is in what comes too late: containers recycle a response when it is complete, and some then deliver a late byte to the
 * next client on the same TCP connection. So there is one owner at a time: whoever lifts {@link #requests} from 0 runs the loop until
 * nobody has asked again. Only the owner touches the container's request and response, only the owner completes, and it completes
 * after it has let go of both. What a container reports from elsewhere is noted down before it returns, and waits until the owner
 * has left a call that it may be in.
 *
 * <pre>{@code
 * AsyncResponse response = AsyncResponse.start(request, servletResponse, host, source);
 * response.wake();     // any thread, any time: there may be something to write
 * response.finish();   // what source has given is written, then it ends
 * response.abort(why); // it ends
 * }</pre>
 */
public final class AsyncResponse {

    /** What a response consists of. All methods are called by one thread at a time, with no lock held. */
    public interface Source {
        /**
         * The container takes more: what is next? Inside of this method, and only there, {@link AsyncResponse#head} sets the status and
         * headers, before the first piece, and {@link AsyncResponse#goOnElsewhere} gives the thread back.
         *
         * @return bytes that are not changed any more; null if there is nothing now
         */
        byte @Nullable [] next();

        /** The container has taken the piece that {@link #next} returned last. */
        void taken();

        /**
         * The response has ended, once.
         *
         * @param failure why it ended before it was finished, or null if all of it was written
         */
        void ended(@Nullable Throwable failure);
    }

    /** Something to do with the container's response. */
    @FunctionalInterface
    public interface Head {
        /**
         * Sets the status and headers.
         *
         * @param response the container's
         */
        void set(HttpServletResponse response);
    }

    /** Something to do with what the container owns. */
    @FunctionalInterface
    interface Touch {
        void run() throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(AsyncResponse.class.getPackageName());

    private static final long WAIT_NANOS = 1_000_000;
    private static final int WAITS = 500;

    private static final String NO_ASYNC =
            "A filter in front of this servlet, or the servlet's own registration, is not declared to support asynchronous"
                    + " processing. Set async-supported (<async-supported>true</async-supported>, @WebFilter(asyncSupported = true),"
                    + " or setAsyncSupported(true)) on the servlet and on every filter that is mapped to it";
    /** In the context, where it has been said: several applications may share these classes, and each wants to know. */
    private static final String SAID = AsyncResponse.class.getName() + ".noAsync";

    private final TransportHost host;
    private final Source source;

    // How often somebody asked for the loop since its owner last looked. A plain counter in place of a lock: the owner
    // calls the container.
    private final AtomicInteger requests = new AtomicInteger();

    // What others note down for the owner.
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    /** The container has said that it is over: nothing of it may be touched any more, nor is it to be completed. */
    private volatile boolean gone;
    /** The container has said that it takes bytes, and has not refused since. */
    private volatile boolean possible;

    private volatile boolean finishing;
    private volatile boolean over;

    /** The thread that is inside of a call to the container's request or response. */
    private volatile @Nullable Thread inside;

    // The owner's own; requests publishes it from one to the next.
    private @Nullable AsyncContext async;
    private @Nullable HttpServletResponse response;
    private @Nullable ServletOutputStream stream;
    private boolean inFlight;
    private boolean flushed;
    private boolean elsewhere;
    private Time.@Nullable Cancellable deadline;

    private AsyncResponse(
            TransportHost host,
            Source source,
            AsyncContext async,
            HttpServletResponse response,
            ServletOutputStream stream) {
        this.host = host;
        this.source = source;
        this.async = async;
        this.response = response;
        this.stream = stream;
    }

    /**
     * Whether a request can be answered later. If it cannot, the client is told, and the log, once for each application.
     *
     * @param request the request
     * @param servletResponse its response, not committed
     * @return false if it has been answered by 500
     * @throws IOException if the client is gone
     */
    public static boolean isSupported(HttpServletRequest request, HttpServletResponse servletResponse)
            throws IOException {
        if (request.isAsyncSupported()) {
            return true;
        }
        ServletContext application = request.getServletContext();
        if (application.getAttribute(SAID) == null) {
            application.setAttribute(SAID, true);
            LOG.log(Level.ERROR, NO_ASYNC);
        }
        Answer.broken(500, NO_ASYNC).send(servletResponse);
        return false;
    }

    /**
     * Takes a response from the thread that serves its request. The source is asked as soon as the container takes bytes, which is
     * after that thread has left the servlet.
     *
     * @param request the request
     * @param servletResponse its response, not committed
     * @param host whose executor to go on with, and whose clock
     * @param source what to answer
     * @return the response
     * @throws IOException if the client is gone
     */
    public static AsyncResponse start(
            HttpServletRequest request, HttpServletResponse servletResponse, TransportHost host, Source source)
            throws IOException {
        AsyncContext async = request.startAsync(request, servletResponse);
        // The container's clock never ends a request.
        async.setTimeout(0);
        ServletOutputStream stream = servletResponse.getOutputStream();
        AsyncResponse started = new AsyncResponse(host, source, async, servletResponse, stream);
        async.addListener(started.new Events());
        stream.setWriteListener(started.new Writable());
        return started;
    }

    // ---- What others want of it -------------------------------------------------------------------------------------

    /** There may be something to write. Any thread, also one that is inside of the source. */
    public void wake() {
        if (requests.getAndIncrement() == 0) {
            loop();
        }
    }

    /**
     * What the source has to say ends with what it says next. If the client does not take it within the send time-out, it is cut
     * off. Any thread.
     */
    public void finish() {
        finishing = true;
        wake();
    }

    /**
     * Ends it at once, in the middle of a piece if need be. Any thread.
     *
     * @param cause why, for {@link Source#ended}
     */
    public void abort(Throwable cause) {
        failure.compareAndSet(null, cause);
        wake();
    }

    /**
     * Whether it has ended.
     *
     * @return true if nothing more is written
     */
    public boolean isOver() {
        return over;
    }

    /**
     * Sets the status and headers. To be called inside of {@link Source#next} only.
     *
     * @param head what to set
     */
    public void head(Head head) {
        HttpServletResponse to = response;
        if (to != null) {
            touch(() -> head.set(to));
        }
    }

    /**
     * Gives the thread back: another one goes on with what there is. To be called inside of {@link Source#next} only, which then returns
     * null.
     */
    public void goOnElsewhere() {
        elsewhere = true;
    }

    /**
     * Does something with the container's request or response. By the owner only, that is, inside of {@link Source#next}.
     *
     * @return false if it was not done, or failed: then the response ends
     */
    boolean touch(Touch action) {
        inside = Thread.currentThread();
        try {
            // In this order: who notes down the end then either is seen here, or sees that somebody is inside.
            if (gone || failure.get() != null) {
                return false;
            }
            action.run();
            return true;
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
            return false;
        } finally {
            inside = null;
        }
    }

    // ---- The owner --------------------------------------------------------------------------------------------------

    private void loop() {
        int seen = requests.get();
        while (true) {
            while (advance()) {
                if (elsewhere) {
                    elsewhere = false;
                    if (goOn()) {
                        return;
                    }
                }
            }
            seen = requests.addAndGet(-seen);
            if (seen == 0) {
                return;
            }
        }
    }

    private boolean goOn() {
        try {
            host.executor().execute(this::loop);
            return true;
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
            return false;
        }
    }

    /** Does one thing; false if there is nothing to do until somebody asks again. */
    private boolean advance() {
        if (over) {
            return false;
        }
        if (gone || failure.get() != null) {
            end();
            return false;
        }
        boolean last = finishing;
        if (!isReady()) {
            if (last) {
                watch();
            }
            // Not ready, or broken.
            return failure.get() != null;
        }
        if (inFlight) {
            flushOrTake();
            return true;
        }
        byte[] piece = next();
        if (piece != null) {
            write(piece);
            return true;
        }
        if (last && !elsewhere) {
            end();
        }
        return elsewhere;
    }

    private byte @Nullable [] next() {
        try {
            return source.next();
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "A response could not be made", e);
            failure.compareAndSet(null, e);
            return null;
        }
    }

    private boolean isReady() {
        ServletOutputStream to = stream;
        if (!possible || to == null) {
            return false;
        }
        // Before the question: the container may answer by its listener on another thread before this one goes on.
        possible = false;
        touch(() -> {
            if (to.isReady()) {
                possible = true;
            }
        });
        return possible && failure.get() == null;
    }

    private void write(byte[] piece) {
        ServletOutputStream to = stream;
        if (to != null) {
            inFlight = true;
            flushed = false;
            touch(() -> to.write(piece));
        }
    }

    private void flushOrTake() {
        ServletOutputStream to = stream;
        if (!flushed && to != null) {
            flushed = true;
            touch(to::flush);
        } else {
            inFlight = false;
            source.taken();
        }
    }

    /** What is finished and does not get through is given up. */
    private void watch() {
        if (deadline == null) {
            deadline = host.time().schedule(host.settings().sendTimeout(), () -> {
                failure.compareAndSet(null, new IOException("The client did not take the end"));
                host.executor().execute(this::wake);
            });
        }
    }

    private void end() {
        over = true;
        Time.Cancellable pending = deadline;
        if (pending != null) {
            pending.cancel();
        }
        AsyncContext completing = async;
        async = null;
        response = null;
        stream = null;
        deadline = null;
        if (completing != null) {
            complete(completing);
        }
        Throwable why = failure.get();
        source.ended(why == null && gone && !finishing ? new IOException("The container has ended the request") : why);
    }

    /** A call like any other: whoever reports the end meanwhile waits, or it might complete the next client's request. */
    private void complete(AsyncContext completing) {
        inside = Thread.currentThread();
        try {
            if (!gone) {
                completing.complete();
            }
        } catch (RuntimeException e) {
            // The container has done so.
            LOG.log(
                    Level.DEBUG,
                    () -> "A response did not complete: " + e.getClass().getName());
        } finally {
            inside = null;
        }
    }

    // ---- The container ----------------------------------------------------------------------------------------------

    /** Something broke; when this returns, nobody touches the request any more, unless the wait for the owner was too long. */
    void broken(Throwable cause) {
        failure.compareAndSet(null, cause);
        wake();
        awaitOwner();
    }

    /**
     * Until the owner has left the container's calls. Not on the owner's own thread: some containers report an error from inside of
     * the write that failed.
     */
    void awaitOwner() {
        for (int i = 0; i < WAITS; i++) {
            Thread owner = inside;
            if (owner == null || owner == Thread.currentThread()) {
                return;
            }
            LockSupport.parkNanos(this, WAIT_NANOS);
        }
    }

    private static Throwable cause(@Nullable Throwable told) {
        return told != null ? told : new IOException("The container does not say why");
    }

    private final class Writable implements WriteListener {
        @Override
        public void onWritePossible() {
            possible = true;
            wake();
        }

        @Override
        public void onError(Throwable failed) {
            broken(cause(failed));
        }
    }

    private final class Events implements AsyncListener {
        @Override
        public void onComplete(AsyncEvent event) {
            gone = true;
            wake();
            awaitOwner();
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            broken(new IOException("The container has given up the request"));
        }

        @Override
        public void onError(AsyncEvent event) {
            broken(cause(event.getThrowable()));
        }

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
