package io.sallyport.authority.scep;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.EncryptedContentInfo;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.KeyTransRecipientInfo;
import org.bouncycastle.asn1.cms.RecipientIdentifier;
import org.bouncycastle.asn1.cms.RecipientInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.crypto.AsymmetricBlockCipher;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.encodings.OAEPEncoding;
import org.bouncycastle.crypto.encodings.PKCS1Encoding;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.util.DigestFactory;

/**
 * The encrypted inside of a message: CMS EnvelopedData for the registration authority.
 *
 * <p>Opening is no padding oracle. A content key that does not come out right, whether by PKCS #1
 * v1.5 or by OAEP, is replaced by a random one (RFC 3218 section 2.3.2) and the work goes on; a
 * content whose padding is wrong is handed on as it is. Both end as bytes that are no request, and
 * so does a content that was never meant for its sender.
 */
final class Envelope {

  private static final int BLOCK = 16;
  private static final int MOST_RECIPIENTS = 8;

  /** Key lengths, in bytes, of what may encrypt the content. */
  private static final Map<ASN1ObjectIdentifier, Integer> CONTENT_KEYS =
      Map.of(
          NISTObjectIdentifiers.id_aes128_CBC, 16,
          NISTObjectIdentifiers.id_aes192_CBC, 24,
          NISTObjectIdentifiers.id_aes256_CBC, 32);

  private final EnvelopedData data;
  private final List<RecipientIdentifier> recipients;

  private Envelope(EnvelopedData data, List<RecipientIdentifier> recipients) {
    this.data = data;
    this.recipients = recipients;
  }

  /**
   * Reads the outside of an envelope, which anybody can.
   *
   * @throws ScepFailure badRequest if it is none; badAlg if the content is not encrypted by AES-CBC
   */
  static Envelope read(byte[] ber) throws ScepFailure {
    if (!BerShape.bounded(ber, MessageReader.MAX_DEPTH, MessageReader.MAX_ELEMENTS)) {
      throw none();
    }
    try {
      ContentInfo content = ContentInfo.getInstance(ber);
      if (!CMSObjectIdentifiers.envelopedData.equals(content.getContentType())) {
        throw none();
      }
      EnvelopedData data = EnvelopedData.getInstance(content.getContent());
      var recipients = new ArrayList<RecipientIdentifier>();
      if (data.getRecipientInfos().size() > MOST_RECIPIENTS) {
        throw none();
      }
      for (var element : data.getRecipientInfos()) {
        if (!(RecipientInfo.getInstance(element).getInfo() instanceof KeyTransRecipientInfo info)) {
          throw new ScepFailure(FailInfo.BAD_ALG, "the content key comes by RSA key transport");
        }
        recipients.add(parsed(info.getRecipientIdentifier()));
      }
      ASN1ObjectIdentifier algorithm = algorithmOf(data);
      if (!CONTENT_KEYS.containsKey(algorithm)) {
        throw new ScepFailure(FailInfo.BAD_ALG, "encrypt by AES-CBC, not by " + algorithm);
      }
      return new Envelope(data, List.copyOf(recipients));
    } catch (RuntimeException e) {
      throw none();
    }
  }

  /** Parsed to its end, so that whoever compares it meets no malformed one. */
  private static RecipientIdentifier parsed(RecipientIdentifier recipient) {
    if (recipient.isTagged()) {
      return new RecipientIdentifier(ASN1OctetString.getInstance(recipient.getId()));
    }
    return new RecipientIdentifier(IssuerAndSerialNumber.getInstance(recipient.getId()));
  }

  private static ScepFailure none() {
    return new ScepFailure(FailInfo.BAD_REQUEST, "the content is not CMS EnvelopedData");
  }

  private static ASN1ObjectIdentifier algorithmOf(EnvelopedData data) {
    return data.getEncryptedContentInfo().getContentEncryptionAlgorithm().getAlgorithm();
  }

  List<RecipientIdentifier> recipients() {
    return recipients;
  }

  /** By what the content is encrypted; the answer is encrypted alike. */
  ASN1ObjectIdentifier contentAlgorithm() {
    return algorithmOf(data);
  }

  /**
   * What the envelope holds, or other bytes if it does not open: which of the two only the reader
   * of the bytes can tell.
   *
   * @throws ScepFailure for what is seen without the key: badAlg, badRequest
   */
  byte[] open(RegistrationAuthority.Addressed to, SecureRandom random) throws ScepFailure {
    var info =
        (KeyTransRecipientInfo)
            RecipientInfo.getInstance(data.getRecipientInfos().getObjectAt(to.recipient()))
                .getInfo();
    EncryptedContentInfo content = data.getEncryptedContentInfo();
    ASN1OctetString encrypted = content.getEncryptedContent();
    if (!(content.getContentEncryptionAlgorithm().getParameters() instanceof ASN1Encodable given)
        || !(given.toASN1Primitive() instanceof ASN1OctetString nonce)) {
      throw none();
    }
    byte[] iv = nonce.getOctets();
    if (encrypted == null
        || encrypted.getOctets().length == 0
        || encrypted.getOctets().length % BLOCK != 0
        || iv.length != BLOCK) {
      throw none();
    }
    byte[] instead = new byte[CONTENT_KEYS.get(contentAlgorithm())];
    random.nextBytes(instead);
    byte[] key =
        contentKey(
            info.getKeyEncryptionAlgorithm(),
            info.getEncryptedKey().getOctets(),
            to.credential(),
            instead,
            random);
    return unpadded(decrypted(key, iv, encrypted.getOctets()));
  }

  /** The content key, or {@code instead}; takes the same way for both. */
  private static byte[] contentKey(
      AlgorithmIdentifier algorithm,
      byte[] encrypted,
      RaCredential credential,
      byte[] instead,
      SecureRandom random)
      throws ScepFailure {
    AsymmetricBlockCipher cipher = unwrapping(algorithm, instead);
    cipher.init(false, new ParametersWithRandom(credential.parameters(), random));
    try {
      byte[] key = cipher.processBlock(encrypted, 0, encrypted.length);
      // PKCS #1 v1.5 has chosen already; OAEP gives whatever was in it.
      return key.length == instead.length ? key : instead;
    } catch (CryptoException | RuntimeException e) {
      return instead;
    }
  }

  private static AsymmetricBlockCipher unwrapping(AlgorithmIdentifier algorithm, byte[] instead)
      throws ScepFailure {
    if (PKCSObjectIdentifiers.rsaEncryption.equals(algorithm.getAlgorithm())) {
      return new PKCS1Encoding(new RSABlindedEngine(), instead);
    }
    if (PKCSObjectIdentifiers.id_RSAES_OAEP.equals(algorithm.getAlgorithm())) {
      try {
        var parameters = RSAESOAEPparams.getInstance(algorithm.getParameters());
        var mask =
            AlgorithmIdentifier.getInstance(parameters.getMaskGenAlgorithm().getParameters());
        return new OAEPEncoding(
            new RSABlindedEngine(),
            digest(parameters.getHashAlgorithm()),
            digest(mask),
            ASN1OctetString.getInstance(parameters.getPSourceAlgorithm().getParameters())
                .getOctets());
      } catch (RuntimeException e) {
        throw new ScepFailure(FailInfo.BAD_ALG, "OAEP by MGF1 with a digest of the SHA family");
      }
    }
    throw new ScepFailure(
        FailInfo.BAD_ALG,
        "encrypt the content key by RSA PKCS #1 v1.5 or OAEP, not by " + algorithm.getAlgorithm());
  }

  // OAEP does not rest on its hash being free of collisions: SHA-1, its default, does no harm here.
  private static Digest digest(AlgorithmIdentifier digest) {
    return switch (digest.getAlgorithm().getId()) {
      case "1.3.14.3.2.26" -> DigestFactory.createSHA1();
      case "2.16.840.1.101.3.4.2.1" -> DigestFactory.createSHA256();
      case "2.16.840.1.101.3.4.2.2" -> DigestFactory.createSHA384();
      case "2.16.840.1.101.3.4.2.3" -> DigestFactory.createSHA512();
      default -> throw new IllegalArgumentException("no digest for OAEP");
    };
  }

  private static byte[] decrypted(byte[] key, byte[] iv, byte[] encrypted) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
      cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
      return cipher.doFinal(encrypted);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("whole blocks can be decrypted", e);
    }
  }

  /** Without its padding (RFC 5652 section 6.3), or all of it where that is wrong. */
  static byte[] unpadded(byte[] blocks) {
    int last = blocks[blocks.length - 1] & 0xff;
    int wrong = (last - 1) >> 31 | (BLOCK - last) >> 31;
    for (int i = 0; i < BLOCK; i++) {
      int within = (i - last) >> 31;
      wrong |= within & ((blocks[blocks.length - 1 - i] & 0xff) ^ last);
    }
    int isWrong = (wrong | -wrong) >> 31;
    return Arrays.copyOf(blocks, blocks.length - (last & ~isWrong));
  }
}
