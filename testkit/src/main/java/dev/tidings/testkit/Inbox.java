package dev.tidings.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.tidings.protocol.Disconnect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** What has happened to a client. One leaf lock. */
final class Inbox {

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final List<ReceivedFrame> received = new ArrayList<>();

    @GuardedBy("lock")
    private final List<ReceivedFrame> wire = new ArrayList<>();

    @GuardedBy("lock")
    private final List<Disconnect> closures = new ArrayList<>();

    /** How many of {@code received} were taken. */
    @GuardedBy("lock")
    private int taken;

    void add(ReceivedFrame frame, boolean isNew) {
        lock.lock();
        try {
            wire.add(frame);
            if (isNew) {
                received.add(frame);
            }
        } finally {
            lock.unlock();
        }
    }

    void ended(Disconnect disconnect) {
        lock.lock();
        try {
            closures.add(disconnect);
        } finally {
            lock.unlock();
        }
    }

    List<ReceivedFrame> received() {
        lock.lock();
        try {
            return List.copyOf(received);
        } finally {
            lock.unlock();
        }
    }

    List<ReceivedFrame> take() {
        lock.lock();
        try {
            List<ReceivedFrame> fresh = List.copyOf(received.subList(taken, received.size()));
            taken = received.size();
            return fresh;
        } finally {
            lock.unlock();
        }
    }

    List<ReceivedFrame> wire() {
        lock.lock();
        try {
            return List.copyOf(wire);
        } finally {
            lock.unlock();
        }
    }

    List<Disconnect> closures() {
        lock.lock();
        try {
            return List.copyOf(closures);
        } finally {
            lock.unlock();
        }
    }
}
