/** Carries connections over Jakarta WebSocket. */
module dev.tidings.transport.websocket {
    requires transitive dev.tidings.core;
    requires transitive dev.tidings.transport.servlet;
    requires static com.google.errorprone.annotations;
    requires static transitive jakarta.servlet;
    requires static jakarta.websocket;
    requires static jakarta.websocket.client;
    requires static transitive org.jspecify;

    exports dev.tidings.transport.websocket;

    provides dev.tidings.transport.servlet.ServletTransport with
            dev.tidings.transport.websocket.WebSocketTransport;
}
