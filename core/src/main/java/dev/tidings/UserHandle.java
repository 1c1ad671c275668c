package dev.tidings;

import dev.tidings.protocol.ChannelName;
import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.EventName;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Payload;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A user by its id, for the application. */
record UserHandle(Engine engine, String id) implements User {

    @Override
    public List<Connection> connections() {
        return List.copyOf(live());
    }

    private List<LiveConnection> live() {
        return engine.connections().ofUser(id);
    }

    @Override
    public CompletionStage<Boolean> isOnline() {
        return live().stream().anyMatch(LiveConnection::isAttached)
                ? CompletableFuture.completedStage(true)
                : engine.presence().isMember(id);
    }

    @Override
    public int send(String event, Payload payload) {
        return engine.send(live(), new Outbound.Direct(EventName.require(event), engine.checked(payload)));
    }

    @Override
    public CompletionStage<Integer> subscribe(String channel) {
        engine.rules().require(channel);
        CompletionStage<Integer> sum = CompletableFuture.completedStage(0);
        for (LiveConnection connection : live()) {
            sum = sum.thenCombine(connection.subscribe(channel), (count, done) -> done ? count + 1 : count);
        }
        return sum;
    }

    @Override
    public int unsubscribe(String channel) {
        ChannelName.require(channel);
        return (int) live().stream()
                .filter(connection -> connection.unsubscribe(channel))
                .count();
    }

    @Override
    public int disconnect(Disconnect disconnect) {
        List<LiveConnection> all = live();
        all.forEach(connection -> connection.disconnect(disconnect));
        return all.size();
    }

    @Override
    public String toString() {
        return "User(" + id + ")";
    }
}
