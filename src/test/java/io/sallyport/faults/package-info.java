/**
 * What happens when things break: the packaged service as a process of its own, killed, restarted
 * and robbed of its database while real clients join.
 */
package io.sallyport.faults;
