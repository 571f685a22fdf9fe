/**
 * The nouns that every other package shares. Depends on the JDK alone.
 *
 * <p>Bytes and strings from outside become one of these types at the edge or are refused there;
 * inside, no raw identifier travels.
 */
package io.sallyport.identity;
