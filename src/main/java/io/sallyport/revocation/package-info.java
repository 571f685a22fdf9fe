/**
 * What we took back, why and since when, and the commands that do it.
 *
 * <p>Promise: when a command of this package returns, no request that begins later is granted
 * anything on what it took back, on any replica: epochs are raised in the same transaction, and no
 * verdict is cached anywhere. A revocation is never undone; its reason may only become worse.
 * Depends on {@code registry}, {@code grant}, {@code audit} and {@code feed}.
 */
package io.sallyport.revocation;
