package io.sallyport.trust;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.DefaultSignatureNameFinder;

/**
 * A list in a file of its own, mapped and not read into memory: what it says of itself is read
 * first, then its signature is verified over its bytes, then its entries are passed by one after
 * another. Close it when done; the file is the caller's.
 */
final class CrlFile implements AutoCloseable {

  /** Takes entries in the order of the list. */
  interface Entries {
    void accept(CrlEntry entry) throws IOException;
  }

  private static final int MAX_NAME = 8_192;
  private static final int MAX_ALGORITHM = 512;
  private static final int MAX_SIGNATURE = 2_048;
  private static final int MAX_EXTENSIONS = 65_536;

  /** The JDK gathers what EdDSA signs in memory. */
  private static final int MAX_EDDSA = 8 * 1024 * 1024;

  private final Arena arena;
  private final ByteBuffer signed;
  private final AlgorithmIdentifier algorithm;
  private final byte[] signature;
  private final CrlFacts facts;
  private final DerCursor entries;

  private CrlFile(Arena arena, ByteBuffer bytes) throws CrlRefused {
    this.arena = arena;
    DerCursor file = DerCursor.of(bytes);
    DerCursor list = file.enter(DerCursor.SEQUENCE);
    file.requireEnd();
    int from = list.position();
    DerCursor body = list.enter(DerCursor.SEQUENCE);
    this.signed = bytes.slice(from, list.position() - from);
    byte[] outer = list.whole(DerCursor.SEQUENCE, MAX_ALGORITHM);
    byte[] bits = list.enter(DerCursor.BIT_STRING).rest(MAX_SIGNATURE);
    list.requireEnd();
    if (bits.length < 2 || bits[0] != 0) {
      throw DerCursor.malformed("a signature that is not whole bytes");
    }
    this.signature = Arrays.copyOfRange(bits, 1, bits.length);

    boolean versionTwo = body.tag() == DerCursor.INTEGER;
    if (versionTwo && !Arrays.equals(body.integer(1), new byte[] {1})) {
      throw DerCursor.malformed("a version other than 2");
    }
    if (!Arrays.equals(outer, body.whole(DerCursor.SEQUENCE, MAX_ALGORITHM))) {
      throw DerCursor.malformed("two different signature algorithms");
    }
    this.algorithm = algorithm(outer);
    var issuer = CrlFacts.name(body.whole(DerCursor.SEQUENCE, MAX_NAME));
    Instant thisUpdate = body.time();
    if (body.tag() != DerCursor.UTC_TIME && body.tag() != DerCursor.GENERALIZED_TIME) {
      throw new CrlRefused(
          CrlFault.CRL_WITHOUT_NEXT_UPDATE, "it does not say when the next list comes");
    }
    Instant nextUpdate = body.time();
    this.entries = body.tag() == DerCursor.SEQUENCE ? body.enter(DerCursor.SEQUENCE) : null;
    byte[] extensions = null;
    if (body.tag() == DerCursor.EXPLICIT_0) {
      if (!versionTwo) {
        throw DerCursor.malformed("extensions in a list of version 1");
      }
      extensions = body.enter(DerCursor.EXPLICIT_0).rest(MAX_EXTENSIONS);
    }
    body.requireEnd();
    this.facts = CrlFacts.of(issuer, thisUpdate, nextUpdate, extensions);
  }

  /**
   * Opens a list and reads all but its entries. Nothing of it is to be believed before {@link
   * #requireSignedBy}.
   */
  static CrlFile open(Path file) throws IOException, CrlRefused {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new CrlRefused(CrlFault.CRL_TOO_LARGE, "longer than 2 GiB");
      }
      return new CrlFile(
          arena,
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena).asByteBuffer());
    } catch (IOException | CrlRefused | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  CrlFacts facts() {
    return facts;
  }

  /**
   * Verifies the signature with the key of a CA certificate.
   *
   * @throws CrlRefused if it is not this key's, or too weak
   */
  void requireSignedBy(X509Certificate issuer) throws CrlRefused {
    if (!KeyStrength.isStrongSignature(algorithm)) {
      throw new CrlRefused(
          CrlFault.CRL_WEAK_SIGNATURE,
          "signed by the algorithm " + algorithm.getAlgorithm() + ", which is too weak or unknown");
    }
    boolean edwards =
        algorithm.getAlgorithm().equals(EdECObjectIdentifiers.id_Ed25519)
            || algorithm.getAlgorithm().equals(EdECObjectIdentifiers.id_Ed448);
    if (edwards && signed.limit() > MAX_EDDSA) {
      throw new CrlRefused(
          CrlFault.CRL_TOO_LARGE, "a list signed by EdDSA may have %d bytes".formatted(MAX_EDDSA));
    }
    try {
      Signature verifier = verifier();
      verifier.initVerify(issuer.getPublicKey());
      verifier.update(signed.duplicate());
      if (verifier.verify(signature)) {
        return;
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new CrlRefused(CrlFault.CRL_SIGNATURE, "its signature does not fit its issuer's key");
    }
    throw new CrlRefused(CrlFault.CRL_SIGNATURE, "its signature is not its issuer's");
  }

  /**
   * Passes all entries by.
   *
   * @return how many there were
   * @throws CrlRefused at the first entry that can't be used; what was passed by must be dropped
   */
  long forEach(Entries consumer) throws IOException, CrlRefused {
    long count = 0;
    while (entries != null && !entries.atEnd()) {
      consumer.accept(CrlEntry.read(entries));
      count++;
    }
    return count;
  }

  @Override
  public void close() {
    arena.close();
  }

  private Signature verifier() throws GeneralSecurityException, IOException {
    if (!algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
      return Signature.getInstance(new DefaultSignatureNameFinder().getAlgorithmName(algorithm));
    }
    var parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
    parameters.init(algorithm.getParameters().toASN1Primitive().getEncoded());
    AlgorithmParameterSpec specification = parameters.getParameterSpec(PSSParameterSpec.class);
    Signature verifier = Signature.getInstance("RSASSA-PSS");
    verifier.setParameter(specification);
    return verifier;
  }

  private static AlgorithmIdentifier algorithm(byte[] encoded) throws CrlRefused {
    try {
      return AlgorithmIdentifier.getInstance(encoded);
    } catch (RuntimeException | StackOverflowError e) {
      throw DerCursor.malformed("a signature algorithm that is none");
    }
  }
}
