/**
 * Devices and their certificates: what is ours, whose it is, and where in its life it stands.
 *
 * <p>Promise: every change is made in one transaction with its audit record and its entry in the
 * change feed; nothing that breaks the rules of {@link io.sallyport.registry.DeviceDetails} or of
 * {@link io.sallyport.registry.DeviceState} is stored; one certificate belongs to one device for
 * ever. Depends on {@code trust}, {@code audit} and {@code feed}.
 */
package io.sallyport.registry;
