package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Frame;
import dev.tidings.protocol.GapReason;
import dev.tidings.protocol.Inbound;
import dev.tidings.protocol.Outbound;
import dev.tidings.protocol.Outcome;
import dev.tidings.protocol.Payload;
import dev.tidings.protocol.Publication;
import dev.tidings.spi.HistoryRequest;
import dev.tidings.spi.HistoryResult;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Does what clients ask for: rule, deed, answer. Runs in a connection's mailbox, on the callback executor; a stage that it
 * returns pauses the mailbox.
 */
final class Commands {

    private static final System.Logger LOG = System.getLogger(Commands.class.getPackageName());
    private static final int MAX_HISTORY = 300;
    private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

    private final Engine engine;
    private final Map<String, RequestHandler> handlers;

    Commands(Engine engine, Map<String, RequestHandler> handlers) {
        this.engine = engine;
        this.handlers = Map.copyOf(handlers);
    }

    @Nullable
    CompletionStage<?> handle(LiveConnection connection, Inbound inbound) {
        if (!(inbound instanceof Inbound.Command command) || connection.isRevoked()) {
            return null;
        }
        if (connection.isExpired(engine.time().now())) {
            connection.disconnect(Disconnect.TOKEN_EXPIRED);
            return null;
        }
        if (inbound instanceof Inbound.Invalid invalid) {
            connection.fault(invalid.id(), invalid.code(), invalid.reason(), null);
            return null;
        }
        CompletionStage<?> done;
        try {
            done = perform(connection, command);
        } catch (Throwable e) {
            done = CompletableFuture.failedStage(e);
        }
        return done == null
                ? null
                : done.handle((result, failure) -> {
                    if (failure != null) {
                        failed(connection, command, failure);
                    }
                    return null;
                });
    }

    private @Nullable CompletionStage<?> perform(LiveConnection connection, Inbound.Command command) {
        if (command instanceof Inbound.Publish publish) {
            return allowed(
                    connection, publish, publish.channel(), ChannelRule::publish, () -> publish(connection, publish));
        } else if (command instanceof Inbound.Send send) {
            engine.listeners().message(connection, send.event(), send.payload());
            done(connection, send.id());
            return null;
        } else if (command instanceof Inbound.Request request) {
            return request(connection, request);
        } else if (command instanceof Inbound.Subscribe subscribe) {
            return subscribe(connection, subscribe);
        } else if (command instanceof Inbound.Unsubscribe unsubscribe) {
            unsubscribe(connection, unsubscribe);
            return null;
        } else if (command instanceof Inbound.History history) {
            return allowed(
                    connection, history, history.channel(), ChannelRule::history, () -> history(connection, history));
        } else if (command instanceof Inbound.Members members) {
            return allowed(
                    connection, members, members.channel(), ChannelRule::members, () -> members(connection, members));
        }
        return presence(connection, command);
    }

    // ---- Channels ---------------------------------------------------------------------------------------------------

    private CompletionStage<?> subscribe(LiveConnection connection, Inbound.Subscribe subscribe) {
        if (!connection.rates().admitsSubscribe(engine.now())) {
            throw new RequestException(ErrorCode.RATE_LIMITED, "Too many subscriptions at once");
        }
        String channel = subscribe.channel();
        return allowed(connection, subscribe, channel, ChannelRule::subscribe, () -> {
            if (!subscribe.presence()) {
                return join(connection, subscribe);
            }
            return allowed(connection, subscribe, channel, ChannelRule::members, () -> join(connection, subscribe));
        });
    }

    private CompletionStage<?> join(LiveConnection connection, Inbound.Subscribe subscribe) {
        String channel = subscribe.channel();
        return connection
                .subscribed()
                .subscribe(channel, true, subscribe.id(), subscribe.presence())
                .thenCompose(result -> switch (result) {
                    // The next frame is handled when the listeners know, so that they hear in the order of what
                    // happened.
                    case SUBSCRIBED -> {
                        tellGap(connection, subscribe);
                        yield engine.listeners().now(() -> engine.listeners().subscribed(connection, channel));
                    }
                    case ALREADY -> {
                        tellGap(connection, subscribe);
                        yield DONE;
                    }
                    case TOO_MANY ->
                        refused(
                                ErrorCode.LIMIT,
                                "A connection has at most " + engine.limits().subscriptions + " subscriptions");
                    case ENDED -> refused(ErrorCode.FORBIDDEN, "The server ended the subscription");
                    case UNAVAILABLE -> refused(ErrorCode.UNAVAILABLE, "The channel cannot be reached now");
                });
    }

    /** Who asks for what it missed, where nothing is kept, is told that something may be missing. */
    private static void tellGap(LiveConnection connection, Inbound.Subscribe subscribe) {
        if (subscribe.since() != null) {
            connection.tell(new Outbound.Gap(subscribe.channel(), GapReason.NO_HISTORY));
        }
    }

    private static CompletionStage<Void> refused(ErrorCode code, String reason) {
        return CompletableFuture.failedStage(new RequestException(code, reason));
    }

    private void unsubscribe(LiveConnection connection, Inbound.Unsubscribe unsubscribe) {
        if (connection.subscribed().unsubscribe(unsubscribe.channel())) {
            engine.listeners().unsubscribed(connection, unsubscribe.channel());
        }
        done(connection, unsubscribe.id());
    }

    private CompletionStage<?> publish(LiveConnection connection, Inbound.Publish publish) {
        Publication publication = new Publication(
                publish.channel(),
                publish.event(),
                publish.payload(),
                connection.user().orElse(null),
                connection.id(),
                publish.echo(),
                null);
        return engine.publish(publication).thenAccept(result -> {
            if (result.outcome() == Outcome.FAILED) {
                throw new RequestException(ErrorCode.UNAVAILABLE, "It was not published; try again later");
            }
            if (publish.id() != null) {
                connection.tell(new Outbound.Published(publish.id(), result.outcome(), result.position()));
            }
        });
    }

    private CompletionStage<?> history(LiveConnection connection, Inbound.History history) {
        int limit = history.limit() == 0 ? MAX_HISTORY : Math.min(history.limit(), MAX_HISTORY);
        return engine.broker()
                .history(new HistoryRequest(history.channel(), history.since(), limit, history.backwards()))
                .thenAccept(result -> answer(connection, history, result));
    }

    private static void answer(LiveConnection connection, Inbound.History history, HistoryResult result) {
        if (result.epoch() == null) {
            throw new RequestException(ErrorCode.UNKNOWN, "The channel keeps no history");
        }
        connection.tell(new Outbound.HistoryPage(
                history.id(), history.channel(), result.epoch(), result.publications(), result.more()));
    }

    // ---- Presence ---------------------------------------------------------------------------------------------------

    private CompletionStage<?> members(LiveConnection connection, Inbound.Members members) {
        return engine.presence().members(members.channel()).thenAccept(snapshot -> {
            Frame frame = connection
                    .codec()
                    .encode(new Outbound.Members(
                            members.id(), members.channel(), snapshot.version(), snapshot.members()));
            if (frame != null && frame.size() > engine.limits().outboxBytes / 2) {
                throw new RequestException(
                        ErrorCode.UNAVAILABLE,
                        "Too many members to list: " + snapshot.members().size());
            }
            if (frame != null && connection.offer(frame)) {
                connection.signal();
            }
        });
    }

    private @Nullable CompletionStage<?> presence(LiveConnection connection, Inbound.Command command) {
        Memberships memberships = connection.memberships();
        if (command instanceof Inbound.Enter enter) {
            engine.checkMember(enter.data());
            return allowed(
                    connection,
                    enter,
                    enter.channel(),
                    ChannelRule::enter,
                    () -> changed(connection, enter, memberships.enter(enter.channel(), enter.data())));
        } else if (command instanceof Inbound.Update update) {
            engine.checkMember(update.data());
            return allowed(
                    connection,
                    update,
                    update.channel(),
                    ChannelRule::enter,
                    () -> changed(connection, update, memberships.update(update.channel(), update.data())));
        } else if (command instanceof Inbound.Leave leave) {
            return changed(connection, leave, memberships.leave(leave.channel()));
        }
        throw new RequestException(ErrorCode.UNKNOWN, "There is no such command");
    }

    private CompletionStage<?> changed(
            LiveConnection connection, Inbound.Command command, CompletionStage<Memberships.Change> change) {
        return change.thenAccept(result -> {
            switch (result) {
                case DONE -> done(connection, command.id());
                case ABSENT -> throw new RequestException(ErrorCode.BAD_REQUEST, "The connection is not a member");
                case TOO_MANY ->
                    throw new RequestException(
                            ErrorCode.LIMIT,
                            "A connection is a member of at most " + engine.limits().subscriptions + " channels");
            }
        });
    }

    // ---- Requests ---------------------------------------------------------------------------------------------------

    private CompletionStage<?> request(LiveConnection connection, Inbound.Request request) {
        RequestHandler handler = handlers.get(request.event());
        if (handler == null) {
            throw new RequestException(ErrorCode.UNKNOWN, "Nobody answers to this event");
        }
        CompletionStage<Payload> answer = handler.handle(connection, request.payload());
        if (answer == null) {
            throw new IllegalStateException("The handler of \"" + request.event() + "\" returned null");
        }
        return engine.callbacks().bounded(answer).thenAccept(payload -> {
            Payload answered = payload == null ? Payload.NULL : engine.checked(payload);
            connection.tell(new Outbound.Answer(request.id(), answered));
        });
    }

    // ---- Answers ----------------------------------------------------------------------------------------------------

    /** Does something if the channel's rule allows it. An unknown channel and a forbidden one read the same. */
    private CompletionStage<?> allowed(
            LiveConnection connection,
            Inbound.Command command,
            String channel,
            Function<ChannelRule, Allow> what,
            Supplier<CompletionStage<?>> deed) {
        Optional<ChannelRules.Match> match = engine.rules().match(channel);
        CompletionStage<Boolean> verdict = match.isEmpty()
                ? CompletableFuture.completedStage(false)
                : engine.rules().allows(match.get(), connection, what);
        Function<Boolean, CompletionStage<?>> then = allowed -> {
            if (!allowed) {
                connection.fault(command.id(), ErrorCode.FORBIDDEN, "Not allowed on this channel", channel);
                return DONE;
            }
            return deed.get();
        };
        // The deed may be another check of the application's: it does not run in whatever thread has ended this one.
        return verdict.toCompletableFuture().isDone()
                ? verdict.thenCompose(then::apply)
                : verdict.thenComposeAsync(then::apply, engine.threads().callbacks());
    }

    private static void done(LiveConnection connection, @Nullable String id) {
        if (id != null) {
            connection.tell(new Outbound.Done(id));
        }
    }

    private static void failed(LiveConnection connection, Inbound.Command command, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RequestException refused) {
            String reason = String.valueOf(refused.getMessage());
            if (isFault(command, refused.code())) {
                connection.fault(command.id(), refused.code(), reason, null);
            } else {
                connection.tell(new Outbound.Failure(command.id(), refused.code(), reason, null));
            }
            return;
        }
        LOG.log(System.Logger.Level.WARNING, "A client's command failed", cause);
        connection.tell(new Outbound.Failure(command.id(), ErrorCode.INTERNAL, "The server failed", null));
        if (cause instanceof Error) {
            connection.disconnect(Disconnect.INTERNAL_ERROR);
        }
    }

    /** What the application answers to a request, and what is out of order here, is no mistake of the client's. */
    private static boolean isFault(Inbound.Command command, ErrorCode code) {
        return switch (code) {
            case UNAVAILABLE, TIMEOUT, INTERNAL -> false;
            default -> !(command instanceof Inbound.Request);
        };
    }
}
