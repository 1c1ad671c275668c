package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Disconnect;
import dev.tidings.spi.Handshake;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LifeTest {

    private final Engine engine = new Engine(Tidings.builder()
            .time(new TestTime())
            .callbackExecutor(Runnable::run)
            .deliveryExecutor(Runnable::run));

    @AfterEach
    void close() {
        engine.close();
    }

    private LinkAttachment link(boolean polling) {
        return new LinkAttachment(
                engine,
                Handshake.builder("t").acknowledging(true).polling(polling).build(),
                new TestLink());
    }

    @Test
    void detach_stayingLink_isDetachedAndPollIsBetweenPolls() {
        LinkAttachment socket = link(false);
        Life life = new Life(socket);
        LinkAttachment poll = link(true);
        assertThat(life.detach(poll, 1)).isNull();
        assertThat(life.detach(socket, 1)).isNotNull();
        assertThat(life.now().phase()).isEqualTo(Life.Phase.DETACHED);

        assertThat(life.carry(poll)).isNotNull();
        assertThat(life.detach(poll, 2)).isNotNull();
        assertThat(life.now().isBetweenPolls()).isTrue();
        assertThat(life.now().since()).isEqualTo(2);
    }

    @Test
    void lapse_nextPollHasCome_changesNothing() {
        LinkAttachment first = link(true);
        Life life = new Life(first);
        life.detach(first, 1);
        Life.State between = life.now();
        LinkAttachment second = link(true);
        life.carry(second);
        assertThat(life.lapse(between, 9)).isFalse();
        assertThat(life.link()).isSameAs(second);

        life.detach(second, 5);
        assertThat(life.lapse(life.now(), 9)).isTrue();
        assertThat(life.now()).isEqualTo(new Life.State(Life.Phase.DETACHED, null, 9, null));
    }

    @Test
    void end_betweenPolls_isPartingUntilOnePollOrNone() {
        LinkAttachment first = link(true);
        Life life = new Life(first);
        life.detach(first, 1);
        life.end(Disconnect.FORBIDDEN, null);
        assertThat(life.isEnded()).isTrue();
        assertThat(life.carry(link(true))).isNull();

        LinkAttachment next = link(true);
        assertThat(life.lastCall(next)).isNotNull();
        assertThat(life.forget()).isFalse();
        assertThat(life.link()).isSameAs(next);
        assertThat(life.part(first)).isFalse();
        assertThat(life.part(next)).isTrue();
        assertThat(life.forget()).isTrue();
        assertThat(life.lastCall(link(true))).isNull();
        assertThat(life.now().end()).isEqualTo(Disconnect.FORBIDDEN);
    }

    @Test
    void end_detached_isOver() {
        LinkAttachment first = link(false);
        Life life = new Life(first);
        life.detach(first, 1);
        life.end(Disconnect.FORBIDDEN, null);
        assertThat(life.now().phase()).isEqualTo(Life.Phase.ENDED);
        assertThat(life.lastCall(link(true))).isNull();
        assertThat(life.end(Disconnect.NORMAL, null)).isNull();
    }

    @Test
    void end_whileAPollIsHeld_isHeardByItOrTheNext() {
        LinkAttachment first = link(true);
        Life life = new Life(first);
        life.end(Disconnect.FORBIDDEN, null);
        assertThat(life.now().phase()).isEqualTo(Life.Phase.ENDED);

        LinkAttachment next = link(true);
        assertThat(life.lastCall(next).link()).isSameAs(first);
        assertThat(life.part(first)).isFalse();
        assertThat(life.link()).isSameAs(next);
    }

    @Test
    void end_onlyByTheLinkThatCarriesIt() {
        LinkAttachment first = link(true);
        Life life = new Life(first);
        assertThat(life.end(Disconnect.NORMAL, link(true))).isNull();
        assertThat(life.end(Disconnect.NORMAL, first)).isNotNull();
    }
}
