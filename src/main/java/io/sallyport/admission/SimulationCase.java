package io.sallyport.admission;

import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;

/**
 * One certificate of one device coming in one way.
 *
 * @param standing null if there is no registered certificate that carries our MAC
 * @param der the certificate, where its issuer has to be asked; else null
 * @param circumstances null if the record's source was erased
 * @param past what was decided, of a replayed decision; else null
 */
record SimulationCase(
    DeviceId device,
    String deviceName,
    CertificateThumbprint certificate,
    Standing standing,
    byte[] der,
    Circumstances circumstances,
    Simulation.Past past) {}
