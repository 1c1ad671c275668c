package dev.tidings.testkit;

/**
 * What a client of the native protocol says, in the words of the protocol. A client implements the first two methods.
 *
 * <p>Names and events are put into the frame as they are, so that a test may send wrong ones; data is JSON.
 */
public interface ClientCommands {

    /**
     * Sends a frame.
     *
     * @param json the frame
     */
    void send(String json);

    /**
     * Sends a frame with an id of its own.
     *
     * @param type the frame's type
     * @param rest the other fields as they are in JSON, such as {@code "channel":"news"}
     * @return the id, which the answer has too
     */
    String command(String type, String rest);

    /**
     * Asks to subscribe.
     *
     * @param channel the channel's name
     * @return the id of the command
     */
    default String subscribe(String channel) {
        return command("subscribe", "\"channel\":\"" + channel + "\"");
    }

    /**
     * Asks to end a subscription.
     *
     * @param channel the channel's name
     * @return the id of the command
     */
    default String unsubscribe(String channel) {
        return command("unsubscribe", "\"channel\":\"" + channel + "\"");
    }

    /**
     * Publishes.
     *
     * @param channel the channel's name
     * @param json the data, as JSON
     * @return the id of the command
     */
    default String publish(String channel, String json) {
        return command("publish", "\"channel\":\"" + channel + "\",\"data\":" + json);
    }

    /**
     * Sends a message to the application.
     *
     * @param event the event's name
     * @param json the data, as JSON
     * @return the id of the command
     */
    default String message(String event, String json) {
        return command("send", "\"event\":\"" + event + "\",\"data\":" + json);
    }

    /**
     * Asks the application.
     *
     * @param event the event's name
     * @param json the question, as JSON
     * @return the id of the command
     */
    default String request(String event, String json) {
        return command("request", "\"event\":\"" + event + "\",\"data\":" + json);
    }

    /**
     * Answers a request of the server's.
     *
     * @param request the request
     * @param json the answer, as JSON
     */
    default void reply(ReceivedFrame request, String json) {
        send("{\"type\":\"reply\",\"id\":\"" + request.string("id") + "\",\"data\":" + json + "}");
    }

    /**
     * Enters a channel as a member, or changes its data.
     *
     * @param channel the channel's name
     * @param json the member's data, as JSON
     * @return the id of the command
     */
    default String enter(String channel, String json) {
        return command("enter", "\"channel\":\"" + channel + "\",\"data\":" + json);
    }

    /**
     * Leaves a channel as a member.
     *
     * @param channel the channel's name
     * @return the id of the command
     */
    default String leave(String channel) {
        return command("leave", "\"channel\":\"" + channel + "\"");
    }

    /**
     * Sends a token, at the start or as a refresh.
     *
     * @param token the token
     */
    default void auth(String token) {
        send("{\"type\":\"auth\",\"token\":" + MemoryClientBuilder.quoted(token) + "}");
    }
}
