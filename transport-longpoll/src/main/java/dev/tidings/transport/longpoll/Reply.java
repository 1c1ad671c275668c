package dev.tidings.transport.longpoll;

import dev.tidings.protocol.Disconnect;

/** The one answer that a poll gets, on whatever container. No method blocks; none is called by two threads at once. */
interface Reply {

    /** Told once how an answer ended, on whatever thread, also from inside of the call that began it. */
    @FunctionalInterface
    interface Ended {
        /**
         * The answer has ended.
         *
         * @param well whether the container has taken all of it
         */
        void ended(boolean well);
    }

    /** Answers. */
    void send(Content content, Ended ended);

    /** Answers with the status that says why not. */
    void refuse(Disconnect why, Ended ended);

    /** Gives up an answer that does not get through; nothing if it has. */
    void cut();
}
