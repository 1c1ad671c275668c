package dev.tidings.examples.chat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * The rooms, and the last messages of each.
 *
 * <p>Strangers make rooms and fill them, so everything here has a bound: the rooms, the messages of a room, and the memory of all
 * messages together. What gives way is what was not used for the longest time. For any number of threads.
 */
final class Rooms {

    /** The rooms that are always there, first to last. */
    static final List<String> GIVEN = List.of("lobby", "java", "random");

    /**
     * How much is kept.
     *
     * @param rooms rooms
     * @param messages messages of one room
     * @param bytes memory of all messages, about
     * @param idle how long an empty room stays
     */
    record Bounds(int rooms, int messages, long bytes, Duration idle) {
        static final Bounds DEFAULT = new Bounds(500, 50, 16L * 1024 * 1024, Duration.ofHours(1));
    }

    /** What opening a room came to. */
    enum Opening {
        NEW,
        KNOWN,
        FULL
    }

    private static final class Room {
        final ArrayDeque<Message> messages = new ArrayDeque<>();
        Instant used;

        Room(Instant used) {
            this.used = used;
        }
    }

    private final Bounds bounds;
    private final InstantSource clock;
    private final Stamps stamps;
    private final Predicate<String> inUse;
    private final Lock lock = new ReentrantLock();

    /** In the order of their last use. */
    @GuardedBy("lock")
    private final LinkedHashMap<String, Room> rooms = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("lock")
    private long bytes;

    /**
     * Makes the given rooms.
     *
     * @param inUse whether somebody is in a room
     */
    Rooms(Bounds bounds, InstantSource clock, Predicate<String> inUse) {
        this.bounds = bounds;
        this.clock = clock;
        this.stamps = new Stamps(clock);
        this.inUse = inUse;
        GIVEN.forEach(name -> rooms.put(name, new Room(clock.instant())));
    }

    /** Makes a room, if it is not there and there is space. */
    Opening open(String name) {
        lock.lock();
        try {
            Room known = rooms.get(name);
            if (known != null) {
                known.used = clock.instant();
                return Opening.KNOWN;
            }
            forgetUnused();
            if (rooms.size() >= bounds.rooms() && !forgetOne()) {
                return Opening.FULL;
            }
            rooms.put(name, new Room(clock.instant()));
            return Opening.NEW;
        } finally {
            lock.unlock();
        }
    }

    /** All rooms: the given ones, then the others by name. */
    List<String> names() {
        lock.lock();
        try {
            forgetUnused();
            List<String> names = new ArrayList<>(GIVEN);
            rooms.keySet().stream()
                    .filter(name -> !GIVEN.contains(name))
                    .sorted()
                    .forEach(names::add);
            return names;
        } finally {
            lock.unlock();
        }
    }

    /** The last messages of a room, the oldest first. */
    List<Message> recent(String name) {
        lock.lock();
        try {
            Room room = rooms.get(name);
            return room == null ? List.of() : List.copyOf(room.messages);
        } finally {
            lock.unlock();
        }
    }

    /** Keeps what somebody said in a room, and gives it a place in its order. */
    Message add(String name, String from, String text, String key) {
        lock.lock();
        try {
            Room room = rooms.computeIfAbsent(name, absent -> new Room(clock.instant()));
            Message message = stamps.stamp(from, text, key);
            room.used = clock.instant();
            room.messages.add(message);
            bytes += message.bytes();
            if (room.messages.size() > bounds.messages()) {
                bytes -= room.messages.remove().bytes();
            }
            makeSpace();
            return message;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a message back that could not be published. */
    void remove(String name, Message message) {
        lock.lock();
        try {
            Room room = rooms.get(name);
            if (room != null && room.messages.remove(message)) {
                bytes -= message.bytes();
            }
        } finally {
            lock.unlock();
        }
    }

    /** A message for one person. It is not kept. */
    Message aside(String from, String text, String key) {
        return stamps.stamp(from, text, key);
    }

    @GuardedBy("lock")
    private void makeSpace() {
        Iterator<Room> longestUnused = rooms.values().iterator();
        while (bytes > bounds.bytes() && longestUnused.hasNext()) {
            ArrayDeque<Message> messages = longestUnused.next().messages;
            while (bytes > bounds.bytes() && !messages.isEmpty()) {
                bytes -= messages.remove().bytes();
            }
        }
    }

    @GuardedBy("lock")
    private void forgetUnused() {
        Instant limit = clock.instant().minus(bounds.idle());
        Iterator<Map.Entry<String, Room>> all = rooms.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<String, Room> room = all.next();
            if (room.getValue().used.isBefore(limit) && forgettable(room)) {
                all.remove();
            }
        }
    }

    @GuardedBy("lock")
    private boolean forgetOne() {
        Iterator<Map.Entry<String, Room>> longestUnused = rooms.entrySet().iterator();
        while (longestUnused.hasNext()) {
            if (forgettable(longestUnused.next())) {
                longestUnused.remove();
                return true;
            }
        }
        return false;
    }

    /** Whether a room may go, which then takes its messages along. */
    @GuardedBy("lock")
    private boolean forgettable(Map.Entry<String, Room> room) {
        if (GIVEN.contains(room.getKey()) || inUse.test(room.getKey())) {
            return false;
        }
        for (Message message : room.getValue().messages) {
            bytes -= message.bytes();
        }
        return true;
    }
}
