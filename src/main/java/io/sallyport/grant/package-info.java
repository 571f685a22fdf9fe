/**
 * Session grants: short-lived tokens bound to a certificate (RFC 8705), the keys that sign them,
 * and their end.
 *
 * <p>Promise: a token is signed only for a grant that is durable, by a key whose public half is
 * durable; no signing key is ever stored. Whether a grant is still worth something is not said
 * here: that takes today's decision, and {@code io.sallyport.admission.LiveGrants} makes it anew at
 * every question. Every grant has its place in a status list before it is durable, and no other
 * grant ever has it.
 */
package io.sallyport.grant;
