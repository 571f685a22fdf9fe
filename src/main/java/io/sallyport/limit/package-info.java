/**
 * Rate limits. Limits that replicas must share (sign-in, enrolment codes) are counted in Postgres,
 * the others in memory, per replica. Depends on no other package of Sallyport but {@code identity}.
 */
package io.sallyport.limit;
