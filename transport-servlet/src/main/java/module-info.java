/** What the transports on Jakarta Servlet share, and one servlet for all of them. */
module dev.tidings.transport.servlet {
    requires transitive dev.tidings.core;
    requires static com.google.errorprone.annotations;
    requires static transitive jakarta.servlet;
    requires static transitive org.jspecify;

    exports dev.tidings.transport.servlet;

    uses dev.tidings.transport.servlet.ServletTransport;
}
