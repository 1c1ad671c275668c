package dev.tidings;

import dev.tidings.protocol.ChannelName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** All rules for channels; the first that matches decides. */
final class ChannelRules {

    private static final System.Logger LOG = System.getLogger(ChannelRules.class.getPackageName());

    private final List<ChannelRule> rules;
    private final Callbacks callbacks;

    ChannelRules(List<ChannelRule> rules, Callbacks callbacks) {
        this.rules = List.copyOf(rules);
        this.callbacks = callbacks;
    }

    /** A rule that matches a channel. */
    record Match(ChannelRule rule, String channel, Map<String, String> variables) {}

    Optional<Match> match(String channel) {
        for (ChannelRule rule : rules) {
            Optional<Map<String, String>> variables = rule.pattern().match(channel);
            if (variables.isPresent()) {
                return Optional.of(new Match(rule, channel, variables.get()));
            }
        }
        return Optional.empty();
    }

    /** For the server's own calls: a channel that no rule knows is a mistake. */
    void require(String channel) {
        if (match(ChannelName.require(channel)).isEmpty()) {
            throw new IllegalArgumentException("No rule matches the channel \"" + channel
                    + "\". Add one with Tidings.builder().channel(pattern, rule)");
        }
    }

    /** Whether a connection may; every way to fail is a no. Runs the application's code in this thread. */
    CompletionStage<Boolean> allows(Match match, Connection connection, Function<ChannelRule, Allow> what) {
        Access access = new Access(connection, match.channel(), match.variables());
        CompletionStage<Boolean> verdict;
        try {
            verdict = what.apply(match.rule()).check(access);
        } catch (Throwable e) {
            verdict = CompletableFuture.failedStage(e);
        }
        if (verdict == null) {
            verdict = CompletableFuture.failedStage(new NullPointerException("A check returned null"));
        }
        return callbacks.bounded(verdict).handle((allowed, failure) -> {
            if (failure != null) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "A check of the rule " + match.rule().pattern() + " failed",
                        failure);
            }
            return Boolean.TRUE.equals(allowed);
        });
    }
}
