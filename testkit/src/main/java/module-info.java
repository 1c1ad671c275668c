/** Contract tests for transports, brokers and stores, and tools for testing real-time applications. */
module dev.tidings.testkit {
    requires transitive dev.tidings.core;
    requires com.google.gson;
    requires static com.google.errorprone.annotations;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;
    requires static transitive org.jspecify;

    exports dev.tidings.testkit;
}
