package dev.tidings;

import dev.tidings.protocol.Payload;
import dev.tidings.protocol.Publication;
import dev.tidings.spi.PresenceStore;
import dev.tidings.spi.PublishResult;
import java.util.concurrent.CompletionStage;

/** A channel by its name, for the application. */
record ChannelHandle(Engine engine, String name) implements Channel, Presence {

    @Override
    public CompletionStage<PublishResult> publish(Payload payload, PublishOptions options) {
        String except = options.except();
        return engine.publish(new Publication(name, options.event(), payload, null, except, except == null, null));
    }

    @Override
    public Presence presence() {
        return this;
    }

    @Override
    public int subscribers() {
        return engine.channels().subscribers(name);
    }

    @Override
    public CompletionStage<PresenceStore.Snapshot> members() {
        return engine.presence().members(name);
    }

    @Override
    public CompletionStage<Boolean> enter(Connection connection, Payload data) {
        if (data.size() > engine.limits().memberDataBytes) {
            throw new IllegalArgumentException(
                    "The data of a member has at most " + engine.limits().memberDataBytes + " bytes");
        }
        return live(connection).memberships().enter(name, data).thenApply(change -> change == Memberships.Change.DONE);
    }

    @Override
    public CompletionStage<Boolean> leave(Connection connection) {
        return live(connection).memberships().leave(name).thenApply(change -> change == Memberships.Change.DONE);
    }

    private static LiveConnection live(Connection connection) {
        if (connection instanceof LiveConnection live) {
            return live;
        }
        throw new IllegalArgumentException("Not a connection of this library's");
    }

    @Override
    public String toString() {
        return "Channel(" + name + ")";
    }
}
