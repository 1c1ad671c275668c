package dev.tidings.transport.websocket;

import dev.tidings.protocol.Codec;
import dev.tidings.protocol.JsonCodec;
import java.util.Enumeration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client and this server agree to speak.
 *
 * @param name the name to echo, or null where nothing was agreed
 * @param codec the protocol of the frames
 * @param acknowledging whether the client counts, acknowledges and resumes
 * @param lines whether a message may hold several frames, with line feeds in between
 */
record SubProtocol(@Nullable String name, Codec codec, boolean acknowledging, boolean lines) {

    static final SubProtocol PLAIN = new SubProtocol(null, JsonCodec.INSTANCE, false, false);

    private static final Map<String, SubProtocol> OURS = Map.of(
            "tidings.v1", new SubProtocol("tidings.v1", JsonCodec.INSTANCE, true, false),
            "tidings.v1.lines", new SubProtocol("tidings.v1.lines", JsonCodec.INSTANCE, true, true));

    static SubProtocol foreign(String name, Codec codec) {
        if (OURS.containsKey(name)) {
            throw new IllegalArgumentException("The sub-protocol \"" + name + "\" is the library's own");
        }
        if (!isToken(name)) {
            throw new IllegalArgumentException("The name of a sub-protocol is an HTTP token, not \"" + name + "\"");
        }
        return new SubProtocol(name, codec, false, false);
    }

    /**
     * The first that is known, in the client's order. Only names of this server's own are ever echoed: a client may offer a
     * secret among them.
     */
    static SubProtocol choose(Enumeration<String> headers, Map<String, SubProtocol> foreign) {
        while (headers.hasMoreElements()) {
            for (String offered : headers.nextElement().split(",", -1)) {
                String name = offered.strip();
                SubProtocol known = OURS.getOrDefault(name, foreign.get(name));
                if (known != null) {
                    return known;
                }
            }
        }
        return PLAIN;
    }

    private static boolean isToken(String name) {
        return !name.isEmpty()
                && name.chars()
                        .allMatch(c -> (c >= '0' && c <= '9')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= 'a' && c <= 'z')
                                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
    }
}
