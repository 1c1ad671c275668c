package dev.tidings.transport.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Link;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.LogRecord;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WebSocketLinkTest {

    private final FakeHost host = new FakeHost();
    private final FakeSocket socket = new FakeSocket();
    private final AtomicReference<Link> attached = new AtomicReference<>();

    WebSocketLinkTest() {
        host.onAttach = attached::set;
    }

    private Link link() {
        return attached.get();
    }

    private void offer(String... texts) {
        for (String text : texts) {
            host.attachment.outbox.add(Frame.counted(text));
        }
    }

    // ---- Opening ----------------------------------------------------------------------------------------------------

    @Test
    void open_anySocket_setsTheContainersClocks() {
        socket.open(host, false);

        assertThat(socket.calls).containsExactly("idle 105000", "sendTimeout 12000");
        assertThat(socket.userProperties)
                .containsEntry("org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT", 2_000L)
                .containsEntry("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", 5_000L)
                .containsEntry("org.apache.tomcat.websocket.ABNORMAL_SESSION_CLOSE_SEND_TIMEOUT", 200L);
    }

    @Test
    void wake_duringAttach_writesAfterwards() {
        host.onAttach = link -> {
            offer("early");
            link.wake();
        };

        socket.open(host, false);

        assertThat(socket.sent).containsExactly("early");
        assertThat(host.attachment.written).hasValue(1);
    }

    @Test
    void close_duringAttach_detachesOnceAndClosesTheSocket() {
        host.onAttach = link -> link.close(Disconnect.SHUTTING_DOWN);
        offer("never");

        socket.open(host, false);
        host.runAll();

        assertThat(host.attachment.detached).containsExactly(Disconnect.SHUTTING_DOWN);
        assertThat(socket.closes()).containsExactly("close 4203 Shutting down");
        assertThat(socket.sent).isEmpty();
    }

    @Test
    void open_hostThatThrows_closesTheSocket() {
        host.onAttach = link -> {
            throw new IllegalStateException("for the test");
        };

        List<LogRecord> warnings = LogCapture.during(() -> socket.open(host, false));
        host.runAll();

        assertThat(socket.closes()).containsExactly("close 4100 Internal error");
        assertThat(warnings).hasSize(1);
    }

    // ---- Writing ----------------------------------------------------------------------------------------------------

    @Test
    void write_resultsOnTheCallersThread_aMillionSendsWithoutRecursion() {
        AtomicInteger left = new AtomicInteger(1_000_000);
        AtomicInteger deepest = new AtomicInteger();
        socket.sending = (text, handler) -> {
            socket.sent.clear();
            if (left.decrementAndGet() > 0) {
                offer("x");
            }
            if (left.get() % 1_000 == 0) {
                deepest.accumulateAndGet(depth(), Math::max);
            }
            handler.onResult(new SendResult());
        };
        offer("x");
        socket.open(host, false);
        host.runAll();

        assertThat(left).hasValue(0);
        assertThat(host.attachment.written).hasValue(1_000_000);
        assertThat(deepest.get() - depth()).isLessThan(25);
    }

    private static int depth() {
        return StackWalker.getInstance().walk(frames -> Math.toIntExact(frames.count()));
    }

    @Test
    void f13_resultNeverComes_nothingElseIsSent() {
        socket.sending = (text, handler) -> {};
        offer("one", "two");
        socket.open(host, false);
        link().wake();
        host.runAll();

        assertThat(socket.sent).containsExactly("one");
        assertThat(host.attachment.written).hasValue(0);

        link().close(Disconnect.SLOW_CONSUMER);
        host.runAll();
        assertThat(host.attachment.detached).containsExactly(Disconnect.SLOW_CONSUMER);
        assertThat(socket.calls).endsWith("idle 5000", "close 4108 Slow consumer");
    }

    @Test
    void f14_resultComesTwice_theSecondIsNotTheNextOnes() {
        List<SendHandler> handlers = new ArrayList<>();
        socket.sending = (text, handler) -> handlers.add(handler);
        offer("one", "two", "three");
        socket.open(host, false);

        handlers.get(0).onResult(new SendResult());
        handlers.get(0).onResult(new SendResult());
        handlers.get(0).onResult(new SendResult(new IOException("late")));
        host.runAll();

        assertThat(socket.sent).containsExactly("one", "two");
        assertThat(host.attachment.written).hasValue(1);
        assertThat(host.attachment.detached).isEmpty();
    }

    static List<Throwable> thrown() {
        return List.of(new IllegalArgumentException("poison"), new IllegalStateException("busy"), new Error("poison"));
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void f11_sendThrows_endsOnceAndTellsThePeer(Throwable failure) {
        socket.sending = (text, handler) -> WebSocketLinkTest.<RuntimeException>sneak(failure);
        offer("one", "two");

        List<LogRecord> warnings = LogCapture.during(() -> {
            socket.open(host, false);
            host.runAll();
        });
        link().wake();

        assertThat(warnings).hasSize(1);
        assertThat(socket.sent).containsExactly("one");
        assertThat(host.attachment.detached).containsExactly(Disconnect.LINK_LOST);
        assertThat(socket.closes()).containsExactly("close 4100 Internal error");
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable failure) throws E {
        throw (E) failure;
    }

    @Test
    void write_sendFails_endsOnce() {
        socket.sending = (text, handler) -> handler.onResult(new SendResult(new IOException("reset")));
        offer("one", "two");

        LinkEndpoint endpoint = socket.open(host, false);
        endpoint.onError(socket.session, new IOException("reset"));
        host.runAll();

        assertThat(socket.sent).containsExactly("one");
        assertThat(host.attachment.detached).containsExactly(Disconnect.LINK_LOST);
        assertThat(socket.closes()).hasSize(1);
    }

    @Test
    void f10_eightThreadsWake_oneSendInFlightInOrder() throws Exception {
        int frames = 20_000;
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ExecutorService container = Executors.newFixedThreadPool(2);
        ExecutorService wakers = Executors.newFixedThreadPool(8);
        try {
            socket.sending = (text, handler) -> {
                most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                boolean inline = text.hashCode() % 3 == 0;
                Runnable end = () -> {
                    inFlight.decrementAndGet();
                    handler.onResult(new SendResult());
                };
                if (inline) {
                    end.run();
                } else {
                    container.execute(end);
                }
            };
            socket.open(host, false);
            AtomicInteger next = new AtomicInteger();
            CountDownLatch offered = new CountDownLatch(8);
            for (int i = 0; i < 8; i++) {
                wakers.execute(() -> {
                    while (true) {
                        boolean more = offerNext(next, frames);
                        link().wake();
                        if (!more) {
                            break;
                        }
                    }
                    offered.countDown();
                });
            }
            assertThat(offered.await(60, TimeUnit.SECONDS)).isTrue();
            while (host.attachment.written.get() < frames) {
                host.runAll();
                Thread.onSpinWait();
            }
        } finally {
            wakers.shutdownNow();
            container.shutdownNow();
        }

        assertThat(most).hasValue(1);
        assertThat(host.attachment.polledByTwo).isFalse();
        assertThat(socket.sent)
                .containsExactlyElementsOf(
                        IntStream.range(0, frames).mapToObj(Integer::toString).toList());
    }

    private final ReentrantLock offering = new ReentrantLock();

    private boolean offerNext(AtomicInteger next, int frames) {
        offering.lock();
        try {
            if (next.get() == frames) {
                return false;
            }
            offer(Integer.toString(next.getAndIncrement()));
            return true;
        } finally {
            offering.unlock();
        }
    }

    @Test
    void write_lines_joinsWhatThereIs() {
        List<SendHandler> handlers = new ArrayList<>();
        socket.sending = (text, handler) -> handlers.add(handler);
        offer("one", "two", "three");

        socket.open(host, true);
        handlers.get(0).onResult(new SendResult());
        offer("four");
        link().wake();

        assertThat(socket.sent).containsExactly("one\ntwo\nthree", "four");
        assertThat(host.attachment.written).hasValue(1);
    }

    @Test
    void write_lines_keepsMessagesSmall() {
        String frame = "x".repeat(5_000);
        offer(frame, frame, frame, frame, frame);
        for (int i = 0; i < 100; i++) {
            offer("y");
        }

        socket.open(host, true);
        host.runAll();

        assertThat(socket.sent).hasSize(3);
        assertThat(socket.sent.get(0)).isEqualTo(String.join("\n", frame, frame, frame, frame));
        // 64 frames are a drain's share, in however many messages.
        assertThat(socket.sent.get(1).split("\n")).hasSize(60);
        assertThat(String.join("\n", socket.sent).split("\n")).hasSize(105);
    }

    // ---- The end ----------------------------------------------------------------------------------------------------

    @Test
    void close_duringASend_endsAtOnceAndIgnoresTheResult() {
        List<SendHandler> handlers = new ArrayList<>();
        socket.sending = (text, handler) -> handlers.add(handler);
        offer("one", "two");
        LinkEndpoint endpoint = socket.open(host, false);

        link().close(Disconnect.FORBIDDEN);
        assertThat(host.attachment.detached).containsExactly(Disconnect.FORBIDDEN);
        handlers.get(0).onResult(new SendResult());
        link().wake();
        link().close(Disconnect.NORMAL);
        endpoint.onClose(socket.session, LinkEndpointTest.reason(1006, null));
        host.runAll();

        assertThat(socket.sent).containsExactly("one");
        assertThat(host.attachment.detached).containsExactly(Disconnect.FORBIDDEN);
        assertThat(socket.closes()).containsExactly("close 4003 Forbidden");
    }

    @Test
    void close_containerThatThrows_reachesNobody() {
        socket.closeFails = new IllegalStateException("closed");
        socket.open(host, false);

        link().close(Disconnect.NORMAL);
        host.runAll();

        assertThat(host.attachment.detached).containsExactly(Disconnect.NORMAL);
    }

    @Test
    void close_codeThatIsNeverSent_saysGoingAway() {
        socket.open(host, false);

        link().close(Disconnect.LINK_LOST);
        host.runAll();

        assertThat(socket.closes()).containsExactly("close 1001 Link lost");
    }

    @Test
    void f83_executorThatRejectsTheClose_stillDetaches() {
        host.blockingFails = new RejectedExecutionException("stopped");
        socket.open(host, false);

        link().close(Disconnect.NORMAL);

        assertThat(host.attachment.detached).containsExactly(Disconnect.NORMAL);
    }

    @Test
    void end_eightThreads_detachesOnce() throws Exception {
        for (int round = 0; round < 500; round++) {
            FakeHost racing = new FakeHost();
            FakeSocket raced = new FakeSocket();
            AtomicReference<Link> link = new AtomicReference<>();
            CountDownLatch go = new CountDownLatch(1);
            Thread[] enders = new Thread[4];
            racing.onAttach = it -> {
                link.set(it);
                for (int i = 0; i < enders.length; i++) {
                    enders[i] = new Thread(() -> {
                        try {
                            go.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        link.get().close(Disconnect.NORMAL);
                    });
                    enders[i].start();
                }
                go.countDown();
            };
            raced.open(racing, false);
            for (Thread ender : enders) {
                ender.join();
            }
            racing.runAll();

            assertThat(racing.attachment.detached).containsExactly(Disconnect.NORMAL);
            assertThat(raced.closes()).hasSize(1);
        }
    }

    @Test
    void end_socketThatTheContainerKeeps_holdsNothingOfTheCore() {
        socket.sending = (text, handler) -> {};
        offer("one");
        LinkEndpoint endpoint = socket.open(host, false);
        WebSocketLink link = (WebSocketLink) field(endpoint, "link");
        assertThat(fieldsOf(link)).doesNotContainNull();

        link.close(Disconnect.NORMAL);

        assertThat(fieldsOf(link)).containsOnlyNulls();
        assertThat(field(endpoint, "handshake")).isNull();
    }

    private static List<Object> fieldsOf(WebSocketLink link) {
        List<Object> values = new ArrayList<>();
        for (String name : List.of("session", "remote", "attachment", "drain")) {
            values.add(field(link, name));
        }
        return values;
    }

    private static Object field(Object owner, String name) {
        try {
            Field field = owner.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(owner);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
