package dev.tidings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pattern of channel names: literal text, {@code {name}} for anything without a colon, {@code {name*}} for anything. */
final class ChannelPattern {

    private static final Pattern VARIABLE = Pattern.compile("\\{([A-Za-z][A-Za-z0-9]*)(\\*?)}");

    private final String source;
    private final Pattern regex;
    private final List<String> variables;

    private ChannelPattern(String source, Pattern regex, List<String> variables) {
        this.source = source;
        this.regex = regex;
        this.variables = variables;
    }

    static ChannelPattern parse(String source) {
        StringBuilder regex = new StringBuilder();
        List<String> variables = new ArrayList<>();
        Matcher variable = VARIABLE.matcher(source);
        int literal = 0;
        while (variable.find()) {
            if (variable.start() == literal && literal > 0) {
                throw new IllegalArgumentException(
                        "Two variables need something between them in the pattern \"" + source + "\"");
            }
            if (variables.contains(variable.group(1))) {
                throw new IllegalArgumentException(
                        "{" + variable.group(1) + "} twice in the pattern \"" + source + "\"");
            }
            appendLiteral(regex, source, literal, variable.start());
            variables.add(variable.group(1));
            regex.append(variable.group(2).isEmpty() ? "([^:]+)" : "(.+)");
            literal = variable.end();
        }
        appendLiteral(regex, source, literal, source.length());
        if (source.isEmpty()) {
            throw new IllegalArgumentException("A pattern is not empty");
        }
        return new ChannelPattern(source, Pattern.compile(regex.toString()), List.copyOf(variables));
    }

    private static void appendLiteral(StringBuilder regex, String source, int from, int to) {
        String literal = source.substring(from, to);
        if (!literal.isEmpty() && !dev.tidings.protocol.ChannelName.isValid(literal)) {
            throw new IllegalArgumentException("The pattern \"" + source
                    + "\" can never match: besides {name} and {name*} it has only A-Z a-z 0-9 _ . : / -");
        }
        regex.append(Pattern.quote(literal));
    }

    /** What the variables stand for in a channel's name, or empty if it does not match. */
    Optional<Map<String, String>> match(String channel) {
        Matcher matcher = regex.matcher(channel);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < variables.size(); i++) {
            values.put(variables.get(i), matcher.group(i + 1));
        }
        return Optional.of(values);
    }

    @Override
    public String toString() {
        return source;
    }
}
