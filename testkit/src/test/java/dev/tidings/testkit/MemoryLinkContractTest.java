package dev.tidings.testkit;

import java.time.Duration;

class MemoryLinkContractTest extends TransportContract {

    @Override
    protected Fixture fixture() {
        return new MemoryFixture();
    }

    @Override
    protected Duration silence() {
        return Duration.ofMillis(50);
    }
}
