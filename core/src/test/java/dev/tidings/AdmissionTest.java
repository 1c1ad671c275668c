package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {

    private static final String STRANGER = "203.0.113.7";

    private final Limits limits =
            new Limits.Builder().connections(3, 20, 10).unauthenticated(2).build();
    private final Admission admission = new Admission(new Origins(List.of()), limits, null);

    @Test
    void refuse_nothingSpeaksAgainst_isEmpty() {
        assertThat(admission.refuse(from(STRANGER), 0, false)).isEmpty();
    }

    @Test
    void refuse_stopping_saysSoAndWhenToComeBack() {
        assertThat(admission.refuse(from(STRANGER), 0, true))
                .contains(new Refusal(Disconnect.SHUTTING_DOWN, Duration.ofSeconds(5)));
    }

    /** Who hears of anything else is known to be of an origin that may read it. */
    @Test
    void refuse_otherOriginWhileStopping_isForbidden() {
        Handshake handshake = Handshake.builder("test")
                .header("Origin", List.of("https://evil.example"))
                .header("Host", List.of("good.example"))
                .build();

        assertThat(admission.refuse(handshake, 0, true))
                .get()
                .extracting(r -> r.disconnect().code())
                .isEqualTo(Disconnect.FORBIDDEN.code());
    }

    @Test
    void refuse_otherOrigin_isForbidden() {
        Handshake handshake = Handshake.builder("test")
                .header("Origin", List.of("https://evil.example"))
                .header("Host", List.of("good.example"))
                .build();

        Optional<Refusal> refusal = admission.refuse(handshake, 0, false);
        assertThat(refusal).get().extracting(r -> r.disconnect().httpStatus()).isEqualTo(403);
    }

    @Test
    void refuse_nodeIsFull_isTooMany() {
        assertThat(admission.refuse(from(STRANGER), 9, false)).isEmpty();
        assertTooMany(admission.refuse(from(STRANGER), 10, false));
    }

    @Test
    void refuse_unauthenticatedAtTheLimit_isTooManyUntilOneIsAuthenticated() {
        Handshake one = from(STRANGER);
        admission.opened(one);
        assertThat(admission.refuse(one, 0, false)).isEmpty();
        admission.opened(one);
        assertTooMany(admission.refuse(one, 0, false));

        admission.authenticated(one);
        assertThat(admission.refuse(one, 0, false)).isEmpty();
        assertThat(admission.refuse(from("203.0.113.8"), 0, false)).isEmpty();
    }

    @Test
    void refuse_linksAtTheLimit_isTooManyUntilOneIsGone() {
        Handshake one = from(STRANGER);
        for (int i = 0; i < 3; i++) {
            admission.opened(one);
            admission.authenticated(one);
        }
        assertTooMany(admission.refuse(one, 0, false));

        admission.closed(one, true);
        assertThat(admission.refuse(one, 0, false)).isEmpty();
    }

    /** However links come and go, the counts come back to nothing. */
    @Test
    void closed_allOfAnAddress_leavesNoCount() {
        Handshake one = from(STRANGER);
        for (int round = 0; round < 100; round++) {
            admission.opened(one);
            admission.opened(one);
            admission.authenticated(one);
            admission.closed(one, true);
            admission.closed(one, false);
        }
        // Nor the memory of an address: strangers have many.
        assertThat(admission).extracting("byAddress").asInstanceOf(MAP).isEmpty();
        admission.opened(one);
        assertThat(admission.refuse(one, 0, false)).isEmpty();
        admission.opened(one);
        assertTooMany(admission.refuse(one, 0, false));
    }

    @Test
    void limits_zero_isNoLimit() {
        Limits none =
                new Limits.Builder().connections(0, 0, 0).unauthenticated(0).build();
        Admission open = new Admission(new Origins(List.of()), none, null);
        for (int i = 0; i < 1_000; i++) {
            open.opened(from(STRANGER));
        }

        assertThat(open.refuse(from(STRANGER), 1_000_000, false)).isEmpty();
    }

    /** Behind most of these is a proxy, with everybody behind it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1",
                "::1",
                "0:0:0:0:0:0:0:1",
                "10.1.2.3",
                "192.168.1.1",
                "172.16.0.1",
                "169.254.1.1",
                "fe80::1",
                "fd00::1",
                "fc00::1",
                "unknown",
                "proxy.internal"
            })
    void opened_localAddress_isNotCounted(String address) {
        for (int i = 0; i < 10; i++) {
            admission.opened(from(address));
            admission.authenticated(from(address));
        }

        assertThat(admission.refuse(from(address), 0, false)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.7", "2001:db8::1", "172.32.0.1", "8.8.8.8"})
    void opened_publicAddress_isCounted(String address) {
        admission.opened(from(address));
        admission.opened(from(address));

        assertTooMany(admission.refuse(from(address), 0, false));
    }

    /** A network of 64 bits is what one household, or one virtual machine, is given. */
    @Test
    void opened_addressesOfOneNetwork_areOnePeer() {
        admission.opened(from("2001:db8:0:1::1"));
        admission.opened(from("2001:db8:0:1:dead:beef:0:2"));

        assertTooMany(admission.refuse(from("2001:db8:0:1::3"), 0, false));
        assertThat(admission.refuse(from("2001:db8:0:2::3"), 0, false)).isEmpty();

        admission.closed(from("2001:db8:0:1:dead:beef:0:2"), false);
        assertThat(admission.refuse(from("2001:db8:0:1::3"), 0, false)).isEmpty();
    }

    @Test
    void addressHeader_list_countsTheLast() {
        Admission behindProxy = new Admission(new Origins(List.of()), limits, "X-Forwarded-For");
        behindProxy.opened(forwarded("198.51.100.1, 203.0.113.7"));
        behindProxy.opened(forwarded("198.51.100.2,203.0.113.7"));

        assertTooMany(behindProxy.refuse(forwarded(" 203.0.113.7 "), 0, false));
        assertThat(behindProxy.refuse(forwarded("203.0.113.7, 198.51.100.1"), 0, false))
                .isEmpty();
    }

    @Test
    void addressHeader_absent_countsTheWire() {
        Admission behindProxy = new Admission(new Origins(List.of()), limits, "X-Forwarded-For");
        behindProxy.opened(from(STRANGER));
        behindProxy.opened(from(STRANGER));

        assertTooMany(behindProxy.refuse(from(STRANGER), 0, false));
    }

    private static void assertTooMany(Optional<Refusal> refusal) {
        assertThat(refusal).contains(new Refusal(Disconnect.TOO_MANY_CONNECTIONS, Duration.ofSeconds(5)));
    }

    private static Handshake from(String address) {
        return Handshake.builder("test").remoteAddress(address).build();
    }

    private static Handshake forwarded(String value) {
        return Handshake.builder("test")
                .remoteAddress("127.0.0.1")
                .header("X-Forwarded-For", List.of(value))
                .build();
    }
}
