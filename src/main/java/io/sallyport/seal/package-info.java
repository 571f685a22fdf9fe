/**
 * The master key and what hangs on it: sealing of stored secrets, MACs over rows that must not be
 * forged.
 *
 * <p>Promise: whoever can write to Postgres but does not hold the master key can neither read a
 * sealed secret nor make a row that {@link io.sallyport.seal.RowMac} accepts. Depends on the JDK
 * alone.
 */
package io.sallyport.seal;
