/**
 * Session grants: short-lived tokens bound to a certificate (RFC 8705), the keys that sign them,
 * and their end.
 *
 * <p>Promise: a token is signed only for a grant that is durable, by a key whose public half is
 * durable; no signing key is ever stored. A grant is live only while it has not ended, has not
 * expired, and the epochs of its device and its certificate are those it was decided on; {@link
 * io.sallyport.grant.GrantStatus} reads that anew at every question.
 */
package io.sallyport.grant;
