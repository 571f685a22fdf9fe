/*
 * Makes what a benchmark of a mutual TLS door needs, quickly: a CA, a server certificate, N client certificates
 * (one PEM file each: certificate, then key), and CRLs of any length. All keys are P-256. For a benchmark only:
 * the keys lie in the clear and the certificates live for a week.
 *
 *   certificates --out DIR --clients 1500 --crl 1 --crl 100001
 *
 * writes DIR/ca.pem, DIR/server.pem, DIR/clients/00001.pem ..., DIR/crl-1.pem, DIR/crl-100001.pem, and
 * DIR/issuer.txt (the CA's name as RFC 4514 writes it). No client certificate is on any of the CRLs. Their entries
 * have a 16-byte serial and no extensions: the shortest that a CA with random serials writes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERIAL_BYTES = 16, LIFE_SECONDS = 7 * 24 * 3600, MAX_CRLS = 8 };

struct issuer {
  X509 *certificate;
  EVP_PKEY *key;
};

static void die(const char *what) {
  fprintf(stderr, "certificates: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

/* Turns a null or a zero, which is how OpenSSL says no, into the end of the program. */
#define must(call) \
  do {             \
    if (!(call)) die(#call); \
  } while (0)

static ASN1_INTEGER *random_serial(void) {
  unsigned char bytes[SERIAL_BYTES];
  must(RAND_bytes(bytes, sizeof bytes) == 1);
  bytes[0] = (bytes[0] & 0x3f) | 0x40; /* positive, and of full length */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
  must(number && serial);
  BN_free(number);
  return serial;
}

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  must(extension && X509_add_ext(certificate, extension, -1));
  X509_EXTENSION_free(extension);
}

/* A certificate for the key, not yet extended nor signed; a null issuer means self-issued. */
static X509 *draft(const char *name, EVP_PKEY *key, const struct issuer *issuer) {
  X509 *certificate = X509_new();
  ASN1_INTEGER *serial = random_serial();
  must(certificate && X509_set_version(certificate, X509_VERSION_3) && X509_set_serialNumber(certificate, serial));
  ASN1_INTEGER_free(serial);
  must(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
  must(X509_gmtime_adj(X509_getm_notAfter(certificate), LIFE_SECONDS));
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                  (const unsigned char *)name, -1, -1, 0));
  must(X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate : certificate)));
  must(X509_set_pubkey(certificate, key));
  extend(certificate, certificate, NID_subject_key_identifier, "hash");
  return certificate;
}

static struct issuer make_issuer(void) {
  unsigned char random[4];
  char name[64];
  must(RAND_bytes(random, sizeof random) == 1);
  /* Two CA keys never share a name: a second run would otherwise be taken for a forgery of the first. */
  snprintf(name, sizeof name, "Sallyport benchmark CA %02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
  struct issuer ca = {.key = EVP_EC_gen("P-256")};
  must(ca.key);
  ca.certificate = draft(name, ca.key, NULL);
  extend(ca.certificate, ca.certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(ca.certificate, ca.certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  must(X509_sign(ca.certificate, ca.key, EVP_sha256()));
  return ca;
}

static FILE *create(const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) {
    fprintf(stderr, "certificates: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  return file;
}

static void finish(FILE *file) { must(fflush(file) == 0 && fclose(file) == 0); }

/* One leaf with a fresh key, certificate first and key second in one file. */
static void write_leaf(const char *path, const char *name, const char *usage, const char *san,
                       const struct issuer *ca) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  must(key);
  X509 *certificate = draft(name, key, ca);
  extend(certificate, ca->certificate, NID_authority_key_identifier, "keyid:always");
  extend(certificate, ca->certificate, NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate, ca->certificate, NID_key_usage, "critical,digitalSignature");
  extend(certificate, ca->certificate, NID_ext_key_usage, usage);
  if (san) extend(certificate, ca->certificate, NID_subject_alt_name, san);
  must(X509_sign(certificate, ca->key, EVP_sha256()));
  FILE *file = create(path);
  must(PEM_write_X509(file, certificate) && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
  finish(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

static void write_crl(const char *path, long entries, const struct issuer *ca) {
  X509_CRL *crl = X509_CRL_new();
  ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, LIFE_SECONDS);
  must(crl && now && next && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
  must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)));
  must(X509_CRL_set1_lastUpdate(crl, now) && X509_CRL_set1_nextUpdate(crl, next));
  for (long i = 0; i < entries; i++) {
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *serial = random_serial();
    must(entry && X509_REVOKED_set_serialNumber(entry, serial) && X509_REVOKED_set_revocationDate(entry, now));
    must(X509_CRL_add0_revoked(crl, entry));
    ASN1_INTEGER_free(serial);
  }
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  must(number && ASN1_INTEGER_set(number, 1) && X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0));
  must(X509_CRL_sort(crl) && X509_CRL_sign(crl, ca->key, EVP_sha256()));
  FILE *file = create(path);
  must(PEM_write_X509_CRL(file, crl));
  finish(file);
  ASN1_INTEGER_free(number);
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  X509_CRL_free(crl);
}

static long count(const char *text) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || *end || end == text || value < 0 || value > 10000000) die("a count is a number from 0 to 10000000");
  return value;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"out", required_argument, 0, 'o'},
      {"clients", required_argument, 0, 'n'},
      {"crl", required_argument, 0, 'c'},
      {0, 0, 0, 0},
  };
  const char *out = NULL;
  long clients = 1500, crls[MAX_CRLS];
  int crl_count = 0;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'o') out = optarg;
    else if (option == 'n') clients = count(optarg);
    else if (option == 'c' && crl_count < MAX_CRLS) crls[crl_count++] = count(optarg);
    else return 2;
  }
  if (!out || optind != argc) die("usage: certificates --out DIR [--clients N] [--crl ENTRIES]...");

  umask(077);
  if ((mkdir(out, 0700) && errno != EEXIST) || chdir(out)) die("the folder can't be made");
  if (mkdir("clients", 0700) && errno != EEXIST) die("the folder can't be made");

  struct issuer ca = make_issuer();
  FILE *file = create("ca.pem");
  must(PEM_write_X509(file, ca.certificate));
  finish(file);
  file = create("issuer.txt");
  must(X509_NAME_print_ex_fp(file, X509_get_subject_name(ca.certificate), 0, XN_FLAG_RFC2253) >= 0);
  finish(file);

  write_leaf("server.pem", "localhost", "serverAuth", "DNS:localhost,IP:127.0.0.1,IP:::1", &ca);
  for (long i = 1; i <= clients; i++) {
    char path[64], name[64];
    snprintf(path, sizeof path, "clients/%05ld.pem", i);
    snprintf(name, sizeof name, "bench-%05ld", i);
    write_leaf(path, name, "clientAuth", NULL, &ca);
  }
  for (int i = 0; i < crl_count; i++) {
    char path[64];
    snprintf(path, sizeof path, "crl-%ld.pem", crls[i]);
    write_crl(path, crls[i], &ca);
  }
  X509_free(ca.certificate);
  EVP_PKEY_free(ca.key);
  return 0;
}
