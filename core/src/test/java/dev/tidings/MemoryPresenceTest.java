package dev.tidings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.protocol.Member;
import dev.tidings.protocol.Payload;
import dev.tidings.protocol.PresenceChange;
import dev.tidings.spi.PresenceStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryPresenceTest {

    private final MemoryPresence store = new MemoryPresence();
    private final List<PresenceChange> changes = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void start() {
        store.start(changes::add);
    }

    @Test
    void enter_leave_tellsContiguousVersions() {
        store.enter("c", member("1", "ann", "1"));
        store.enter("c", member("2", null, "1"));
        store.enter("c", member("1", "ann", "2"));
        store.leave("c", "2");

        assertThat(changes)
                .containsExactly(
                        new PresenceChange("c", 1, List.of(member("1", "ann", "1")), List.of(), List.of()),
                        new PresenceChange("c", 2, List.of(member("2", null, "1")), List.of(), List.of()),
                        new PresenceChange("c", 3, List.of(), List.of(member("1", "ann", "2")), List.of()),
                        new PresenceChange("c", 4, List.of(), List.of(), List.of(member("2", null, "1"))));
        assertThat(snapshot("c")).isEqualTo(new PresenceStore.Snapshot(4, List.of(member("1", "ann", "2"))));
    }

    @Test
    void members_neverEntered_isEmptyAtZero() {
        assertThat(snapshot("c")).isEqualTo(new PresenceStore.Snapshot(0, List.of()));
    }

    @Test
    void enter_sameAgain_isNoChange() {
        store.enter("c", member("1", "ann", "1"));
        store.enter("c", member("1", "ann", "1"));

        assertThat(changes).hasSize(1);
    }

    @Test
    void leave_whoIsNotThere_isNoChange() {
        store.leave("c", "1");
        store.enter("c", member("1", "ann", "1"));
        store.leave("c", "2");

        assertThat(changes).hasSize(1);
    }

    @Test
    void channels_areApart() {
        store.enter("c", member("1", "ann", "1"));
        store.enter("d", member("1", "ann", "1"));
        store.leave("c", "1");

        assertThat(snapshot("d")).isEqualTo(new PresenceStore.Snapshot(1, List.of(member("1", "ann", "1"))));
        assertThat(snapshot("c")).isEqualTo(new PresenceStore.Snapshot(2, List.of()));
    }

    @Test
    void enter_afterItWasEmpty_goesOnCounting() {
        store.enter("c", member("1", "ann", "1"));
        store.leave("c", "1");
        store.enter("c", member("1", "ann", "1"));

        assertThat(changes).extracting(PresenceChange::version).containsExactly(1L, 2L, 3L);
    }

    /** A channel that was forgotten never shows a version that its subscribers have seen with other members. */
    @Test
    void enter_afterItWasForgotten_goesOnAboveAllThatWas() {
        for (int i = 0; i < 5; i++) {
            store.enter("old", member("1", "ann", "1"));
            store.leave("old", "1");
        }
        for (int i = 0; i < 10_001; i++) {
            store.enter("c" + i, member("1", "ann", "1"));
            store.leave("c" + i, "1");
        }
        changes.clear();
        store.enter("old", member("1", "ann", "1"));

        assertThat(changes).extracting(PresenceChange::version).containsExactly(11L);
        assertThat(snapshot("c10000").version()).isEqualTo(12);
    }

    @Test
    void isMember_userInSeveralPlaces_untilTheLastIsLeft() {
        store.enter("c", member("1", "ann", "1"));
        store.enter("d", member("1", "ann", "1"));
        store.enter("c", member("2", "ann", "1"));
        store.enter("c", member("1", "ann", "2"));
        assertThat(isMember("ann")).isTrue();
        assertThat(isMember("bob")).isFalse();

        store.leave("c", "1");
        store.leave("c", "2");
        assertThat(isMember("ann")).isTrue();
        store.leave("d", "1");
        assertThat(isMember("ann")).isFalse();
    }

    @Test
    void isMember_userOfAConnectionChanges_followsIt() {
        store.enter("c", member("1", "ann", "1"));
        store.enter("c", member("1", "bob", "1"));

        assertThat(isMember("ann")).isFalse();
        assertThat(isMember("bob")).isTrue();
    }

    @Test
    void close_listener_hearsNothingMore() {
        store.close();
        store.enter("c", member("1", "ann", "1"));

        assertThat(changes).isEmpty();
    }

    /** A listener that enters somebody itself is told of that afterwards, not inside of itself. */
    @Test
    void listener_entersOnItsPart_isToldInOrder() {
        List<Long> told = new ArrayList<>();
        MemoryPresence other = new MemoryPresence();
        other.start(change -> {
            if (change.version() < 4) {
                other.enter("c", member(Long.toString(change.version() + 1), null, "1"));
            }
            told.add(change.version());
        });
        other.enter("c", member("1", null, "1"));

        assertThat(told).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void changes_manyThreads_areToldOnceInOrder() throws Exception {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                String connection = Integer.toString(t);
                runs.add(pool.submit(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        store.enter("c", member(connection, "ann", Integer.toString(i)));
                        store.leave("c", connection);
                    }
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            pool.shutdownNow();
        }

        assertThat(changes).hasSize(threads * 10_000);
        for (int i = 0; i < changes.size(); i++) {
            assertThat(changes.get(i).version()).isEqualTo(i + 1);
        }
        assertThat(isMember("ann")).isFalse();
    }

    private PresenceStore.Snapshot snapshot(String channel) {
        return store.members(channel).toCompletableFuture().join();
    }

    private boolean isMember(String user) {
        return store.isMember(user).toCompletableFuture().join();
    }

    private static Member member(String connection, String user, String data) {
        return new Member(connection, user, Payload.json(data));
    }
}
