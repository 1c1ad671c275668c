package dev.tidings.testkit;

/** Which way bytes go through a {@link FaultProxy}. */
enum Direction {
    TO_SERVER,
    TO_CLIENT
}
