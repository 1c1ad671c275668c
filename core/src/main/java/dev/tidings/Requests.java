package dev.tidings;

import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.Time;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The server's questions to one client that have no answer yet. */
final class Requests {

    private static final int MAX_OPEN = 64;
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Engine engine;
    private final LiveConnection connection;
    private final AtomicLong number = new AtomicLong();
    private final ConcurrentHashMap<String, CompletableFuture<Payload>> open = new ConcurrentHashMap<>(2);

    Requests(Engine engine, LiveConnection connection) {
        this.engine = engine;
        this.connection = connection;
    }

    CompletionStage<Payload> ask(String event, Payload payload, Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("A time-out is positive, not " + timeout);
        }
        if (open.size() >= MAX_OPEN) {
            return failed(ErrorCode.LIMIT, "The client has " + MAX_OPEN + " questions to answer already");
        }
        String id = "s" + number.incrementAndGet();
        CompletableFuture<Payload> answer = new CompletableFuture<>();
        open.put(id, answer);
        Duration wait = timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout;
        Time.Cancellable timer =
                engine.time().schedule(wait, () -> fail(id, ErrorCode.TIMEOUT, "The client did not answer in time"));
        CompletionStage<Payload> over = answer;
        over.whenComplete((payloadOrNot, failure) -> timer.cancel());
        if (!connection.tell(new Outbound.Request(id, event, payload)) || !connection.isOpen()) {
            fail(id, ErrorCode.GONE, "The connection has ended or cannot take more");
        }
        return answer;
    }

    /**
     * The client's answer, if the frame is one. It does not wait in the mailbox: a handler may be waiting there for this very
     * answer.
     */
    void answered(Inbound inbound) {
        if (inbound instanceof Inbound.Answer answer) {
            CompletableFuture<Payload> asked = open.remove(answer.id());
            if (asked != null) {
                engine.runCallback(() -> asked.complete(answer.payload()));
            }
        } else if (inbound instanceof Inbound.Refusal refusal) {
            fail(refusal.id(), ErrorCode.UNKNOWN, "The client refused: " + refusal.code() + " " + refusal.reason());
        }
    }

    void end() {
        open.keySet().forEach(id -> fail(id, ErrorCode.GONE, "The connection has ended"));
    }

    private void fail(String id, ErrorCode code, String reason) {
        CompletableFuture<Payload> asked = open.remove(id);
        if (asked != null) {
            engine.runCallback(() -> asked.completeExceptionally(new RequestException(code, reason)));
        }
    }

    private static CompletionStage<Payload> failed(ErrorCode code, String reason) {
        return CompletableFuture.failedStage(new RequestException(code, reason));
    }
}
