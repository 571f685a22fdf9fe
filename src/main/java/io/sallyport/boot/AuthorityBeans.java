package io.sallyport.boot;

import io.sallyport.authority.AuthorityImport;
import io.sallyport.authority.AuthorityImport.Previous;
import io.sallyport.authority.AuthorityImport.Source;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.AuthoritySettings;
import io.sallyport.authority.DevelopmentAuthority;
import io.sallyport.authority.KeyPurpose;
import io.sallyport.authority.KeyType;
import io.sallyport.authority.Pkcs11Token;
import io.sallyport.authority.Profile;
import io.sallyport.authority.Profiles;
import io.sallyport.authority.SanTemplate;
import io.sallyport.registry.DeviceKind;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.Config;

/** Our own authority as it is configured. */
@Singleton
public final class AuthorityBeans {

  private static final String PROFILES = "sallyport.authority.profiles";

  @Produces
  @Singleton
  AuthorityMaterial authority(SallyportConfig config, Config raw) {
    try {
      return imported(config, raw).load();
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.authority: " + e.getMessage(), e);
    }
  }

  private static AuthorityImport imported(SallyportConfig config, Config raw) {
    var authority = config.authority();
    var keys =
        new AuthorityKeys(
            key ->
                raw.getOptionalValue(key, String.class)
                    .filter(value -> !value.isBlank())
                    .isPresent());
    if (keys.none()) {
      try {
        return DevelopmentAuthority.imported(Preparation.absolute(config.data()));
      } catch (IOException e) {
        throw new RefusedToStart("the certificates under " + config.data() + ": " + e.getMessage());
      }
    }
    Source source =
        switch (keys.way()) {
          case PEM ->
              new Source.PemFiles(
                  authority.issuingCertificate().orElseThrow(),
                  authority.issuingKey().orElseThrow());
          case KEYSTORE ->
              new Source.Keystore(
                  authority.keystore().orElseThrow(),
                  authority.keystorePasswordFile().orElseThrow(),
                  authority.keystoreAlias());
          case PKCS11 ->
              new Source.Token(
                  new Pkcs11Token(
                      authority.pkcs11().library().orElseThrow(),
                      authority.pkcs11().slot(),
                      authority.pkcs11().pinFile().orElseThrow()),
                  authority.pkcs11().keyLabel().orElseThrow());
        };
    return new AuthorityImport(
        authority.root(),
        source,
        authority.previous().stream()
            .map(earlier -> new Previous(earlier.certificate(), earlier.key(), earlier.keyAlias()))
            .toList());
  }

  @Produces
  @Singleton
  AuthoritySettings authoritySettings(SallyportConfig config) {
    return settings(config);
  }

  /**
   * @throws RefusedToStart naming what is wrong
   */
  static AuthoritySettings settings(SallyportConfig config) {
    return said(
        "sallyport.pki, sallyport.authority",
        () ->
            new AuthoritySettings(
                URI.create(config.pki().baseUrl().orElse("http://localhost:8080")),
                profiles(config.authority()),
                config.authority().codeLifetime(),
                config.pki().crlShards()));
  }

  private static Profiles profiles(SallyportConfig.Authority authority) {
    Map<DeviceKind, SallyportConfig.Profile> given = new EnumMap<>(DeviceKind.class);
    authority.profiles().forEach((name, profile) -> given.put(kind(name), profile));
    var profiles = new ArrayList<Profile>();
    for (DeviceKind kind : DeviceKind.values()) {
      Profile standard =
          said(
              "sallyport.authority.certificate-lifetime",
              () -> Profile.of(kind, authority.certificateLifetime()));
      SallyportConfig.Profile profile = given.get(kind);
      profiles.add(
          profile == null
              ? standard
              : said(PROFILES + ".\"" + kind.wire() + "\"", () -> merged(standard, profile)));
    }
    return new Profiles(profiles);
  }

  private static Profile merged(Profile standard, SallyportConfig.Profile given) {
    return new Profile(
        standard.kind(),
        given.lifetime().orElse(standard.lifetime()),
        given
            .keyTypes()
            .map(types -> types.stream().map(KeyType::parse).collect(Collectors.toSet()))
            .orElse(standard.keyTypes()),
        given
            .extendedKeyUsage()
            .map(purposes -> new HashSet<>(purposes.stream().map(KeyPurpose::parse).toList()))
            .map(purposes -> (java.util.Set<KeyPurpose>) purposes)
            .orElse(standard.purposes()),
        given
            .subjectAlternativeNames()
            .map(names -> names.stream().map(SanTemplate::parse).toList())
            .orElse(standard.names()));
  }

  /** Environment variables know neither case nor dashes. */
  private static DeviceKind kind(String name) {
    String bare = name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
    return Arrays.stream(DeviceKind.values())
        .filter(kind -> kind.wire().toLowerCase(Locale.ROOT).equals(bare))
        .findFirst()
        .orElseThrow(
            () ->
                new RefusedToStart(
                    "%s.\"%s\": there is no such kind of device; the kinds are %s"
                        .formatted(
                            PROFILES,
                            name,
                            Arrays.stream(DeviceKind.values())
                                .map(DeviceKind::wire)
                                .collect(Collectors.joining(", ")))));
  }

  private static <T> T said(String where, Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart(where + ": " + e.getMessage(), e);
    }
  }
}
