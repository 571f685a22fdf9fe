/**
 * Checks the audit log from outside: an export, or what a live server exports, without trusting
 * either.
 *
 * <p>Promise: whatever was changed, removed, reordered or added after it was signed is found. A
 * changed record is named, its column too; where leaves themselves were rewritten, the records
 * between the last sound checkpoint and the first that does not fit are named. What no checkpoint
 * covers yet is not judged. Reads once from the beginning to the end, with bounded memory.
 *
 * <p>Needs no database and nothing that runs; may know {@code audit} and {@code audit.log}.
 */
package io.sallyport.audit.verify;
