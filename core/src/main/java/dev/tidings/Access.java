package dev.tidings;

import java.util.Map;
import java.util.Optional;

/**
 * Who wants to do something with a channel.
 *
 * @param connection who
 * @param channel the channel's name
 * @param variables what the rule's pattern captured, by name
 */
public record Access(Connection connection, String channel, Map<String, String> variables) {

    /**
     * Copies the variables.
     *
     * @param connection who
     * @param channel the channel's name
     * @param variables what the rule's pattern captured, by name
     */
    public Access {
        variables = Map.copyOf(variables);
    }

    /**
     * What the rule's pattern captured.
     *
     * @param name the variable's name
     * @return its value in the channel's name
     * @throws IllegalArgumentException if the pattern has no such variable
     */
    public String variable(String name) {
        String value = variables.get(name);
        if (value == null) {
            throw new IllegalArgumentException("The pattern of this rule has no variable {" + name + "}");
        }
        return value;
    }

    /**
     * The connection's user.
     *
     * @return the user, or empty for an anonymous client
     */
    public Optional<String> user() {
        return connection.user();
    }
}
