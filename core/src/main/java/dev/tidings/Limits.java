package dev.tidings;

import java.time.Duration;
import java.util.Objects;

/**
 * The numbers that bound what a client can do, take and hold. Immutable; set through {@link Builder}, in
 * {@link Tidings.Builder#limits}.
 *
 * <pre>{@code
 * Tidings.builder().limits(limits -> limits.messageRate(100, 500).resumeWindow(Duration.ofMinutes(5)));
 * }</pre>
 */
public final class Limits {

    final int maxFrameBytes;
    final int maxFrameBytesBeforeAuth;
    final int outboxBytes;
    final int outboxFrames;
    final int mailboxFrames;
    final int mailboxBytes;
    final int messagesPerSecond;
    final int messageBurst;
    final int bytesPerSecond;
    final int byteBurst;
    final int subscribesPerSecond;
    final int subscribeBurst;
    final int subscriptions;
    final int errorsPerMinute;
    final int memberDataBytes;
    final int connectionsPerAddress;
    final int connectionsPerUser;
    final int connections;
    final int unauthenticatedPerAddress;
    final long backlogBytes;
    final Duration authTimeout;
    final Duration heartbeat;
    final Duration heartbeatTimeout;
    final Duration sendTimeout;
    final Duration resumeWindow;
    final Duration presenceGrace;
    final Duration tokenGrace;
    final Duration closeGrace;
    final Duration requestTimeout;
    final Duration pollTimeout;
    final Duration pollGap;
    final Duration keepAlive;
    final Duration streamAge;

    private Limits(Builder b) {
        this.maxFrameBytes = b.maxFrameBytes;
        this.maxFrameBytesBeforeAuth = 4 * 1024;
        this.outboxBytes = b.outboxBytes;
        this.outboxFrames = b.outboxFrames;
        this.mailboxFrames = b.mailboxFrames;
        this.mailboxBytes = b.mailboxBytes;
        this.messagesPerSecond = b.messagesPerSecond;
        this.messageBurst = b.messageBurst;
        this.bytesPerSecond = b.bytesPerSecond;
        this.byteBurst = b.byteBurst;
        this.subscribesPerSecond = b.subscribesPerSecond;
        this.subscribeBurst = b.subscribeBurst;
        this.subscriptions = b.subscriptions;
        this.errorsPerMinute = b.errorsPerMinute;
        this.memberDataBytes = b.memberDataBytes;
        this.connectionsPerAddress = b.connectionsPerAddress;
        this.connectionsPerUser = b.connectionsPerUser;
        this.connections = b.connections;
        this.unauthenticatedPerAddress = b.unauthenticatedPerAddress;
        this.backlogBytes = b.backlogBytes;
        this.authTimeout = b.authTimeout;
        this.heartbeat = b.heartbeat;
        this.heartbeatTimeout = b.heartbeatTimeout;
        this.sendTimeout = b.sendTimeout;
        this.resumeWindow = b.resumeWindow;
        this.presenceGrace = b.presenceGrace;
        this.tokenGrace = b.tokenGrace;
        this.closeGrace = b.closeGrace;
        this.requestTimeout = b.requestTimeout;
        this.pollTimeout = b.pollTimeout;
        this.pollGap = b.pollGap;
        this.keepAlive = b.keepAlive;
        this.streamAge = b.streamAge;
    }

    /** Collects the numbers. Every method refuses a number that is not positive, by name; counts of connections may be 0, for no limit. */
    public static final class Builder {

        private int maxFrameBytes = 64 * 1024;
        private int outboxBytes = 1024 * 1024;
        private int outboxFrames = 4_096;
        private int mailboxFrames = 64;
        private int mailboxBytes = 256 * 1024;
        private int messagesPerSecond = 30;
        private int messageBurst = 100;
        private int bytesPerSecond = 128 * 1024;
        private int byteBurst = 512 * 1024;
        private int subscribesPerSecond = 50;
        private int subscribeBurst = 128;
        private int subscriptions = 128;
        private int errorsPerMinute = 10;
        private int memberDataBytes = 1024;
        private int connectionsPerAddress = 100;
        private int connectionsPerUser = 20;
        private int connections = 50_000;
        private int unauthenticatedPerAddress = 20;
        private long backlogBytes = 64L * 1024 * 1024;
        private Duration authTimeout = Duration.ofSeconds(5);
        private Duration heartbeat = Duration.ofSeconds(25);
        private Duration heartbeatTimeout = Duration.ofSeconds(10);
        private Duration sendTimeout = Duration.ofSeconds(10);
        private Duration resumeWindow = Duration.ofMinutes(2);
        private Duration presenceGrace = Duration.ofSeconds(5);
        private Duration tokenGrace = Duration.ofSeconds(25);
        private Duration closeGrace = Duration.ofSeconds(5);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private Duration pollTimeout = Duration.ofSeconds(25);
        private Duration pollGap = Duration.ofSeconds(10);
        private Duration keepAlive = Duration.ofSeconds(15);
        private Duration streamAge = Duration.ofMinutes(10);

        Builder() {}

        /**
         * The largest frame of a client's. 64 KiB by default.
         *
         * @param bytes in UTF-8 bytes
         * @return this builder
         */
        public Builder maxFrame(int bytes) {
            maxFrameBytes = positive("maxFrame", bytes);
            return this;
        }

        /**
         * What one connection's outbox holds, waiting and unacknowledged. 1 MiB and 4,096 frames by default.
         *
         * @param bytes in UTF-8 bytes
         * @param frames in frames
         * @return this builder
         */
        public Builder outbox(int bytes, int frames) {
            outboxBytes = positive("outbox bytes", bytes);
            outboxFrames = positive("outbox frames", frames);
            return this;
        }

        /**
         * What one connection may have unhandled. 64 frames and 256 KiB by default; more end the link with 4129.
         *
         * @param frames in frames
         * @param bytes in UTF-8 bytes
         * @return this builder
         */
        public Builder mailbox(int frames, int bytes) {
            mailboxFrames = positive("mailbox frames", frames);
            mailboxBytes = positive("mailbox bytes", bytes);
            return this;
        }

        /**
         * How many frames a client may send. 30 a second and a burst of 100 by default; more end the link with 4129.
         *
         * @param perSecond in the long run
         * @param burst at once
         * @return this builder
         */
        public Builder messageRate(int perSecond, int burst) {
            messagesPerSecond = positive("message rate", perSecond);
            messageBurst = positive("message burst", burst);
            return this;
        }

        /**
         * How many bytes a client may send. 128 KiB a second and a burst of 512 KiB by default; more end the link with 4129.
         *
         * @param perSecond in the long run
         * @param burst at once
         * @return this builder
         */
        public Builder byteRate(int perSecond, int burst) {
            bytesPerSecond = positive("byte rate", perSecond);
            byteBurst = positive("byte burst", burst);
            return this;
        }

        /**
         * How often a client may subscribe. 50 a second and a burst of 128 by default; more are refused.
         *
         * @param perSecond in the long run
         * @param burst at once
         * @return this builder
         */
        public Builder subscribeRate(int perSecond, int burst) {
            subscribesPerSecond = positive("subscribe rate", perSecond);
            subscribeBurst = positive("subscribe burst", burst);
            return this;
        }

        /**
         * How many channels one connection may be subscribed to, and enter. 128 by default.
         *
         * @param count at most
         * @return this builder
         */
        public Builder subscriptions(int count) {
            subscriptions = positive("subscriptions", count);
            return this;
        }

        /**
         * How many errors a client may make in a minute. 10 by default; more end the link with 4000.
         *
         * @param perMinute at most
         * @return this builder
         */
        public Builder errors(int perMinute) {
            errorsPerMinute = positive("errors", perMinute);
            return this;
        }

        /**
         * The largest data of a member. 1 KiB by default.
         *
         * @param bytes in UTF-8 bytes
         * @return this builder
         */
        public Builder memberData(int bytes) {
            memberDataBytes = positive("member data", bytes);
            return this;
        }

        /**
         * How many connections there may be. By default 100 for an address (loopback and private addresses are taken for proxies
         * and not counted), 20 for a user, 50,000 in all; 0 for no limit.
         *
         * @param perAddress from one address, or one IPv6 network of 64 bits
         * @param perUser of one user
         * @param inAll on this node
         * @return this builder
         */
        public Builder connections(int perAddress, int perUser, int inAll) {
            connectionsPerAddress = notNegative("connections per address", perAddress);
            connectionsPerUser = notNegative("connections per user", perUser);
            connections = notNegative("connections", inAll);
            return this;
        }

        /**
         * How many links of one address may wait for authentication. 20 by default; 0 for no limit.
         *
         * @param perAddress from one address; loopback and private addresses are not counted
         * @return this builder
         */
        public Builder unauthenticated(int perAddress) {
            unauthenticatedPerAddress = notNegative("unauthenticated", perAddress);
            return this;
        }

        /**
         * How many bytes of publications may be on their way to outboxes on this node, each with 256 on top. 64 MiB by default; beyond it a publish
         * fails.
         *
         * @param bytes in UTF-8 bytes
         * @return this builder
         */
        public Builder backlog(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("backlog is positive, not " + bytes);
            }
            backlogBytes = bytes;
            return this;
        }

        /**
         * How long a link may stay without authentication. 5 s by default.
         *
         * @param time at most
         * @return this builder
         */
        public Builder authTimeout(Duration time) {
            authTimeout = positive("authTimeout", time);
            return this;
        }

        /**
         * How often the server pings, and how long after that a silent acknowledging client counts as gone. 25 s and 10 s by default,
         * below the idle limits of usual proxies.
         *
         * @param interval between pings
         * @param timeout after a ping
         * @return this builder
         */
        public Builder heartbeat(Duration interval, Duration timeout) {
            heartbeat = positive("heartbeat", interval);
            heartbeatTimeout = positive("heartbeat time-out", timeout);
            return this;
        }

        /**
         * How long one write may take. 10 s by default; then the link ends with 4108.
         *
         * @param time at most
         * @return this builder
         */
        public Builder sendTimeout(Duration time) {
            sendTimeout = positive("sendTimeout", time);
            return this;
        }

        /**
         * How long a detached connection waits for its client. 120 s by default.
         *
         * @param time at most
         * @return this builder
         */
        public Builder resumeWindow(Duration time) {
            resumeWindow = positive("resumeWindow", time);
            return this;
        }

        /**
         * How long a member stays when its link is lost. 5 s by default.
         *
         * @param time at most
         * @return this builder
         */
        public Builder presenceGrace(Duration time) {
            presenceGrace = positive("presenceGrace", time);
            return this;
        }

        /**
         * How long credentials are good beyond their end. 25 s by default.
         *
         * @param time at most
         * @return this builder
         */
        public Builder tokenGrace(Duration time) {
            tokenGrace = positive("tokenGrace", time);
            return this;
        }

        /**
         * How long what was sent before an end may take to leave. 5 s by default.
         *
         * @param time at most
         * @return this builder
         */
        public Builder closeGrace(Duration time) {
            closeGrace = positive("closeGrace", time);
            return this;
        }

        /**
         * How long a request handler, a check or another callback that returns a stage may take. 30 s by default; then the client
         * reads {@code timeout} and its next frame is handled.
         *
         * @param time at most
         * @return this builder
         */
        public Builder requestTimeout(Duration time) {
            requestTimeout = positive("requestTimeout", time);
            return this;
        }

        /**
         * How long a poll is held, and how long the next one may take to come.
         *
         * @param hold until a poll is answered although there is nothing to say; 25 s, which is below the 30 s at which some proxies
         *     give up
         * @param gap from an answer until the client counts as detached; 10 s
         * @return this builder
         */
        public Builder poll(Duration hold, Duration gap) {
            pollTimeout = positive("poll hold", hold);
            pollGap = positive("poll gap", gap);
            return this;
        }

        /**
         * How streams of Server-Sent Events are kept.
         *
         * @param silence how long a stream says nothing before it says a comment; 15 s, as the HTML standard advises
         * @param age how old the stream of a plain client becomes, give or take a tenth, before it has to reconnect; 10 min. It bounds
         *     how long a client that vanished without a word is taken for present.
         * @return this builder
         */
        public Builder stream(Duration silence, Duration age) {
            keepAlive = positive("stream silence", silence);
            streamAge = positive("stream age", age);
            return this;
        }

        Limits build() {
            return new Limits(this);
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " is positive, not " + value);
            }
            return value;
        }

        private static int notNegative(String name, int value) {
            if (value < 0) {
                throw new IllegalArgumentException(name + " is 0 or more, not " + value);
            }
            return value;
        }

        private static Duration positive(String name, Duration value) {
            Objects.requireNonNull(value, name);
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + " is positive, not " + value);
            }
            return value;
        }
    }
}
