/** A Jetty or a Tomcat inside a program: what the examples, the tests and the benchmarks run on. */
@NullMarked
package dev.tidings.examples.embedded;

import org.jspecify.annotations.NullMarked;
