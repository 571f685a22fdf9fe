package io.sallyport.boot;

import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import io.sallyport.audit.log.TlogProof;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * {@code audit verify}: checks an export, a live server or a single proof. Ends with 0 if all is
 * sound, 1 if something is wrong with the log, 2 if it could not be checked.
 */
final class AuditCommand {

  static final int SOUND = 0;
  static final int WRONG = 1;
  static final int NOT_CHECKED = 2;

  private static final String USAGE =
      """
      usage: audit verify --export FILE [options]
             audit verify --server https://HOST:9443 (--token-file FILE | --user NAME --password-file FILE)
                          [--ca FILE] [options]
             audit verify --proof FILE --key KEY

      --key KEY           a verifier key of the log, or a file with one in each line; may be repeated
      --checkpoint FILE   a checkpoint seen before, which the log must still contain; may be repeated
      --remember FILE     the same if the file is there; the newest checkpoint is written to it if all is sound
      --gap DURATION      how long a silence is remarked, such as PT4H (default PT1H)
      --ca FILE           PEM file of the authority of the server's certificate
      --save FILE         keep what the server exported
      """;

  private static final int BAR = 30;

  private final PrintStream out;
  private final PrintStream err;

  private final List<NoteKey> keys = new ArrayList<>();
  private final List<Checkpoint> seen = new ArrayList<>();
  private Duration gap = Duration.ofHours(1);
  private Path export;
  private Path proof;
  private URI server;
  private String token;
  private String user;
  private String password;
  private Path ca;
  private Path remember;
  private Path save;
  private int shown = -1;

  AuditCommand(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  int run(String... arguments) {
    try {
      if (arguments.length < 2 || !arguments[1].equals("verify")) {
        throw new IllegalArgumentException("the only command is: audit verify");
      }
      read(arguments);
      return proof == null ? verifyLog() : verifyProof();
    } catch (IllegalArgumentException | DateTimeParseException e) {
      err.println("sallyport: " + e.getMessage());
      err.print(USAGE);
    } catch (IOException | GeneralSecurityException e) {
      err.println("sallyport: not checked: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("sallyport: not checked: interrupted");
    }
    return NOT_CHECKED;
  }

  private void read(String... arguments) throws IOException {
    for (int i = 2; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " lacks its value");
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--export" -> export = Path.of(value);
        case "--server" -> server = URI.create(value.replaceFirst("/$", ""));
        case "--proof" -> proof = Path.of(value);
        case "--token-file" -> token = Files.readString(Path.of(value)).strip();
        case "--user" -> user = value;
        case "--password-file" -> password = Files.readString(Path.of(value)).strip();
        case "--ca" -> ca = Path.of(value);
        case "--save" -> save = Path.of(value);
        case "--gap" -> gap = Duration.parse(value);
        case "--key" -> key(value);
        case "--checkpoint" -> seen.add(checkpoint(Path.of(value)));
        case "--remember" -> remember = Path.of(value);
        default -> throw new IllegalArgumentException("unknown: " + arguments[i]);
      }
    }
    if ((export == null ? 0 : 1) + (server == null ? 0 : 1) + (proof == null ? 0 : 1) != 1) {
      throw new IllegalArgumentException("give one of --export, --server and --proof");
    }
    if (server != null && (token == null) == (user == null || password == null)) {
      throw new IllegalArgumentException(
          "--server takes --token-file, or --user and --password-file");
    }
    if (proof != null && keys.isEmpty()) {
      throw new IllegalArgumentException("a proof is checked with the log's own --key");
    }
  }

  private void key(String value) throws IOException {
    String text = value.matches(".+\\+[0-9a-f]{8}\\+.+") ? value : Files.readString(Path.of(value));
    text.lines().filter(line -> !line.isBlank()).map(NoteKey::parse).forEach(keys::add);
  }

  private static Checkpoint checkpoint(Path file) throws IOException {
    return Checkpoint.parse(SignedNote.parse(Files.readString(file)).text());
  }

  private int verifyProof() throws IOException {
    TlogProof given = TlogProof.parse(Files.readString(proof));
    try {
      Checkpoint head = given.verify(keys);
      out.println(new String(given.leaf(), StandardCharsets.UTF_8));
      out.printf(
          "proven: leaf %d of the %d that %s signed%n", given.index(), head.size(), head.origin());
      return SOUND;
    } catch (IllegalArgumentException e) {
      out.println("NOT PROVEN: " + e.getMessage());
      return WRONG;
    }
  }

  private int verifyLog() throws IOException, GeneralSecurityException, InterruptedException {
    if (remember != null && Files.exists(remember)) {
      seen.add(checkpoint(remember));
    }
    Report report;
    try (InputStream lines = export == null ? fetch() : Files.newInputStream(export)) {
      report = new LogVerifier(keys, seen, gap).check(lines, this::progress);
    }
    if (shown >= 0) {
      err.println();
    }
    report.remarks().forEach(remark -> out.println("note: " + printable(remark)));
    report.findings().forEach(finding -> out.println("WRONG: " + printable(finding)));
    if (report.wrong() > report.findings().size()) {
      out.printf("WRONG: and %d more%n", report.wrong() - report.findings().size());
    }
    out.printf(
        "%s: %d records, %d checkpoints, keys %s%n",
        report.isSound() ? "sound" : "NOT SOUND",
        report.leaves(),
        report.checkpoints(),
        String.join(", ", report.keys().stream().map(NoteKey::toString).toList()));
    if (report.isSound() && remember != null) {
      Files.writeString(remember, report.lastNote().toString());
    }
    return report.isSound() ? SOUND : WRONG;
  }

  /** What an export holds must not steer the terminal. */
  private static String printable(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "\uFFFD");
  }

  private InputStream fetch() throws IOException, GeneralSecurityException, InterruptedException {
    String credentials =
        token != null
            ? "Bearer " + token
            : "Basic "
                + Base64.getEncoder()
                    .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    if (ca != null) {
      client.sslContext(trusting(ca));
    }
    var request =
        HttpRequest.newBuilder(server.resolve("/api/v1/audit/export?format=ndjson"))
            .header("Authorization", credentials)
            .build();
    var answer = client.build().send(request, HttpResponse.BodyHandlers.ofInputStream());
    if (answer.statusCode() != 200) {
      try (InputStream body = answer.body()) {
        throw new IOException(
            "the server answers "
                + answer.statusCode()
                + ": "
                + new String(body.readNBytes(1_000), StandardCharsets.UTF_8));
      }
    }
    if (save == null) {
      return answer.body();
    }
    try (InputStream body = answer.body()) {
      Files.copy(body, save);
    }
    return Files.newInputStream(save);
  }

  private static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    try (var pem = Files.newInputStream(file)) {
      int number = 0;
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        anchors.setCertificateEntry("ca-" + number++, certificate);
      }
    }
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private void progress(long leaves, long size) {
    int percent = size == 0 ? 0 : (int) Math.min(100, leaves * 100 / size);
    if (percent != shown && isTerminal()) {
      shown = percent;
      int filled = percent * BAR / 100;
      err.printf(
          "\r[%s%s] %3d %% of %d records",
          "#".repeat(filled), "-".repeat(BAR - filled), percent, size);
    }
  }
}
