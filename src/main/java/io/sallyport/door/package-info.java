/**
 * The ways in. A door translates between a wire and {@code admission}; it never judges, sees no
 * store and no other door.
 */
package io.sallyport.door;
