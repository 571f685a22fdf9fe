/**
 * Configuration, wiring, the embedded database, reasons to refuse to start.
 *
 * <p>Promise: the only package that reads configuration, the wall clock and the system's
 * randomness; everything else is given them. Knows every other package; no other package knows this
 * one.
 */
package io.sallyport.boot;
