/** A chat in the browser, to use and to read. */
@NullMarked
package dev.tidings.examples.chat;

import org.jspecify.annotations.NullMarked;
