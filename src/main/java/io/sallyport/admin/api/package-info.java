/**
 * The admin REST interface, {@code /api/v1}: one resource per noun, each a translation of HTTP into
 * a command or a question to another package and back. It decides nothing; every method names the
 * permission it asks for.
 *
 * <p>Promise: JSON in camelCase, times in RFC 3339, lists as {@code {items, nextCursor}}, errors as
 * RFC 9457 with the field at fault; unknown members, parameters and types are refused, never
 * ignored. {@code Idempotency-Key} is not understood yet and is ignored.
 */
package io.sallyport.admin.api;
