package io.sallyport.boot;

import io.sallyport.trust.MissingEvidence;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Period;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything an operator sets. Each property can be given as an environment variable too ({@code
 * sallyport.door.https.port} is {@code SALLYPORT_DOOR_HTTPS_PORT}) or as a system property. The
 * database is given by Quarkus' own {@code quarkus.datasource.*} (the service's role) and {@code
 * quarkus.flyway.*} (the owner's role).
 */
@ConfigMapping(prefix = "sallyport")
public interface SallyportConfig {

  /**
   * The folder for everything that is kept outside the database; made with mode 0700 where missing.
   */
  @WithDefault("data")
  Path data();

  /**
   * The {@code iss} of every token, without a slash at its end: the public URL of the admin side,
   * or of the public port where that is set. OAuth clients look for our metadata there.
   */
  @WithDefault("https://localhost:9443")
  String issuer();

  /** Names this replica in records and keys; by default the host's name and a random part. */
  Optional<String> replica();

  /**
   * The file that holds the master key: 32 bytes, raw, in hexadecimal or in base64. Made under the
   * data folder where unset, which is refused with {@code sallyport.database.embedded=false}.
   */
  Optional<Path> masterKey();

  Database database();

  Tls tls();

  Trust trust();

  Authority authority();

  Pki pki();

  Scep scep();

  Grant grant();

  UserConfig user();

  Admission admission();

  Simulation simulation();

  Door door();

  Posture posture();

  Limit limit();

  Admin admin();

  @WithName("public")
  Public publicPort();

  Audit audit();

  Operator operator();

  Shutdown shutdown();

  /** What simulations may cost, on each replica. */
  interface Simulation {
    /** How many may run at the same time; each holds one database connection. */
    @WithDefault("2")
    int atOnce();

    /** How long one may take before it is given up. */
    @WithDefault("5m")
    Duration longest();

    /** How long one rests after each batch of devices, in percent of the time the batch took. */
    @WithDefault("50")
    int restPercent();
  }

  /** The database beside the service. */
  interface Database {
    /**
     * Whether a PostgreSQL under the data folder may be started when no JDBC URL is given. Where
     * this is false, a missing URL refuses to start, and so does any key that would have to be made
     * up.
     */
    @WithDefault("true")
    boolean embedded();
  }

  /** How the service proves itself, on 8443 and 9443. */
  interface Tls {
    /** PEM file of the server's certificate chain, leaf first, without the root. */
    Optional<Path> certificate();

    /** PEM file (PKCS#8) of its private key. */
    Optional<Path> key();

    /**
     * The names in the server certificate that is made where none is given; the host's own name is
     * added.
     */
    @WithDefault("localhost,127.0.0.1,::1")
    List<String> names();

    /** How often the files are looked at for a change. */
    @WithDefault("10s")
    Duration reloadPeriod();
  }

  /** Whom we believe. */
  interface Trust {
    /**
     * PEM file of trust anchors besides our own authority; read again when it changes. An anchor
     * that is no longer in it is no longer trusted.
     */
    Optional<Path> anchors();

    /**
     * What happens to certificates below the anchors of that file when it can't be known whether
     * their issuer revoked them: {@code require} refuses them, {@code allow-with-note} lets them in
     * and says so in the record. Anchors added over REST each say this for themselves.
     */
    @WithDefault("require")
    MissingEvidence missingEvidence();

    /** The revocation lists of outside CAs. */
    Crl crl();

    /** The OCSP responders of outside CAs, asked where an anchor says so. */
    Ocsp ocsp();

    /** Where lists and responders may be reached. */
    Fetch fetch();

    /** How lists are fetched. */
    interface Crl {
      /**
       * How often a list is asked for at least, by a conditional request; one that ends sooner is
       * asked for twice before its end. A device that is newly listed is cut off at the latest this
       * long after its CA published the list.
       */
      @WithDefault("15m")
      Duration refresh();

      /** How long to wait after a first failure; the wait doubles up to the period above. */
      @WithDefault("30s")
      Duration retry();

      /** How long one fetch may take, redirections included. */
      @WithDefault("2m")
      Duration timeout();

      /** How many bytes a list may have, fetched or uploaded. */
      @WithDefault("134217728")
      long maxBytes();
    }

    /** How responders are asked. */
    interface Ocsp {
      /** How long the answers on one chain may take; a handshake waits no longer for them. */
      @WithDefault("2s")
      Duration timeout();

      /**
       * How long an answer is relied on, if it doesn't end sooner, before it is asked for again.
       */
      @WithDefault("15m")
      Duration refresh();

      /** How many requests are under way at once, on each replica. */
      @WithDefault("64")
      int concurrency();

      /** Whether requests carry a nonce (RFC 9654). An answer with another one is refused. */
      @WithDefault("true")
      boolean nonce();
    }

    /** URLs come from certificates: none may make this service reach into its own network. */
    interface Fetch {
      /**
       * Address ranges ({@code 10.20.0.0/16}) and host names that may be fetched from although
       * their addresses are private, loopback, link-local, unique-local or multicast.
       */
      Optional<List<String>> allow();
    }
  }

  /** Our own certificate authority. */
  interface Authority {
    /**
     * PEM file of the root certificate. The issuing CA is given in one of three ways: by {@code
     * issuing-certificate} and {@code issuing-key}, by {@code keystore}, or by {@code pkcs11}.
     * Where none of them is set, an authority is made under the data folder, which is refused with
     * {@code sallyport.database.embedded=false}.
     */
    Optional<Path> root();

    /** PEM file of the issuing certificate. */
    Optional<Path> issuingCertificate();

    /** PEM file (PKCS#8) of the issuing key. */
    Optional<Path> issuingKey();

    /**
     * PKCS#12 file of the issuing key and its certificate; the root certificate may be in its chain
     * instead of in {@code root}.
     */
    Optional<Path> keystore();

    /** File whose first line is the password of the PKCS#12 file. */
    Optional<Path> keystorePasswordFile();

    /** The issuing key's alias in the PKCS#12 file; needed where it holds more than one key. */
    Optional<String> keystoreAlias();

    Pkcs11 pkcs11();

    List<Previous> previous();

    /** How long the certificates live that we issue to devices, unless their profile says. */
    @WithDefault("30d")
    Duration certificateLifetime();

    Map<String, Profile> profiles();

    /** How long an enrolment code may be used. */
    @WithDefault("24h")
    Duration codeLifetime();

    /**
     * How long a certificate is still good after it was renewed, between a minute and 30 days. Then
     * it ends at every door, and soon after it is on the CRL as superseded.
     */
    @WithDefault("24h")
    Duration renewalGrace();
  }

  /** An issuing key that stays in a hardware security module. */
  interface Pkcs11 {
    /** The PKCS#11 module of its vendor, like {@code /usr/lib/softhsm/libsofthsm2.so}. */
    Optional<Path> library();

    /**
     * The number of the token's slot, decimal or like {@code 0x4d2}; the first slot where unset.
     */
    Optional<String> slot();

    /** File whose first line is the user PIN of the token. */
    Optional<Path> pinFile();

    /**
     * The label ({@code CKA_LABEL}) of the issuing key; its certificate lies beside it in the
     * token, under the same label and {@code CKA_ID}.
     */
    Optional<String> keyLabel();
  }

  /**
   * An issuing CA that issues no more, {@code previous[0]} and so on: its certificates are honoured
   * until they end, and it is in every bundle. To roll over without a gap, add the new CA here
   * first and restart every replica, then exchange it with the issuing one.
   */
  interface Previous {
    /** PEM file of its certificate. */
    Path certificate();

    /**
     * PEM file (PKCS#8) of its key. With neither this nor {@code key-alias} its CRL is signed here
     * no more.
     */
    Optional<Path> key();

    /** Or the key's alias in the PKCS#12 file, or its label in the token, of the issuing CA. */
    Optional<String> keyAlias();
  }

  /**
   * What certificates look like that we issue to one kind of device: {@code laptop}, {@code phone},
   * {@code server}, {@code iot}, {@code partner} or {@code networkAccessServer}.
   */
  interface Profile {
    /**
     * How long they live, 5 minutes to 825 days; {@code sallyport.authority.certificate-lifetime}
     * where unset.
     */
    Optional<Duration> lifetime();

    /**
     * For which keys they are issued: some of {@code P-256,P-384,RSA,Ed25519} (RSA of 3072 bits at
     * least); all but Ed25519 where unset. The device door does not take Ed25519 on BoringSSL, only
     * on the JDK's TLS.
     */
    Optional<List<String>> keyTypes();

    /** Their extended key usage: {@code clientAuth}, or {@code clientAuth,serverAuth}. */
    Optional<List<String>> extendedKeyUsage();

    /**
     * Their subject alternative names, each {@code uri:}, {@code dns:} or {@code email:} and a text
     * with places for {@code {deviceId}}, {@code {name}} and {@code {externalId}} as the registry
     * says them; {@code uri:urn:uuid:{deviceId}} where unset. A name that does not fit the device
     * is left out.
     */
    Optional<List<String>> subjectAlternativeNames();
  }

  /** What our certificates point at. */
  interface Pki {
    /**
     * The plain-HTTP URL under which everybody reaches port 8080; baked into issued certificates.
     * Required before the first issuance where {@code sallyport.database.embedded=false}; else
     * {@code http://localhost:8080}.
     */
    Optional<String> baseUrl();

    /**
     * Into how many lists the CRL of each issuing CA is split, 1 to 1000; a certificate names its
     * own. May be changed at any time: the lists that earlier certificates name are published on.
     */
    @WithDefault("1")
    int crlShards();

    /** How long a CRL is valid; a client may believe a list for this long. */
    @WithDefault("24h")
    Duration crlLifetime();

    /**
     * How long before its end a CRL is signed anew although nothing was revoked. While Postgres is
     * away no list is signed, so this is how long it may be away.
     */
    @WithDefault("12h")
    Duration crlRenewBefore();

    /** How long an OCSP answer is valid; a client may believe it for this long. */
    @WithDefault("10m")
    Duration ocspLifetime();

    /** How many OCSP answers this replica signs in a second; beyond it the answer is tryLater. */
    @WithDefault("500")
    int ocspPerSecond();
  }

  /** Enrolment by SCEP (RFC 8894), for MDMs and network gear that know no EST. */
  interface Scep {
    /**
     * Whether {@code /scep} is answered, on the TLS port of operators and enrolment. A key pair for
     * it is made at the first use and kept in the database, sealed.
     */
    @WithDefault("false")
    boolean enabled();

    /**
     * Whether the plain-HTTP port answers it too: much network gear speaks SCEP without TLS, and
     * its messages are signed and encrypted by themselves. Needs {@code sallyport.scep.enabled}.
     */
    @WithDefault("false")
    boolean plainHttp();
  }

  /** Session grants. */
  interface Grant {
    /** How long a grant lives if its rule says nothing; never past its certificate's end. */
    @WithDefault("10m")
    Duration lifetime();

    /** How long a rule of a policy may let a grant live. */
    @WithDefault("12h")
    Duration longestLifetime();

    /** How long a replica signs with one key. */
    @WithDefault("12h")
    Duration keySignsFor();

    /**
     * How long whoever verifies tokens may use a copy of a status list, between a second and an
     * hour; an ended grant is seen to be ended at the latest this long after, and 5 seconds.
     */
    @WithDefault("30s")
    Duration statusListTtl();
  }

  /** The decision. */
  interface Admission {
    /** How long a decision waits for the standing of its device before it is undecided. */
    @WithDefault("2s")
    Duration patience();
  }

  /** The ways in. */
  interface Door {
    Https https();

    ForwardAuth forwardAuth();

    /** What reverse proxies ask at {@code /authz}. */
    interface ForwardAuth {
      /** How many questions may be under way at once; one more is answered 503. */
      @WithDefault("512")
      int atOnce();

      /**
       * How many uses of grants (one for each grant, audience and proxy) are counted in memory;
       * beyond it each use is a record of its own.
       */
      @WithDefault("100000")
      int countedUses();

      /** How often the counts are written to the audit log; they are at shutdown, too. */
      @WithDefault("1m")
      Duration usesWrittenEvery();
    }

    /** The device door. */
    interface Https {
      /** The address it listens on. */
      @WithDefault("0.0.0.0")
      String host();

      /** The port it listens on. */
      @WithDefault("8443")
      int port();

      /**
       * The URL under which devices reach it, as the OAuth metadata say; the issuer's host and this
       * door's port where unset.
       */
      Optional<String> publicUrl();

      /** How many event loops serve it; 0 takes one for each processor. */
      @WithDefault("0")
      int eventLoops();

      /** Whether TLS 1.2 is offered besides 1.3. */
      @WithDefault("false")
      boolean tls12();

      /** How long a handshake may take, and a request's body to arrive. */
      @WithDefault("10s")
      Duration handshakeTimeout();

      /** How long a connection may be silent, and may wait with its first request. */
      @WithDefault("60s")
      Duration idleTimeout();

      /** How many handshakes may run at once. */
      @WithDefault("4096")
      int maxHandshakes();

      /**
       * How many of them may come from one IPv4 address or IPv6 /64; proven connections don't
       * count.
       */
      @WithDefault("256")
      int maxUnprovenPerSource();

      /** How many connections may be open. */
      @WithDefault("50000")
      int maxConnections();

      /** How many bytes the header of a request may have. */
      @WithDefault("16384")
      int maxHeaderBytes();

      /** How many bytes the body of a request may have. */
      @WithDefault("65536")
      int maxBodyBytes();
    }
  }

  /** Facts about devices, pushed by an MDM or a script. */
  interface Posture {
    /** How long a fact holds whose report does not say; then it counts as absent. */
    @WithDefault("1d")
    Duration ttl();

    /** The longest that a report may ask for, at most 366 days. */
    @WithDefault("30d")
    Duration longestTtl();

    /**
     * How far ahead of ours a reporter's clock may be; what is reported from further in the future
     * is refused.
     */
    @WithDefault("1m")
    Duration clockSkew();

    /** How long an expired fact is still shown before its row is dropped. */
    @WithDefault("7d")
    Duration keepExpired();
  }

  /**
   * How much one device, network, user or token may ask for. Each has a bucket on each replica,
   * which holds a burst and is filled at a rate; whose bucket is empty is answered 429 and when to
   * try again.
   */
  interface Limit {
    /** How many requests a minute one device may make on the device door, after its burst. */
    @WithDefault("120")
    int deviceRate();

    /** How many requests one device may make on the device door at once. */
    @WithDefault("60")
    int deviceBurst();

    /** How many requests a minute one device may make for a new certificate, after its burst. */
    @WithDefault("6")
    int renewalRate();

    /** How many requests for a new certificate one device may make at once. */
    @WithDefault("6")
    int renewalBurst();

    /**
     * How many sign-ins, enrolments and SCEP messages a minute may come from one IPv4 address or
     * IPv6 /64, after its burst; for each of the three.
     */
    @WithDefault("600")
    int sourceRate();

    /** How many of each may come from there at once. */
    @WithDefault("600")
    int sourceBurst();

    /** How many enrolments a minute may be tried for one device, after its burst. */
    @WithDefault("12")
    int enrolmentRate();

    /** How many enrolments may be tried for one device at once. */
    @WithDefault("12")
    int enrolmentBurst();

    /**
     * How many times a second one proxy's token may ask on {@code /authz} and whether grants live,
     * after its burst.
     */
    @WithDefault("5000")
    int proxyRate();

    /** How many times it may ask at once. */
    @WithDefault("10000")
    int proxyBurst();

    /**
     * How many buckets of each kind a replica keeps. Of more devices or networks at once than that,
     * those that come too late share one in each of 1,024 groups.
     */
    @WithDefault("100000")
    int buckets();
  }

  /** The side where operators and proxies sign in. */
  interface Admin {
    /**
     * The URL under which proxies reach introspection and revocation, as the OAuth metadata say.
     * Where unset: the issuer's origin, or if {@code sallyport.public.port} is set, the issuer's
     * host and {@code quarkus.http.ssl-port}.
     */
    Optional<String> publicUrl();
  }

  /**
   * A port for laptops that have no certificate yet and for whoever verifies grants: TLS without
   * client certificates, with the server certificate of the other ports.
   */
  interface Public {
    /**
     * The port; 8444 is usual. Where set, EST enrolment, the OAuth metadata, the keys and the
     * status lists are answered there and no longer on the port of the operators, which then need
     * not be exposed; {@code sallyport.issuer} should then be the URL of this port.
     */
    Optional<Integer> port();

    /** The address it listens on. */
    @WithDefault("0.0.0.0")
    String host();

    /**
     * The URL under which keys and status lists are found, as metadata and tokens say; the issuer's
     * origin where unset.
     */
    Optional<String> url();

    /** How many connections may be open. */
    @WithDefault("4096")
    int maxConnections();

    /** How long a connection may be silent. */
    @WithDefault("30s")
    Duration idleTimeout();

    /** How long a handshake may take, and a request with its answer. */
    @WithDefault("20s")
    Duration requestTimeout();
  }

  /** The audit log. */
  interface Audit {
    /** How many decisions may wait for their commit. */
    @WithDefault("4096")
    int queue();

    /** How long a decision waits for its commit before it is undecided. */
    @WithDefault("3s")
    Duration patience();

    /**
     * How many failures a minute are recorded singly for one source network and reason; the rest as
     * one row.
     */
    @WithDefault("600")
    int singlesPerMinute();

    /** How many bytes the spool may have that keeps refusals while Postgres is gone. */
    @WithDefault("67108864")
    long spoolBytes();

    /**
     * PEM file (PKCS#8) of the Ed25519 key that signs the log's checkpoints, as {@code openssl
     * genpkey -algorithm ed25519} writes it; made under the data folder where unset, which is
     * refused with {@code sallyport.database.embedded=false}. To roll over, give another file and
     * restart: the old public key stays listed.
     */
    Optional<Path> key();

    Log log();

    Retention retention();

    /** How long records stay. Months go as a whole, into a file first that can be checked alone. */
    interface Retention {
      /**
       * How long a month stays after its end, such as {@code P13M} or {@code P2Y}; for ever where
       * unset. Needs {@code archive} and {@code password}.
       */
      Optional<Period> after();

      /**
       * The folder where a month goes before it is dropped: on storage that outlives this machine.
       */
      Optional<Path> archive();

      /** The database role that drops months and erases personal data. */
      @WithDefault("sallyport_retention")
      String username();

      /**
       * Its password. Where unset, nothing is dropped nor erased; the embedded database sets it by
       * itself.
       */
      Optional<String> password();
    }

    Sinks sinks();

    /** Whom records and checkpoints are sent to; the sinks themselves are set up by REST. */
    interface Sinks {
      /**
       * Where sinks of kind {@code file} may write; without it there are none. The folder must
       * exist.
       */
      Optional<Path> folder();

      /** Whether webhooks and witnesses may be reached by plain HTTP; for tests. */
      @WithDefault("false")
      boolean allowHttp();

      /** How often an idle sink looks for new records, and a replica for new sinks. */
      @WithDefault("1s")
      Duration period();

      /** How long one delivery may take before it counts as failed. */
      @WithDefault("10s")
      Duration patience();

      /**
       * How often one item is offered to a receiver that refuses it, before it becomes a dead
       * letter and the rest goes on. A receiver that can't be reached is tried for ever.
       */
      @WithDefault("5")
      int refusals();
    }

    /** The Merkle tree over the audit log. */
    interface Log {
      /**
       * The first line of every checkpoint and the name of its keys; by default {@code
       * sallyport.issuer} without {@code https://}, and {@code /api/v1/audit/log}. Another origin
       * is another log: change it only after the database was restored from an older backup.
       */
      Optional<String> origin();

      /** How often new records become leaves under a new checkpoint. */
      @WithDefault("500ms")
      Duration period();
    }
  }

  /** The first operator, {@code admin}. */
  interface Operator {
    /**
     * Its first password, at least 12 characters; made up into {@code initial-operator-password} in
     * the data folder where unset, which is refused with {@code sallyport.database.embedded=false}.
     */
    @WithName("initial-password")
    Optional<String> initialPassword();
  }

  /** The end of the process, on SIGTERM. */
  interface Shutdown {
    /**
     * How long the device door waits for requests under way to be answered before it closes. It
     * accepts no connection meanwhile and is not ready.
     */
    @WithDefault("5s")
    Duration drain();
  }
}
