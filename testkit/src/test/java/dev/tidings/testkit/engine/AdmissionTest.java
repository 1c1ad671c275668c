package dev.tidings.testkit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.testkit.MemoryClient;
import dev.tidings.testkit.MemoryClientBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionTest {

    @ParameterizedTest
    @CsvSource({
        "https://app.example.com, app.example.com, true",
        "https://APP.example.com, app.example.com, true",
        "https://app.example.com, app.example.com:443, true",
        "https://app.example.com:8443, app.example.com:8443, true",
        "https://app.example.com, app.example.com:8443, false",
        "https://evil.example, app.example.com, false",
        "https://app.example.com.evil.example, app.example.com, false",
        "null, app.example.com, false",
        "https://friend.example, app.example.com, true",
        "http://friend.example, app.example.com, false",
    })
    void origin_sameOrNamed_isAdmitted(String origin, String hostHeader, boolean admitted) {
        try (Bench bench = new Bench(builder -> builder.allowOrigin("https://friend.example"))) {
            MemoryClient client = bench.connect(MemoryClient.acknowledging(bench.tidings)
                    .header("Origin", origin)
                    .header("Host", hostHeader));
            assertThat(client.isOpen()).isEqualTo(admitted);
            if (!admitted) {
                assertThat(client.refused().orElseThrow().disconnect().code()).isEqualTo(4003);
                assertThat(client.refused().orElseThrow().disconnect().httpStatus())
                        .isEqualTo(403);
            }
        }
    }

    @Test
    void origin_missing_admittedWithoutWhatBrowsersAddByThemselves() {
        try (Bench bench = new Bench()) {
            MemoryClient service = bench.connect(
                    MemoryClient.acknowledging(bench.tidings).header("Origin").principal("ann"));
            assertThat(service.isOpen()).isTrue();
            assertThat(bench.connection(service).user()).isEmpty();
            MemoryClient crossSite = bench.connect(
                    MemoryClient.acknowledging(bench.tidings).header("Origin").header("Sec-Fetch-Site", "cross-site"));
            assertThat(crossSite.refused()).isPresent();
        }
    }

    @Test
    void connectionsPerAddress_more_refusedUntilOneEnds() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(2, 0, 0)))) {
            MemoryClientBuilder builder = MemoryClient.plain(bench.tidings).address("203.0.113.7");
            MemoryClient first = bench.connect(builder);
            bench.connect(builder);
            MemoryClient third = bench.connect(builder);
            assertThat(third.refused().orElseThrow().disconnect()).isEqualTo(Disconnect.TOO_MANY_CONNECTIONS);
            assertThat(third.refused().orElseThrow().retryAfter()).isNotNull();
            assertThat(bench.connect(MemoryClient.plain(bench.tidings).address("203.0.113.8"))
                            .isOpen())
                    .isTrue();
            first.close(1000);
            bench.settle();
            assertThat(bench.connect(builder).isOpen()).isTrue();
        }
    }

    /** Else everybody behind one router is locked out when their network breaks. */
    @Test
    void connectionsPerAddress_atTheLimit_theyGoOnAllTheSame() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(2, 0, 2)))) {
            MemoryClientBuilder builder =
                    MemoryClient.acknowledging(bench.tidings).address("203.0.113.7");
            List<MemoryClient> all = List.of(bench.connect(builder), bench.connect(builder));
            for (MemoryClient client : all) {
                client.cut();
            }
            bench.settle();
            for (MemoryClient client : all) {
                client.resume();
                bench.settle();
                assertThat(client.refused()).isEmpty();
                assertThat(client.wire("resumed")).hasSize(1);
            }
            assertThat(bench.connect(builder).refused()).isPresent();
        }
    }

    /** To say that one goes on is no way around the limit. */
    @Test
    void connectionsPerAddress_goesOnWithNothing_isClosed() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(2, 0, 0)))) {
            MemoryClientBuilder builder =
                    MemoryClient.acknowledging(bench.tidings).address("203.0.113.7");
            MemoryClient first = bench.connect(builder);
            MemoryClient second = bench.connect(builder);
            first.resume(second.connection() + ".guess", 0);
            bench.settle();
            assertThat(first.closures()).contains(Disconnect.TOO_MANY_CONNECTIONS);
            assertThat(bench.tidings.stats().connections()).isEqualTo(2);
            assertThat(bench.tidings.stats().unauthenticated()).isZero();
        }
    }

    @Test
    void connectionsPerAddress_loopbackAndPrivate_areNotCounted() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(1, 0, 0)))) {
            for (String address : new String[] {"127.0.0.1", "10.1.2.3", "::1"}) {
                bench.connect(MemoryClient.plain(bench.tidings).address(address));
                assertThat(bench.connect(MemoryClient.plain(bench.tidings).address(address))
                                .isOpen())
                        .isTrue();
            }
        }
    }

    @Test
    void connectionsPerUser_more_closed() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(0, 2, 0)))) {
            bench.plain("ann");
            bench.plain("ann");
            assertThat(bench.plain("ann").closed()).hasValue(Disconnect.TOO_MANY_CONNECTIONS);
            assertThat(bench.plain("bob").isOpen()).isTrue();
        }
    }

    @Test
    void connectionsInAll_more_refused() {
        try (Bench bench = new Bench(builder -> builder.limits(limits -> limits.connections(0, 0, 1)))) {
            bench.plain();
            assertThat(bench.plain().refused().orElseThrow().disconnect()).isEqualTo(Disconnect.TOO_MANY_CONNECTIONS);
        }
    }
}
