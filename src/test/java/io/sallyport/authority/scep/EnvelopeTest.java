package io.sallyport.authority.scep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.UUID;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.EncryptedContentInfo;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.cms.KeyTransRecipientInfo;
import org.bouncycastle.asn1.cms.RecipientInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What opens, and that nothing about what does not can be told from the outside. */
class EnvelopeTest {

  private static final byte[] INSIDE =
      "a message of more than one block".getBytes(StandardCharsets.US_ASCII);

  private static RaCredential ra;
  private static KeyPair keys;

  private final SecureRandom random = new SecureRandom();

  @BeforeAll
  static void make() throws Exception {
    keys = ScepClient.rsa(3072);
    ra =
        new RaCredential(
            UUID.randomUUID(), ScepClient.selfSigned(keys, keys.getPrivate()), keys.getPrivate());
  }

  @Test
  void opensByPkcs1AndByOaep() throws Exception {
    assertThat(open(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes192_CBC, false)))
        .isEqualTo(INSIDE);
    assertThat(open(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes256_CBC, true)))
        .isEqualTo(INSIDE);
  }

  @Test
  void opensToOtherBytesAndThrowsNothingWhateverTheEncryptedKeyIs() throws Exception {
    EnvelopedData genuine =
        data(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes128_CBC, false));
    int length = 384;
    BigInteger modulus = ((RSAPublicKey) keys.getPublic()).getModulus();
    byte[][] wrongKeys = {
      // No PKCS #1 at all; well padded, but the key is too short, too long, or of another block
      // type.
      raw(new byte[length], modulus),
      raw(padded(2, 15, length), modulus),
      raw(padded(2, 17, length), modulus),
      raw(padded(2, length - 11, length), modulus),
      raw(padded(1, 16, length), modulus),
      new byte[0],
      new byte[1],
      filled(length, (byte) 0xff),
      new byte[length + 1],
    };
    for (byte[] wrong : wrongKeys) {
      byte[] opened = open(with(genuine, wrong, null));
      assertThat(opened).isNotEqualTo(INSIDE);
      assertThat(opened.length).isLessThanOrEqualTo(INSIDE.length + 16);
    }
    // The random key is another one each time.
    byte[] once = with(genuine, wrongKeys[0], null);
    assertThat(Arrays.copyOf(open(once), 16)).isNotEqualTo(Arrays.copyOf(open(once), 16));
  }

  @Test
  void usesTheKeyThatIsWellPadded() throws Exception {
    // The control to the test above: the same road, with a key of the right length.
    EnvelopedData genuine =
        data(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes128_CBC, false));
    BigInteger modulus = ((RSAPublicKey) keys.getPublic()).getModulus();
    byte[] known = with(genuine, raw(padded(2, 16, 384), modulus), null);

    assertThat(open(known)).isEqualTo(open(known));
  }

  @Test
  void handsOnAContentWithWrongPaddingAsItIs() throws Exception {
    EnvelopedData genuine =
        data(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes128_CBC, false));
    byte[] content = genuine.getEncryptedContentInfo().getEncryptedContent().getOctets();
    content[content.length - 17] ^= 1;

    assertThat(open(with(genuine, null, content))).hasSize(content.length);
  }

  @Test
  void unpadsAsRfc5652Has() {
    for (int pad = 0; pad <= 255; pad++) {
      byte[] blocks = new byte[48];
      Arrays.fill(blocks, Math.max(0, 48 - pad), 48, (byte) pad);
      blocks[47] = (byte) pad;

      assertThat(Envelope.unpadded(blocks))
          .as("padding %d", pad)
          .hasSize(pad >= 1 && pad <= 16 ? 48 - pad : 48);
    }
    byte[] broken = new byte[32];
    Arrays.fill(broken, 24, 32, (byte) 8);
    broken[24] = 7;
    assertThat(Envelope.unpadded(broken)).hasSize(32);
  }

  @Test
  void refusesWhatIsSeenToBeWrongWithoutTheKey() throws Exception {
    byte[] weak = enveloped(ra.certificate(), PKCSObjectIdentifiers.des_EDE3_CBC, false);
    assertThatThrownBy(() -> Envelope.read(weak))
        .isInstanceOfSatisfying(
            ScepFailure.class, e -> assertThat(e.info()).isEqualTo(FailInfo.BAD_ALG));

    EnvelopedData genuine =
        data(enveloped(ra.certificate(), NISTObjectIdentifiers.id_aes128_CBC, false));
    byte[] odd = with(genuine, null, new byte[17]);
    assertThatThrownBy(() -> open(odd)).isInstanceOf(ScepFailure.class);
    assertThatThrownBy(() -> Envelope.read(new byte[] {0x30, 0})).isInstanceOf(ScepFailure.class);
  }

  private byte[] open(byte[] envelope) throws ScepFailure {
    Envelope read = Envelope.read(envelope);
    assertThat(ra.is(read.recipients().getFirst())).isTrue();
    return read.open(new RegistrationAuthority.Addressed(ra, 0), random);
  }

  private static byte[] enveloped(X509Certificate to, ASN1ObjectIdentifier cipher, boolean oaep)
      throws Exception {
    var generator = new CMSEnvelopedDataGenerator();
    generator.addRecipientInfoGenerator(
        oaep
            ? new JceKeyTransRecipientInfoGenerator(
                to,
                new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                    PKCSObjectIdentifiers.id_RSAES_OAEP,
                    new RSAESOAEPparams(
                        new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                            NISTObjectIdentifiers.id_sha256),
                        new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                            PKCSObjectIdentifiers.id_mgf1,
                            new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                                NISTObjectIdentifiers.id_sha256)),
                        RSAESOAEPparams.DEFAULT_P_SOURCE_ALGORITHM)))
            : new JceKeyTransRecipientInfoGenerator(to));
    return generator
        .generate(
            new CMSProcessableByteArray(INSIDE), new JceCMSContentEncryptorBuilder(cipher).build())
        .getEncoded();
  }

  private static EnvelopedData data(byte[] envelope) {
    return EnvelopedData.getInstance(ContentInfo.getInstance(envelope).getContent());
  }

  /** The envelope with another encrypted key or content. */
  private static byte[] with(EnvelopedData genuine, byte[] key, byte[] content) throws Exception {
    var info =
        (KeyTransRecipientInfo)
            RecipientInfo.getInstance(genuine.getRecipientInfos().getObjectAt(0)).getInfo();
    var encrypted = genuine.getEncryptedContentInfo();
    var changed =
        new EnvelopedData(
            null,
            new DERSet(
                new RecipientInfo(
                    new KeyTransRecipientInfo(
                        info.getRecipientIdentifier(),
                        info.getKeyEncryptionAlgorithm(),
                        key == null ? info.getEncryptedKey() : new DEROctetString(key)))),
            new EncryptedContentInfo(
                encrypted.getContentType(),
                encrypted.getContentEncryptionAlgorithm(),
                content == null ? encrypted.getEncryptedContent() : new DEROctetString(content)),
            (org.bouncycastle.asn1.ASN1Set) null);
    return new ContentInfo(CMSObjectIdentifiers.envelopedData, changed).getEncoded();
  }

  /** Encrypts a block as it is, padding and all. */
  private static byte[] raw(byte[] block, BigInteger modulus) {
    byte[] power =
        new BigInteger(1, block)
            .modPow(((RSAPublicKey) keys.getPublic()).getPublicExponent(), modulus)
            .toByteArray();
    byte[] fixed = new byte[block.length];
    int from = Math.max(0, power.length - fixed.length);
    System.arraycopy(power, from, fixed, fixed.length - (power.length - from), power.length - from);
    return fixed;
  }

  private static byte[] padded(int type, int payload, int length) {
    byte[] block = filled(length, (byte) 0x55);
    block[0] = 0;
    block[1] = (byte) type;
    block[length - payload - 1] = 0;
    return block;
  }

  private static byte[] filled(int length, byte value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, value);
    return bytes;
  }
}
