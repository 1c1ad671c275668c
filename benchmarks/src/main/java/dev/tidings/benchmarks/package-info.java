/** Measurements: of single steps with JMH, and of a whole server beside one that is written by hand. */
@NullMarked
package dev.tidings.benchmarks;

import org.jspecify.annotations.NullMarked;
