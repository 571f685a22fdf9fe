/**
 * Who administers Sallyport: operators with a password, scripts and proxies with an API token, and
 * what each may do.
 *
 * <p>Promise: a password is stored as bcrypt, a token as SHA-256, neither ever appears in a log or
 * an answer; an unknown operator costs as much time as a wrong password; guessing is throttled by
 * counts that all replicas share and that end by themselves, so that nobody is locked out for good.
 * What a role may do stands in one table, {@link io.sallyport.admin.signin.Permissions}. Nothing
 * outside {@code /api}, {@code /oauth2/introspect} and {@code /authz} is looked at.
 */
package io.sallyport.admin.signin;
