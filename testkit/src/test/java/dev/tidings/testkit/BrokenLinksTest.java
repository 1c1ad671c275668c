package dev.tidings.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.tidings.spi.TransportHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The contract is worth as much as what it catches: each of these links has one fault, and a test of that rule must fail. */
class BrokenLinksTest {

    // Tests of one class run in one thread, one after the other.
    private static BrokenLink.Fault fault = BrokenLink.Fault.NONE;

    @ParameterizedTest
    @EnumSource
    void contract_brokenLink_isCaughtByItsRule(BrokenLink.Fault broken) {
        fault = broken;
        List<String> failed =
                EngineTestKit.engine("junit-jupiter")
                        .selectors(selectClass(Contract.class))
                        .execute()
                        .testEvents()
                        .failed()
                        .stream()
                        .map((Event event) -> event.getTestDescriptor().getDisplayName())
                        .toList();
        if (broken == BrokenLink.Fault.NONE) {
            assertThat(failed).isEmpty();
        } else {
            assertThat(failed).anyMatch(name -> name.startsWith(broken.rule + " "));
        }
    }

    /** Not found by the build, which looks for other names. */
    static final class Contract extends TransportContract {
        private final List<BrokenLink> links = new ArrayList<>();

        @Override
        protected Fixture fixture() {
            return new Fixture() {
                @Override
                public Peer open(TransportHost host) {
                    BrokenLink link = new BrokenLink(fault, host);
                    links.add(link);
                    link.open();
                    return link;
                }

                @Override
                public void close() {
                    links.forEach(BrokenLink::letGo);
                }
            };
        }

        @Override
        protected Duration patience() {
            // Short where something is to fail anyway.
            return fault == BrokenLink.Fault.NONE ? Duration.ofSeconds(10) : Duration.ofMillis(250);
        }

        @Override
        protected Duration silence() {
            return Duration.ofMillis(20);
        }
    }
}
