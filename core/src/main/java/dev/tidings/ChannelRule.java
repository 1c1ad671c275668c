package dev.tidings;

import java.util.Objects;

/**
 * What clients may do with the channels that a pattern matches. Whatever it does not allow is refused; so is every channel that no
 * rule matches. The server's own calls are not asked.
 *
 * <p>A pattern is a channel's name in which {@code {name}} stands for one or more characters other than {@code :}, and {@code {name*}} for
 * one or more characters of any kind. The first rule that matches, in the order of adding, decides.
 *
 * <pre>{@code
 * Tidings.builder()
 *         .channel("chat:{room}", rule -> rule
 *                 .subscribe(Allow.users())
 *                 .publish(Allow.when(access -> rooms.isWriter(access.user().orElseThrow(), access.variable("room"))))
 *                 .presence(Allow.users()))
 *         .channel("news", rule -> rule.subscribe(Allow.anyone()));
 * }</pre>
 */
public final class ChannelRule {

    private final ChannelPattern pattern;
    private final Allow subscribe;
    private final Allow publish;
    private final Allow enter;
    private final Allow members;
    private final Allow history;

    private ChannelRule(Builder builder) {
        this.pattern = builder.pattern;
        this.subscribe = builder.subscribe;
        this.publish = builder.publish;
        this.enter = builder.enter;
        this.members = builder.members;
        this.history = builder.history;
    }

    ChannelPattern pattern() {
        return pattern;
    }

    Allow subscribe() {
        return subscribe;
    }

    Allow publish() {
        return publish;
    }

    Allow enter() {
        return enter;
    }

    Allow members() {
        return members;
    }

    Allow history() {
        return history;
    }

    /** Collects what a rule allows. Not for several threads. */
    public static final class Builder {

        private final ChannelPattern pattern;
        private Allow subscribe = Allow.nobody();
        private Allow publish = Allow.nobody();
        private Allow enter = Allow.nobody();
        private Allow members = Allow.nobody();
        private Allow history = Allow.nobody();

        Builder(String pattern) {
            this.pattern = ChannelPattern.parse(pattern);
        }

        /**
         * Who may subscribe.
         *
         * @param who the check
         * @return this builder
         */
        public Builder subscribe(Allow who) {
            subscribe = Objects.requireNonNull(who, "who");
            return this;
        }

        /**
         * Who may publish from a client.
         *
         * @param who the check
         * @return this builder
         */
        public Builder publish(Allow who) {
            publish = Objects.requireNonNull(who, "who");
            return this;
        }

        /**
         * Who may enter, and see who else has: {@link #enter} and {@link #members} in one.
         *
         * @param who the check
         * @return this builder
         */
        public Builder presence(Allow who) {
            return enter(who).members(who);
        }

        /**
         * Who may enter as a member.
         *
         * @param who the check
         * @return this builder
         */
        public Builder enter(Allow who) {
            enter = Objects.requireNonNull(who, "who");
            return this;
        }

        /**
         * Who may see the members.
         *
         * @param who the check
         * @return this builder
         */
        public Builder members(Allow who) {
            members = Objects.requireNonNull(who, "who");
            return this;
        }

        /**
         * Who may read the history, where the channel has one.
         *
         * @param who the check
         * @return this builder
         */
        public Builder history(Allow who) {
            history = Objects.requireNonNull(who, "who");
            return this;
        }

        ChannelRule build() {
            return new ChannelRule(this);
        }
    }
}
