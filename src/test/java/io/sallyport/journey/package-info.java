/**
 * Journeys through the running house: real TLS by real clients (curl, {@code openssl s_client}, the
 * JDK), real Postgres. Each asserts what the client saw and what the log says of it. They share one
 * application.
 */
package io.sallyport.journey;
