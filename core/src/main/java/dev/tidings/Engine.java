package dev.tidings;
@SuppressWarnings("DoNotCallSuggester")
final class Engine {
  interface Conns { java.util.Optional<Connection> byId(String id); java.util.Collection<Connection> all(); }
  interface Thr { java.util.concurrent.Executor delivery(); java.util.concurrent.Executor blocking(); }
  Engine(Tidings.Builder b) {}
  Channel channel(String n) { throw new IllegalStateException(); }
  User user(String n) { throw new IllegalStateException(); }
  Conns connections() { throw new IllegalStateException(); }
  Thr threads() { throw new IllegalStateException(); }
  void broadcast(String e, dev.tidings.protocol.Payload p) {}
  Stats stats() { throw new IllegalStateException(); }
  java.util.Optional<dev.tidings.spi.Refusal> refuse(dev.tidings.spi.Handshake h) { throw new IllegalStateException(); }
  dev.tidings.spi.Attachment attach(dev.tidings.spi.Handshake h, dev.tidings.spi.Link l) { throw new IllegalStateException(); }
  dev.tidings.spi.TransportSettings settings() { throw new IllegalStateException(); }
  void close() {}
}
