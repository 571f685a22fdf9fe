/*
 * A load client for doors of mutual TLS: TCP connect, full TLS 1.3 handshake with a client certificate, one HTTP/1.1
 * request, the whole response, close; again and again, on N connections at once, from one thread. With --keep the
 * connections stay open and carry many requests each. Prints one line of JSON.
 *
 * Client certificates are taken in turn from a folder of PEM files (certificate, key, further chain). Nothing is ever
 * resumed. The server's certificate is not verified: the target must be a loopback address, and what is measured is
 * the server, not this program.
 *
 *   joins --port 18443 --certificates DIR --connections 16 --seconds 10 --method POST --path /oauth2/token \
 *         --header 'Content-Type: application/x-www-form-urlencoded' --body grant_type=client_credentials
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "response.h"

enum { MAX_CONNECTIONS = 4096, MAX_REQUEST = 65536, ALERTS = 256, TICK_MILLIS = 50 };

/* What a client certificate is made of. */
struct identity {
  X509 *leaf;
  EVP_PKEY *key;
  STACK_OF(X509) * chain;
};

/* IDLE -> CONNECTING -> HANDSHAKING -> SENDING <-> RECEIVING -> IDLE; any failure leads to IDLE too. */
enum phase { IDLE, CONNECTING, HANDSHAKING, SENDING, RECEIVING };

struct connection {
  enum phase phase;
  int fd;
  SSL *ssl;
  uint64_t began; /* of the join (new) or of the request (keep), nanoseconds */
  size_t sent;
  struct response response;
};

enum failure { CONNECT, HANDSHAKE, CLOSED, TIMED_OUT, MALFORMED, RESUMED, FAILURES };
static const char *const failure_names[FAILURES] = {"connect", "handshake", "closed", "timedOut", "malformed",
                                                    "resumed"};

static struct {
  struct sockaddr_storage address;
  socklen_t address_length;
  uint16_t port;
  bool keep;
  long connections, requests;
  double seconds, timeout;
  const char *groups, *ciphersuites;
  char request[MAX_REQUEST];
  size_t request_length;
} settings = {.connections = 16, .requests = 10000000, .seconds = 10, .timeout = 10, .groups = "X25519",
              .ciphersuites = "TLS_AES_128_GCM_SHA256"};

static struct {
  uint64_t began, ends, last, cpu_before;
  long started, completed, handshakes, status[1000], failures[FAILURES], alerts[ALERTS];
  uint32_t *latencies; /* microseconds, one per completed request */
  size_t latency_room;
  char protocol[16], cipher[64], group[64];
} run;

static struct identity *identities;
static size_t identity_count, next_identity;
static SSL_CTX *context;
static int poller;

static void die(const char *what) {
  fprintf(stderr, "joins: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(2);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t own_cpu_micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static bool may_start(void) { return run.started < settings.requests && now() < run.ends; }

static void disconnect(struct connection *c, bool politely) {
  if (c->ssl) {
    if (politely) SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    c->ssl = NULL;
  }
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->phase = IDLE;
}

static void fail(struct connection *c, enum failure kind) {
  run.failures[kind]++;
  disconnect(c, false);
}

/* An alert names its reason; all other ends of a TLS stream are told apart only by how far it had come. */
static void fail_tls(struct connection *c, enum failure otherwise) {
  unsigned long error = ERR_peek_last_error();
  int reason = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= 0 && reason < ALERTS) {
    run.alerts[reason]++;
    disconnect(c, false);
  } else {
    fail(c, otherwise);
  }
}

static void complete(struct connection *c) {
  uint64_t at = now();
  if ((size_t)run.completed == run.latency_room) {
    run.latency_room = run.latency_room ? 2 * run.latency_room : 65536;
    run.latencies = realloc(run.latencies, run.latency_room * sizeof *run.latencies);
    if (!run.latencies) die("out of memory");
  }
  uint64_t micros = (at - c->began) / 1000;
  run.latencies[run.completed++] = micros > UINT32_MAX ? UINT32_MAX : (uint32_t)micros;
  run.status[c->response.status]++;
  run.last = at;
}

/* A connect that fails is tried again only at the next tick, so that a dead server is not stormed. */
static void start(struct connection *c) {
  run.started++;
  c->began = now();
  c->sent = 0;
  response_reset(&c->response);
  int family = settings.address.ss_family, one = 1;
  c->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) die("no socket");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(c->fd, (struct sockaddr *)&settings.address, settings.address_length) && errno != EINPROGRESS) {
    fail(c, CONNECT);
    return;
  }
  const struct identity *identity = &identities[next_identity++ % identity_count];
  c->ssl = SSL_new(context);
  if (!c->ssl || !SSL_use_cert_and_key(c->ssl, identity->leaf, identity->key, identity->chain, 1) ||
      !SSL_set_fd(c->ssl, c->fd))
    die("no TLS connection");
  SSL_set_connect_state(c->ssl);
  c->phase = CONNECTING;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) die("epoll");
}

static bool wants_more(const struct connection *c, int result) {
  int error = SSL_get_error(c->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void note_terms(SSL *ssl) {
  if (run.handshakes++) return;
  const char *group = SSL_group_to_name(ssl, (int)SSL_get_negotiated_group(ssl));
  snprintf(run.protocol, sizeof run.protocol, "%s", SSL_get_version(ssl));
  snprintf(run.cipher, sizeof run.cipher, "%s", SSL_get_cipher_name(ssl));
  snprintf(run.group, sizeof run.group, "%s", group ? group : "unknown");
}

/* After a whole response: the next request on a kept connection, else the next connection. */
static void go_on(struct connection *c) {
  if (settings.keep && !c->response.closes && may_start()) {
    run.started++;
    c->began = now();
    c->sent = 0;
    response_reset(&c->response);
    c->phase = SENDING;
    return;
  }
  disconnect(c, true);
  if (may_start()) start(c);
}

/* Takes a connection as far as it goes without waiting. */
static void drive(struct connection *c) {
  static char buffer[16384];
  for (;;) {
    ERR_clear_error();
    switch (c->phase) {
      case IDLE:
        return;
      case CONNECTING: {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error) {
          fail(c, CONNECT);
          return;
        }
        c->phase = HANDSHAKING;
        break;
      }
      case HANDSHAKING: {
        int result = SSL_do_handshake(c->ssl);
        if (result != 1) {
          if (!wants_more(c, result)) fail_tls(c, HANDSHAKE);
          return;
        }
        if (SSL_session_reused(c->ssl)) {
          fail(c, RESUMED);
          return;
        }
        note_terms(c->ssl);
        if (settings.keep) c->began = now();
        c->phase = SENDING;
        break;
      }
      case SENDING: {
        size_t length = settings.request_length - c->sent;
        int result = SSL_write(c->ssl, settings.request + c->sent, (int)length);
        if (result <= 0) {
          if (wants_more(c, result)) return;
          /* The server hung up first: in TLS 1.3 it refuses a certificate only now, and its alert lies unread. */
          c->phase = RECEIVING;
          break;
        }
        c->sent += (size_t)result;
        if (c->sent == settings.request_length) c->phase = RECEIVING;
        break;
      }
      case RECEIVING: {
        int result = SSL_read(c->ssl, buffer, sizeof buffer);
        if (result <= 0) {
          if (wants_more(c, result)) return;
          if (SSL_get_error(c->ssl, result) != SSL_ERROR_ZERO_RETURN || !response_closed(&c->response)) {
            fail_tls(c, CLOSED);
            return;
          }
        } else if (!response_feed(&c->response, buffer, (size_t)result)) {
          fail(c, MALFORMED);
          return;
        }
        if (response_done(&c->response)) {
          complete(c);
          go_on(c);
          if (c->phase != SENDING) return;
        }
        break;
      }
    }
  }
}

static void load(const char *folder) {
  struct dirent **entries;
  int count = scandir(folder, &entries, NULL, alphasort);
  if (count < 0) die("the folder of certificates can't be read");
  identities = calloc((size_t)count, sizeof *identities);
  for (int i = 0; i < count; free(entries[i++])) {
    const char *dot = strrchr(entries[i]->d_name, '.');
    if (!dot || strcmp(dot, ".pem")) continue;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    BIO *file = BIO_new_file(path, "r");
    struct identity *identity = &identities[identity_count++];
    identity->chain = sk_X509_new_null();
    identity->leaf = PEM_read_bio_X509(file, NULL, NULL, NULL);
    for (X509 *more; (more = PEM_read_bio_X509(file, NULL, NULL, NULL));) sk_X509_push(identity->chain, more);
    BIO_free(file);
    file = BIO_new_file(path, "r");
    identity->key = PEM_read_bio_PrivateKey(file, NULL, NULL, "");
    BIO_free(file);
    if (!identity->leaf || !identity->key) die("a PEM file lacks its certificate or its unencrypted key");
  }
  free(entries);
  ERR_clear_error();
  if (!identity_count) die("there is no *.pem in the folder of certificates");
}

static void prepare_tls(void) {
  context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
      !SSL_CTX_set1_groups_list(context, settings.groups) || !SSL_CTX_set_ciphersuites(context, settings.ciphersuites))
    die("these groups or cipher suites are not known");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static uint32_t quantile(double share) {
  if (!run.completed) return 0;
  return run.latencies[(size_t)((double)(run.completed - 1) * share)];
}

static void report(void) {
  uint64_t cpu = own_cpu_micros() - run.cpu_before;
  double seconds = run.last > run.began ? (double)(run.last - run.began) / 1e9 : 0;
  if (run.completed) qsort(run.latencies, (size_t)run.completed, sizeof *run.latencies, ascending);
  printf("{\"mode\":\"%s\",\"completed\":%ld,\"handshakes\":%ld,\"seconds\":%.3f,\"rate\":%.1f,\"status\":{",
         settings.keep ? "keep" : "new", run.completed, run.handshakes, seconds,
         seconds > 0 ? (double)run.completed / seconds : 0);
  const char *comma = "";
  for (int i = 0; i < 1000; i++)
    if (run.status[i]) printf("%s\"%d\":%ld", comma, i, run.status[i]), comma = ",";
  printf("},\"failures\":{");
  comma = "";
  for (int i = 0; i < FAILURES; i++)
    if (run.failures[i]) printf("%s\"%s\":%ld", comma, failure_names[i], run.failures[i]), comma = ",";
  for (int i = 0; i < ALERTS; i++)
    if (run.alerts[i])
      printf("%s\"alert %d %s\":%ld", comma, i, SSL_alert_desc_string_long(i), run.alerts[i]), comma = ",";
  printf("},\"latencyMicros\":{\"p50\":%u,\"p99\":%u,\"max\":%u},\"clientCpuMicros\":%llu,", quantile(0.5),
         quantile(0.99), quantile(1), (unsigned long long)cpu);
  printf("\"tls\":{\"protocol\":\"%s\",\"cipher\":\"%s\",\"group\":\"%s\"}}\n", run.protocol, run.cipher, run.group);
}

static void run_load(void) {
  struct connection *connections = calloc((size_t)settings.connections, sizeof *connections);
  struct epoll_event events[256];
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!connections || poller < 0) die("out of memory");
  run.cpu_before = own_cpu_micros();
  run.began = now();
  run.ends = run.began + (uint64_t)(settings.seconds * 1e9);
  uint64_t timeout = (uint64_t)(settings.timeout * 1e9), next_tick = run.began;
  for (long i = 0; i < settings.connections; i++) connections[i].fd = -1;
  for (;;) {
    if (now() >= next_tick) { /* starts what is idle, gives up what hangs, ends when nothing is left */
      long open = 0;
      for (long i = 0; i < settings.connections; i++) {
        struct connection *c = &connections[i];
        if (c->phase != IDLE && now() - c->began > timeout) fail(c, TIMED_OUT);
        if (c->phase == IDLE && may_start()) start(c);
        open += c->phase != IDLE;
      }
      if (!open && !may_start()) break;
      next_tick = now() + TICK_MILLIS * 1000000ull;
    }
    int count = epoll_wait(poller, events, 256, TICK_MILLIS);
    for (int i = 0; i < count; i++) drive(events[i].data.ptr);
  }
  free(connections);
}

static void append(const char *format, const char *a, const char *b) {
  size_t room = sizeof settings.request - settings.request_length;
  int length = snprintf(settings.request + settings.request_length, room, format, a, b);
  if (length < 0 || (size_t)length >= room) die("the request is too long");
  settings.request_length += (size_t)length;
}

/* Only this machine may be put under load, whatever is asked. */
static void aim(const char *host, const char *port_text) {
  char *end;
  long port = strtol(port_text, &end, 10);
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  if (*end || port < 1 || port > 65535) die("--port must be from 1 to 65535");
  v4.sin_port = v6.sin6_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1 && ntohl(v4.sin_addr.s_addr) >> 24 == 127) {
    memcpy(&settings.address, &v4, settings.address_length = sizeof v4);
  } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
    memcpy(&settings.address, &v6, settings.address_length = sizeof v6);
  } else {
    die("--host must be a loopback address in numbers (127.x.y.z or ::1)");
  }
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"host", 1, 0, 'h'},     {"port", 1, 0, 'p'},    {"certificates", 1, 0, 'c'}, {"connections", 1, 0, 'n'},
      {"seconds", 1, 0, 's'},  {"requests", 1, 0, 'r'}, {"timeout", 1, 0, 't'},     {"groups", 1, 0, 'g'},
      {"ciphersuites", 1, 0, 'C'}, {"method", 1, 0, 'm'}, {"path", 1, 0, 'P'},      {"header", 1, 0, 'H'},
      {"body", 1, 0, 'b'},     {"keep", 0, 0, 'k'},    {"new", 0, 0, 'N'},          {0, 0, 0, 0},
  };
  const char *host = "127.0.0.1", *port = "", *folder = NULL, *method = "GET", *path = "/", *body = "", *headers[32];
  int header_count = 0;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
      case 'h': host = optarg; break;
      case 'p': port = optarg; break;
      case 'c': folder = optarg; break;
      case 'n': settings.connections = atol(optarg); break;
      case 's': settings.seconds = atof(optarg); break;
      case 'r': settings.requests = atol(optarg); break;
      case 't': settings.timeout = atof(optarg); break;
      case 'g': settings.groups = optarg; break;
      case 'C': settings.ciphersuites = optarg; break;
      case 'm': method = optarg; break;
      case 'P': path = optarg; break;
      case 'b': body = optarg; break;
      case 'k': settings.keep = true; break;
      case 'N': settings.keep = false; break;
      case 'H':
        if (header_count == 32) die("too many headers");
        headers[header_count++] = optarg;
        break;
      default: return 2;
    }
  }
  if (!folder || optind != argc) die("--port and --certificates are needed; see the head of joins.c");
  if (settings.connections < 1 || settings.connections > MAX_CONNECTIONS) die("--connections must be from 1 to 4096");
  if (!(settings.seconds > 0 && settings.seconds <= 3600)) die("--seconds must be above 0 and at most 3600");
  if (!(settings.timeout > 0 && settings.timeout <= 600)) die("--timeout must be above 0 and at most 600");
  if (settings.requests < 1) die("--requests must be at least 1");
  aim(host, port);

  append("%s %s HTTP/1.1\r\n", method, path);
  append("Host: localhost:%s\r\n%s", port, settings.keep ? "" : "Connection: close\r\n");
  for (int i = 0; i < header_count; i++) append("%s\r\n%s", headers[i], "");
  char length[32];
  snprintf(length, sizeof length, "%zu", strlen(body));
  if (*body || strcmp(method, "GET")) append("Content-Length: %s\r\n%s", length, "");
  append("\r\n%s%s", body, "");

  signal(SIGPIPE, SIG_IGN);
  load(folder);
  prepare_tls();
  run_load();
  report();
  return 0;
}
