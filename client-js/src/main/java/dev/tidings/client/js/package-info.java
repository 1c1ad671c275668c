/**
 * Serves the browser client, which is in this jar as {@code META-INF/resources/tidings/tidings.js}.
 *
 * <p>A container serves that by itself, at {@code /tidings/tidings.js}, where the jar is in {@code WEB-INF/lib} of a web application. Everywhere
 * else, and where another path or validation by {@code ETag} is wanted, {@link dev.tidings.client.js.ClientScriptServlet} does.
 */
@NullMarked
package dev.tidings.client.js;

import org.jspecify.annotations.NullMarked;
