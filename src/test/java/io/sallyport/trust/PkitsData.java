package io.sallyport.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.junit.jupiter.api.Assumptions;

/**
 * The certificates and CRLs of NIST's Public Key Interoperability Test Suite, version 1.0.1 of
 * April 2011 (a work of the United States government, in the public domain), and the table of its
 * cases.
 *
 * <p>Read from {@code ../shared/vectors/pkits.zip}, or from the folder that the system property or
 * environment variable {@code SALLYPORT_VECTORS} names; NIST's own {@code PKITS_data.zip} will do,
 * and so does Debian's package {@code python3-cryptography-vectors} where neither is there. Only
 * what lies in its folders {@code certs} and {@code crls} is read.
 */
record PkitsData(Map<String, byte[]> certificates, Map<String, byte[]> lists) {

  private static final String ANCHOR = "TrustAnchorRootCertificate";
  private static final Path DEBIAN =
      Path.of("/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data");

  /**
   * One row of {@code pkits-cases.txt}.
   *
   * @param number as in the PKITS document, such as {@code 4.1.1}
   * @param leaf the name of the end entity's file
   * @param expected {@code valid}; or {@code list}: the path is valid and it is the issuers' lists,
   *     or their absence, that refuse the certificate; or the faults of the path, joined by {@code
   *     +}
   */
  record Case(String number, String leaf, String expected) {

    String section() {
      return number.substring(0, number.lastIndexOf('.'));
    }

    @Override
    public String toString() {
      return number + " " + leaf;
    }
  }

  /** All cases of the suite in the order of its document. */
  static List<Case> cases() {
    try (InputStream table = PkitsData.class.getResourceAsStream("pkits-cases.txt")) {
      return new String(table.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" "))
          .map(words -> new Case(words[0], words[1], words[2]))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The suite, or the test is skipped with a printed reason. */
  static PkitsData orSkip(Class<?> test) throws IOException {
    Path file = place();
    PkitsData data = new PkitsData(new TreeMap<>(), new TreeMap<>());
    if (Files.isReadable(file)) {
      try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
          if (!entry.isDirectory()) {
            data.add(Path.of(entry.getName()), zip.readAllBytes());
          }
        }
      }
    } else if (Files.isDirectory(DEBIAN)) {
      try (Stream<Path> files = Files.walk(DEBIAN)) {
        for (Path each : files.filter(Files::isRegularFile).toList()) {
          data.add(each, Files.readAllBytes(each));
        }
      }
    } else {
      String absent =
          test.getSimpleName()
              + " skipped: no PKITS at "
              + file.toAbsolutePath()
              + "; set SALLYPORT_VECTORS or install python3-cryptography-vectors";
      System.out.println(absent);
      Assumptions.abort(absent);
    }
    return data;
  }

  private void add(Path name, byte[] content) {
    if (name.getNameCount() < 2) {
      return;
    }
    String folder = name.getName(name.getNameCount() - 2).toString();
    String base = name.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    if (folder.equals("certs")) {
      certificates.put(base, content);
    } else if (folder.equals("crls")) {
      lists.put(base, content);
    }
  }

  X509Certificate anchor() {
    return certificate(ANCHOR);
  }

  X509Certificate certificate(String name) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(certificates.get(name)));
    } catch (CertificateException e) {
      throw new IllegalArgumentException("the JDK can't read " + name, e);
    }
  }

  /** Every CA's certificate but the anchor's. */
  List<X509Certificate> authorities() {
    return authorityNames().map(this::certificate).toList();
  }

  /**
   * What a peer with this leaf would present: the leaf, and whatever bears its issuer's name or has
   * the key that it names as its issuer's, and so on upwards, without the anchor.
   */
  List<X509Certificate> presentedWith(String leaf) {
    Map<String, X509CertificateHolder> presented = new LinkedHashMap<>();
    presented.put(leaf, holder(leaf));
    List<X509CertificateHolder> open = new ArrayList<>(presented.values());
    while (!open.isEmpty()) {
      X509CertificateHolder child = open.removeFirst();
      authorityNames()
          .filter(name -> !presented.containsKey(name) && mayHaveIssued(holder(name), child))
          .toList()
          .forEach(
              name -> {
                presented.put(name, holder(name));
                open.add(holder(name));
              });
    }
    return presented.keySet().stream().map(this::certificate).toList();
  }

  private Stream<String> authorityNames() {
    return certificates.keySet().stream()
        .filter(name -> !name.endsWith("EE") && !name.equals(ANCHOR));
  }

  private static boolean mayHaveIssued(X509CertificateHolder issuer, X509CertificateHolder child) {
    Extensions above = issuer.getExtensions();
    Extensions below = child.getExtensions();
    return issuer.getSubject().equals(child.getIssuer())
        || Arrays.equals(
            SubjectKeyIdentifier.fromExtensions(above).getKeyIdentifier(),
            AuthorityKeyIdentifier.getInstance(
                    below.getExtensionParsedValue(Extension.authorityKeyIdentifier))
                .getKeyIdentifierOctets());
  }

  private X509CertificateHolder holder(String name) {
    try {
      return new X509CertificateHolder(certificates.get(name));
    } catch (IOException e) {
      throw new IllegalArgumentException("no certificate: " + name, e);
    }
  }

  private static Path place() {
    String given = System.getProperty("SALLYPORT_VECTORS", System.getenv("SALLYPORT_VECTORS"));
    return Path.of(given == null ? "../shared/vectors" : given).resolve("pkits.zip");
  }
}
