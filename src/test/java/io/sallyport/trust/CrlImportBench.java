package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;

import io.sallyport.TestDatabase;
import io.sallyport.identity.IssuerAndSerial;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Signature;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import javax.sql.DataSource;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.postgresql.PGConnection;

/**
 * Imports a list of a million entries in a JVM with a small heap, beside a plain COPY of the same
 * rows and {@code openssl crl} on the same file, and looks serials up in it.
 *
 * <pre>
 * java -cp target/classes:target/test-classes:$(cat target/classpath) io.sallyport.trust.CrlImportBench 1000000
 * </pre>
 */
public final class CrlImportBench {

  private static final String HEAP = "-Xmx128m";
  private static final int LOOK_UPS = 20_000;

  private CrlImportBench() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 2) {
      measure(Integer.parseInt(arguments[0]), Path.of(arguments[1]));
      return;
    }
    Path folder = Files.createTempDirectory("crl-bench");
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder().setPGStartupWait(Duration.ofSeconds(60)).start()) {
      ProcessBuilder child =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              HEAP,
              "-Dsallyport.test.max-list=134217728",
              "-cp",
              System.getProperty("java.class.path"),
              CrlImportBench.class.getName(),
              arguments.length == 0 ? "1000000" : arguments[0],
              folder.toString());
      child
          .environment()
          .put("SALLYPORT_TEST_DATABASE_URL", postgres.getJdbcUrl("postgres", "postgres"));
      System.exit(child.inheritIO().start().waitFor());
    }
  }

  private static void measure(int entries, Path folder) throws Exception {
    try (EvidenceWorld world = new EvidenceWorld(folder)) {
      Path list = folder.resolve("bench.crl");
      byte[][] sample = write(list, world.root, 1, entries, 1);
      System.out.printf("list: %,d entries, %,d bytes, heap %s%n", entries, Files.size(list), HEAP);

      long begun = System.nanoTime();
      plainCopy(entries);
      double plain = seconds(begun);
      System.out.printf(
          "plain copy of the same rows: %.2f s, %,.0f rows/s%n", plain, entries / plain);

      begun = System.nanoTime();
      int code =
          new ProcessBuilder("openssl", "crl", "-inform", "DER", "-noout", "-in", list.toString())
              .start()
              .waitFor();
      double openssl = seconds(begun);
      System.out.printf("openssl crl -noout: %.2f s (exit %d)%n", openssl, code);

      double first = upload(world, list);
      System.out.printf(
          "first import: %.2f s, %,.0f rows/s, plain copy = 1: %.2f, openssl = 1: %.2f%n",
          first, entries / first, first / plain, first / openssl);
      write(list, world.root, 2, entries, 1);
      double second = upload(world, list);
      System.out.printf(
          "import of the next list: %.2f s, %,.0f rows/s%n", second, entries / second);
      System.out.printf("peak heap: %,d MiB%n", peakHeap() >> 20);
      lookUp(world, sample);
    }
  }

  private static double upload(EvidenceWorld world, Path list) throws Exception {
    long begun = System.nanoTime();
    try (InputStream in = Files.newInputStream(list)) {
      world.outside.upload(world.anchor, in, "bench", null);
    }
    return seconds(begun);
  }

  private static void lookUp(EvidenceWorld world, byte[][] sample) throws Exception {
    OutsideEvidence replica = world.replica("kept", List.of(), kept(world.dataSource));
    long[] nanos = new long[LOOK_UPS];
    var leaf = world.leaf();
    int revoked = 0;
    for (int i = 0; i < LOOK_UPS; i++) {
      byte[] serial = sample[i % sample.length];
      var subject =
          new EvidenceQuestion.Subject(
              new IssuerAndSerial(
                  IssuerAndSerial.of(leaf.certificate()).issuer(),
                  new BigInteger(1, serial).add(BigInteger.valueOf(i % 2)).toString(16)),
              List.of(),
              List.of(),
              List.of(),
              false,
              null);
      var question =
          new EvidenceQuestion(world.anchor, List.of(subject), List.of(leaf.certificate()));
      long begun = System.nanoTime();
      EvidenceVerdict verdict = replica.evidence().of(question, NOW);
      nanos[i] = System.nanoTime() - begun;
      revoked += verdict instanceof EvidenceVerdict.Revoked ? 1 : 0;
    }
    Arrays.sort(nanos);
    System.out.printf(
        "look-ups on a kept connection: %,d, %,d revoked; p50 %.3f ms, p99 %.3f ms%n",
        LOOK_UPS, revoked, nanos[LOOK_UPS / 2] / 1e6, nanos[LOOK_UPS * 99 / 100] / 1e6);
  }

  /** Hands out one connection again and again, as a pool would. */
  private static DataSource kept(DataSource database) throws SQLException {
    Connection connection = database.getConnection();
    Connection unclosed =
        (Connection)
            Proxy.newProxyInstance(
                CrlImportBench.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) ->
                    method.getName().equals("close") ? null : method.invoke(connection, arguments));
    return (DataSource)
        Proxy.newProxyInstance(
            CrlImportBench.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> unclosed);
  }

  private static void plainCopy(int entries) throws Exception {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("create table plain (like crl_entry)");
      statement.execute("create index plain_serial on plain (generation, serial)");
      var copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn("copy plain from stdin");
      Random random = new Random(1);
      for (int i = 0; i < entries; i++) {
        byte[] row =
            "1\t\\\\x%s\t1\t2026-11-01 00:00:00+00\n"
                .formatted(HexFormat.of().formatHex(serial(random)))
                .getBytes();
        copy.writeToCopy(row, 0, row.length);
      }
      copy.endCopy();
    }
  }

  private static long peakHeap() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed())
        .sum();
  }

  private static byte[] serial(Random random) {
    byte[] serial = new byte[16];
    random.nextBytes(serial);
    serial[0] = (byte) (serial[0] & 0x3f | 0x40);
    return serial;
  }

  /** Writes a signed list piece by piece; returns some of its serials. */
  static byte[][] write(Path file, TestAuthority issuer, long number, int entries, long seed)
      throws Exception {
    byte[] algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256).getEncoded();
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)));
    byte[] after = tlv(0xa0, extensions.generate().getEncoded());
    byte[] before =
        concat(
            new byte[] {2, 1, 1},
            algorithm,
            issuer.certificate().getSubjectX500Principal().getEncoded(),
            new Time(Date.from(NOW.minusSeconds(60 - number))).getEncoded(),
            new Time(Date.from(NOW.plus(Duration.ofDays(1)))).getEncoded());
    byte[] entry =
        concat(
            new byte[] {0x30, 47, 2, 16},
            new byte[16],
            tlv(0x17, "261101000000Z".getBytes()),
            new byte[] {0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1, 1});
    int size = entries * entry.length;
    byte[] head = header(0x30, size);
    byte[] tbsHead = header(0x30, before.length + head.length + size + after.length);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(issuer.keys().getPrivate());
    byte[][] sample = new byte[1_000][];
    Path body = file.resolveSibling("tbs");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(body), 1 << 16)) {
      for (byte[] part : new byte[][] {tbsHead, before, head}) {
        signature.update(part);
        out.write(part);
      }
      Random random = new Random(seed);
      for (int i = 0; i < entries; i++) {
        byte[] serial = serial(random);
        System.arraycopy(serial, 0, entry, 4, serial.length);
        signature.update(entry);
        out.write(entry);
        sample[i % sample.length] = serial;
      }
      signature.update(after);
      out.write(after);
    }
    byte[] tail = concat(algorithm, new DERBitString(signature.sign()).getEncoded());
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(header(0x30, (int) Files.size(body) + tail.length));
      Files.copy(body, out);
      out.write(tail);
    }
    return sample;
  }

  private static byte[] tlv(int tag, byte[] content) throws IOException {
    return concat(header(tag, content.length), content);
  }

  private static byte[] header(int tag, int length) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeByte(tag);
    if (length < 0x80) {
      out.writeByte(length);
    } else if (length < 0x100) {
      out.writeByte(0x81);
      out.writeByte(length);
    } else if (length < 0x10000) {
      out.writeByte(0x82);
      out.writeShort(length);
    } else if (length < 0x1000000) {
      out.writeByte(0x83);
      out.writeByte(length >> 16);
      out.writeShort(length);
    } else {
      out.writeByte(0x84);
      out.writeInt(length);
    }
    return bytes.toByteArray();
  }

  private static byte[] concat(byte[]... parts) throws IOException {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.write(part);
    }
    return out.toByteArray();
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }
}
