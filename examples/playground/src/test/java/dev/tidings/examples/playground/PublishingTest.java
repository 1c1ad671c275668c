package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.Channel;
import dev.tidings.Channel.PublishOptions;
import dev.tidings.Presence;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import dev.tidings.spi.PublishResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PublishingTest {

    private record Result(int count, Outcome outcome) {}

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    private Result publish(FakeChannel channel, int count) throws Exception {
        CompletableFuture<Result> result = new CompletableFuture<>();
        new Publishing(
                        timer,
                        channel,
                        Payload.NULL,
                        PublishOptions.DEFAULT,
                        count,
                        (published, outcome) -> result.complete(new Result(published, outcome)))
                .run();
        return result.get(60, TimeUnit.SECONDS);
    }

    @Test
    void room_takesAll() throws Exception {
        FakeChannel channel = new FakeChannel(call -> PublishResult.OK);

        assertThat(publish(channel, 25_000)).isEqualTo(new Result(25_000, Outcome.OK));
        assertThat(channel.calls).isEqualTo(25_000);
    }

    @Test
    void fullBacklog_isTriedAgainUntilEachIsIn() throws Exception {
        FakeChannel channel = new FakeChannel(call -> call % 3 == 0 ? PublishResult.OK : PublishResult.FAILED);

        assertThat(publish(channel, 100)).isEqualTo(new Result(100, Outcome.OK));
        assertThat(channel.accepted).isEqualTo(100);
    }

    @Test
    void noRoomForLong_isSaidWithTheCount() throws Exception {
        FakeChannel channel = new FakeChannel(call -> call <= 10 ? PublishResult.OK : PublishResult.FAILED);

        assertThat(publish(channel, 100)).isEqualTo(new Result(10, Outcome.FAILED));
        assertThat(channel.calls).isEqualTo(10 + Publishing.MAX_TRIES);
    }

    @Test
    void otherOutcome_isSaidAndNotTriedAgain() throws Exception {
        FakeChannel channel = new FakeChannel(call -> new PublishResult(Outcome.UNKNOWN, null));

        assertThat(publish(channel, 100)).isEqualTo(new Result(0, Outcome.UNKNOWN));
        assertThat(channel.calls).isEqualTo(1);
    }

    @Test
    void stoppedTimer_isSaid() throws Exception {
        timer.shutdownNow();

        assertThat(publish(new FakeChannel(call -> PublishResult.FAILED), 1)).isEqualTo(new Result(0, Outcome.FAILED));
    }

    private static final class FakeChannel implements Channel {

        private final IntFunction<PublishResult> results;
        private int calls;
        private int accepted;

        FakeChannel(IntFunction<PublishResult> results) {
            this.results = results;
        }

        @Override
        public CompletionStage<PublishResult> publish(Payload payload, PublishOptions options) {
            PublishResult result = results.apply(++calls);
            accepted += result.outcome() == Outcome.OK ? 1 : 0;
            return CompletableFuture.completedStage(result);
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Presence presence() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int subscribers() {
            return 0;
        }
    }
}
