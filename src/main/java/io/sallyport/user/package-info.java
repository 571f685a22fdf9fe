/**
 * Identity providers of people, and the tokens they issue.
 *
 * <p>Promise: {@link io.sallyport.user.UserVerdict.Verified} is said only of a token that an
 * identity provider, active at that moment, signed with a key of its own by an algorithm that was
 * allowed for it, for one of the audiences that were allowed for it, and that has not ended. A
 * verdict is never kept: providers are read from the database each time, and what is kept for a
 * while are their public keys, which are key material and no answer about anybody. A token and its
 * contents stay out of logs and messages.
 *
 * <p>It knows nothing of devices: that a person is at a device is decided in {@code admission}.
 *
 * <p>Depends on {@code identity}, {@code audit}, {@code feed} and, for fetching by its rules, on
 * {@code trust}.
 */
package io.sallyport.user;
