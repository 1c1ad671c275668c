package dev.tidings.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidings.examples.chat.Rooms.Bounds;
import dev.tidings.examples.chat.Rooms.Opening;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoomsTest {

    private final Set<String> used = new HashSet<>();
    private Instant now = Instant.parse("2026-11-24T10:00:00Z");

    private Rooms rooms(int rooms, int messages, long bytes) {
        return new Rooms(new Bounds(rooms, messages, bytes, Duration.ofHours(1)), () -> now, used::contains);
    }

    private static List<String> texts(Rooms rooms, String room) {
        return rooms.recent(room).stream().map(Message::text).toList();
    }

    @Test
    void givenRooms_areThereAndComeFirst() {
        Rooms rooms = rooms(10, 10, 10_000);

        assertThat(rooms.open("zebra")).isEqualTo(Opening.NEW);
        assertThat(rooms.open("ants")).isEqualTo(Opening.NEW);
        assertThat(rooms.open("ants")).isEqualTo(Opening.KNOWN);
        assertThat(rooms.open("lobby")).isEqualTo(Opening.KNOWN);

        assertThat(rooms.names()).containsExactly("lobby", "java", "random", "ants", "zebra");
    }

    @Test
    void aRoom_keepsTheLastMessages() {
        Rooms rooms = rooms(10, 3, 100_000);

        IntStream.rangeClosed(1, 5).forEach(i -> rooms.add("lobby", "ada", "n " + i, ""));

        assertThat(texts(rooms, "lobby")).containsExactly("n 3", "n 4", "n 5");
        assertThat(rooms.recent("java")).isEmpty();
        assertThat(rooms.recent("nowhere")).isEmpty();
    }

    @Test
    void messagesInOneMillisecond_haveTimesThatGrowAndIdsOfTheirOwn() {
        Rooms rooms = rooms(10, 50, 100_000);

        IntStream.range(0, 50).forEach(i -> rooms.add("lobby", "ada", "x", ""));

        List<Message> messages = rooms.recent("lobby");
        assertThat(messages).isSortedAccordingTo(Comparator.comparingLong(Message::at));
        assertThat(messages).extracting(Message::at).doesNotHaveDuplicates();
        assertThat(messages).extracting(Message::id).doesNotHaveDuplicates();
    }

    @Test
    void idsAfterARestart_areOthers() {
        assertThat(rooms(10, 10, 10_000).add("lobby", "ada", "x", "").id())
                .isNotEqualTo(rooms(10, 10, 10_000).add("lobby", "ada", "x", "").id());
    }

    @Test
    void memory_isTakenFromTheRoomThatWasUnusedForLongest() {
        Rooms rooms = rooms(10, 50, 5 * new Message("", 0, "", "12345", "").bytes());
        rooms.add("java", "ada", "java1", "");
        rooms.add("lobby", "ada", "lobb1", "");
        rooms.add("lobby", "ada", "lobb2", "");
        rooms.add("java", "ada", "java2", "");
        rooms.add("java", "ada", "java3", "");

        rooms.add("java", "ada", "java4", "");

        assertThat(texts(rooms, "lobby")).containsExactly("lobb2");
        assertThat(texts(rooms, "java")).containsExactly("java1", "java2", "java3", "java4");

        rooms.add("java", "ada", "java5", "");
        rooms.add("java", "ada", "java6", "");

        assertThat(texts(rooms, "lobby")).isEmpty();
        assertThat(texts(rooms, "java")).containsExactly("java2", "java3", "java4", "java5", "java6");
    }

    @Test
    void aRoomTooMany_takesThePlaceOfOneThatNobodyIsIn() {
        Rooms rooms = rooms(5, 10, 10_000);
        rooms.open("one");
        rooms.open("two");
        rooms.add("two", "ada", "x", "");
        used.add("one");

        assertThat(rooms.open("three")).isEqualTo(Opening.NEW);

        assertThat(rooms.names()).containsExactly("lobby", "java", "random", "one", "three");
        assertThat(rooms.recent("two")).isEmpty();
        used.add("three");
        assertThat(rooms.open("four")).isEqualTo(Opening.FULL);
    }

    @Test
    void aRoomThatIsNotUsed_isForgotten() {
        Rooms rooms = rooms(10, 10, 3 * new Message("", 0, "", "x", "").bytes());
        rooms.open("empty");
        rooms.open("full");
        rooms.add("empty", "ada", "x", "");
        rooms.add("lobby", "ada", "y", "");
        used.add("full");

        now = now.plus(Duration.ofMinutes(59));
        assertThat(rooms.names()).contains("empty");
        now = now.plus(Duration.ofMinutes(2));

        assertThat(rooms.names()).containsExactly("lobby", "java", "random", "full");
        assertThat(rooms.recent("empty")).isEmpty();
        // What it held counts no more: there is space for two beside the one in the lobby.
        rooms.add("java", "ada", "a", "");
        rooms.add("java", "ada", "b", "");
        assertThat(texts(rooms, "lobby")).containsExactly("y");
    }

    @Test
    void aMessageTakenBack_isGone() {
        Rooms rooms = rooms(10, 10, 10_000);
        Message message = rooms.add("lobby", "ada", "x", "");

        rooms.remove("lobby", message);
        rooms.remove("lobby", message);
        rooms.remove("nowhere", message);

        assertThat(rooms.recent("lobby")).isEmpty();
    }
}
