/**
 * The change feed: what changed, on every replica, soon and never missed.
 *
 * <p>Promise: a change is appended in the transaction that makes it; every replica that runs sees
 * every committed change at least once, in commit order. NOTIFY only wakes; the change table is the
 * truth. Depends on no other package of Sallyport.
 */
package io.sallyport.feed;
