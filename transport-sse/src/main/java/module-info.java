/** Carries connections over Server-Sent Events. */
module dev.tidings.transport.sse {
    requires transitive dev.tidings.core;
    requires transitive dev.tidings.transport.servlet;
    requires static com.google.errorprone.annotations;
    requires static transitive jakarta.servlet;
    requires static transitive org.jspecify;

    exports dev.tidings.transport.sse;

    provides dev.tidings.transport.servlet.ServletTransport with
            dev.tidings.transport.sse.SseTransport;
}
