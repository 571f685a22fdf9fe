/**
 * The transparency log: every record of {@code audit_record} becomes a leaf of one Merkle tree (RFC
 * 6962, RFC 9162; SHA-256), whose head is signed again and again.
 *
 * <p>Promise: a record is a leaf within about a second of its commit, whoever wrote it and in
 * whatever order transactions ended, and exactly once. Records are never delayed by it: writers
 * know nothing of this package. Leaves, nodes and checkpoints are inserted and never changed, by
 * one sequencer at a time; one that lost its turn can't publish. A checkpoint leaves this process
 * only once it is committed here and remembered on this replica's disk; if the database later tells
 * another story than what was remembered, nothing more is signed or shown.
 *
 * <p>What is served follows C2SP: signed-note, tlog-checkpoint, tlog-tiles, tlog-proof. A leaf is
 * the canonical form of its record; one that is longer than an entry bundle can hold stands there
 * by its SHA-256 ({@link io.sallyport.audit.log.Leaf}).
 *
 * <p>May know {@code identity} and {@code seal}.
 */
package io.sallyport.audit.log;
