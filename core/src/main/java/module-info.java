/** Connections, channels and recovery: the API for applications and the SPI for transports and brokers. */
module dev.tidings.core {
    requires com.google.gson;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports dev.tidings;
    exports dev.tidings.protocol;
    exports dev.tidings.spi;
}
