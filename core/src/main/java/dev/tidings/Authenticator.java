package dev.tidings;

import dev.tidings.spi.Handshake;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Decides who a client is.
 *
 * <p>Called on the callback executor, once when a link opens and once for each {@code auth} frame: at the start, where the
 * handshake held no credentials, and as a refresh before they run out. It may block. What it throws, a stage that fails, null,
 * and a verdict after the deadline (5 s) refuse the client.
 *
 * <pre>{@code
 * Tidings.builder().authenticator(Authenticator.token(token ->
 *         tokens.verify(token).map(claims -> Authentication.user(claims.subject()).expiresAt(claims.expiry()))
 *                 .orElse(Authentication.refused())));
 * }</pre>
 */
@FunctionalInterface
public interface Authenticator {

    /**
     * Decides who a client is.
     *
     * @param credentials what the client brought
     * @return the verdict
     */
    CompletionStage<Authentication> authenticate(Credentials credentials);

    /**
     * What a client brought.
     *
     * @param handshake the handshake, with cookies, headers, parameters and principal
     * @param authFrame the token of an {@code auth} frame, or empty at the handshake
     */
    record Credentials(Handshake handshake, Optional<String> authFrame) {

        /**
         * The token: of the {@code auth} frame, of {@code ?token=}, or of {@code Authorization: Bearer}.
         *
         * @return the token, if there is one
         */
        public Optional<String> token() {
            return authFrame.isPresent() ? authFrame : handshake.token();
        }

        /** Without the token, which is secret. */
        @Override
        public String toString() {
            return "Credentials(" + handshake + ")";
        }
    }

    /**
     * Takes whoever the container authenticated, and everybody else as anonymous. The default.
     *
     * @return an authenticator that refuses nobody
     */
    static Authenticator principalOrAnonymous() {
        return credentials -> CompletableFuture.completedFuture(
                credentials.handshake().principal().map(Authentication::user).orElse(Authentication.anonymous()));
    }

    /**
     * Asks for a token, in the handshake or in a first {@code auth} frame.
     *
     * @param verify who a token stands for; may block
     * @return an authenticator that admits nobody without a token
     */
    static Authenticator token(Function<String, Authentication> verify) {
        return credentials -> CompletableFuture.completedFuture(
                credentials.token().map(verify).orElse(Authentication.missing()));
    }
}
