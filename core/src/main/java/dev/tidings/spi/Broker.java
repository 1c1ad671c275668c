package dev.tidings.spi;

import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Publication;
import java.util.concurrent.CompletionStage;

/**
 * What brings publications from their publisher to every node that wants them. The default one knows only its own node.
 *
 * <p>Rules, each with its intent:
 * <ul>
 *   <li><b>B1</b> A publication reaches each interested node once, the publisher's own included. <i>There is one path, so local and
 *       remote subscribers see the same.</i>
 *   <li><b>B2</b> All nodes see one order per channel: the broker's. <i>Whoever reads a channel can compare notes.</i>
 *   <li><b>B3</b> {@link #subscribe} completes when whatever is published afterwards will arrive. <i>A client told "subscribed"
 *       misses nothing.</i>
 *   <li><b>B4</b> Calls to the listener for one channel come in the channel's order. Where calls for a channel without history
 *       overlap, the order in which the listener takes them is the order. <i>The core need not sort.</i>
 *   <li><b>B5</b> Interest is counted: as many {@link #unsubscribe} as {@link #subscribe} end it, in whatever order they arrive; also one that failed
 *       counts. <i>The core calls both outside of its locks.</i>
 *   <li><b>B6</b> After an outage every interest still wanted is restored, and {@link Listener#gap} says what may be missing.
 *       <i>Nothing is lost silently.</i>
 *   <li><b>B7</b> No method blocks and none waits for a receiver. <i>A publisher is never held up.</i>
 * </ul>
 */
public interface Broker extends AutoCloseable {

    /** Who is told what arrives. Its methods return at once. */
    interface Listener {
        /**
         * A publication has arrived.
         *
         * @param publication the publication, with its position where the channel has history
         */
        void publication(Publication publication);

        /**
         * Publications on a channel may be missing from here.
         *
         * @param channel the channel's name
         * @param reason why
         */
        void gap(String channel, GapReason reason);
    }

    /**
     * Starts, before anything else is called.
     *
     * @param listener who is told
     */
    void start(Listener listener);

    /**
     * Publishes.
     *
     * @param publication what; its position is null, the broker gives one where the channel has history
     * @return the result, when it is known; a failure is a result and no exception
     */
    CompletionStage<PublishResult> publish(Publication publication);

    /**
     * This node wants a channel's publications.
     *
     * @param channel the channel's name
     * @return completes by B3, exceptionally if it cannot be
     */
    CompletionStage<Void> subscribe(String channel);

    /**
     * One interest less.
     *
     * @param channel the channel's name
     */
    void unsubscribe(String channel);

    /**
     * Reads a channel's history. A broker that keeps none for the channel answers {@link HistoryResult#NONE}.
     *
     * @param request what to read
     * @return what is there
     */
    CompletionStage<HistoryResult> history(HistoryRequest request);

    /** Stops within bounded time; no call to the listener afterwards. */
    @Override
    void close();
}
