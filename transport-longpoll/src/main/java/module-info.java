/** Carries connections over HTTP requests that wait for an answer. */
module dev.tidings.transport.longpoll {
    requires transitive dev.tidings.core;
    requires transitive dev.tidings.transport.servlet;
    requires static com.google.errorprone.annotations;
    requires static transitive jakarta.servlet;
    requires static transitive org.jspecify;

    exports dev.tidings.transport.longpoll;

    provides dev.tidings.transport.servlet.ServletTransport with
            dev.tidings.transport.longpoll.LongPollTransport;
}
