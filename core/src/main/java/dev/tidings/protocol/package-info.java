/** The protocol: codecs, and the values that every layer shares. */
@NullMarked
package dev.tidings.protocol;

import org.jspecify.annotations.NullMarked;
