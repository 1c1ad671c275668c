/** The API: what an application builds and uses. */
@NullMarked
package dev.tidings;

import org.jspecify.annotations.NullMarked;
