package dev.tidings.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Keys that were chosen so that all of them have one hash. */
class CollidingKeysTest {

    private static final FrameLimits ANY_SIZE = new FrameLimits(Integer.MAX_VALUE, 32, 1_000);

    /** Two to the power of {@code bits} keys: "Aa" and "BB" have the same hash, and so has whatever is made of them. */
    private static String object(int bits, int keys) {
        StringBuilder text = new StringBuilder("{");
        Set<Integer> hashes = new HashSet<>();
        for (int i = 0; i < keys; i++) {
            StringBuilder key = new StringBuilder();
            for (int bit = 0; bit < bits; bit++) {
                key.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            hashes.add(key.toString().hashCode());
            text.append(i == 0 ? "\"" : ",\"").append(key).append("\":0");
        }
        assertThat(hashes).hasSize(1);
        return text.append('}').toString();
    }

    private static Duration cpu(Runnable task) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            long begun = threads.getCurrentThreadCpuTime();
            task.run();
            least = Math.min(least, threads.getCurrentThreadCpuTime() - begun);
        }
        return Duration.ofNanos(least);
    }

    @Test
    void f73_aHundredThousandCollidingKeys_areRefusedBeforeTheyCost() {
        String keys = object(17, 100_000);
        String inPayload = "{\"type\":\"send\",\"event\":\"e\",\"data\":" + keys + "}";
        String inFrame = "{\"type\":\"ping\"," + keys.substring(1);

        for (String frame : new String[] {inPayload, inFrame}) {
            assertThat(JsonCodec.INSTANCE.decode(frame, ANY_SIZE))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Inbound.Invalid.class,
                            invalid -> assertThat(invalid.reason()).contains("more than 1000 keys"));
            assertThat(cpu(() -> JsonCodec.INSTANCE.decode(frame, ANY_SIZE))).isLessThan(Duration.ofMillis(50));
        }
    }

    @Test
    void f73_asManyCollidingKeysAsAreAllowed_costLittle() {
        String frame = "{\"type\":\"ping\"," + object(10, 999).substring(1);

        assertThat(JsonCodec.INSTANCE.decode(frame, ANY_SIZE)).singleElement().isInstanceOf(Inbound.Ping.class);
        assertThat(cpu(() -> JsonCodec.INSTANCE.decode(frame, ANY_SIZE))).isLessThan(Duration.ofMillis(50));
    }
}
