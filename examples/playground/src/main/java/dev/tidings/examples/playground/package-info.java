/** One program that shows what the library does. */
@NullMarked
package dev.tidings.examples.playground;

import org.jspecify.annotations.NullMarked;
