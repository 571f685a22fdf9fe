#define _GNU_SOURCE
#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void response_reset(struct response *response) {
  memset(response, 0, offsetof(struct response, head));
}

bool response_done(const struct response *response) { return response->part == DONE; }

bool response_closed(struct response *response) {
  if (response->part == TO_THE_END) response->part = DONE;
  response->closes = true;
  return response->part == DONE;
}

/* The value of a header line if its name is the one asked for, without the blanks before it. */
static const char *value_of(const char *line, const char *name) {
  size_t length = strlen(name);
  if (strncasecmp(line, name, length) || line[length] != ':') return NULL;
  return line + length + 1 + strspn(line + length + 1, " \t");
}

/* Reads the head, a string of lines; says where the body begins and how it ends. */
static bool read_head(struct response *r) {
  if (strncmp(r->head, "HTTP/1.", 7) || strlen(r->head) < 12 || r->head[8] != ' ') return false;
  r->status = atoi(r->head + 9);
  if (r->status < 100 || r->status > 999) return false;
  bool sized = false, chunked = false;
  char *rest;
  strtok_r(r->head, "\r\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\r\n", &rest));) {
    const char *value;
    if ((value = value_of(line, "content-length"))) {
      char *end;
      r->left = strtoul(value, &end, 10);
      sized = end != value;
    } else if ((value = value_of(line, "transfer-encoding"))) {
      chunked = strcasestr(value, "chunked") != NULL;
    } else if ((value = value_of(line, "connection"))) {
      r->closes = strcasestr(value, "close") != NULL;
    }
  }
  if (r->status < 200) {
    response_reset(r); /* an interim response: the real one follows */
  } else if (r->status == 204 || r->status == 304) {
    r->part = DONE;
  } else if (chunked) {
    r->part = CHUNK_SIZE;
    r->left = 0;
  } else if (sized) {
    r->part = r->left ? SIZED : DONE;
  } else {
    r->part = TO_THE_END;
  }
  return true;
}

static bool feed_head(struct response *r, char byte) {
  if (r->head_length == sizeof r->head - 1) return false;
  r->head[r->head_length++] = byte;
  if (byte != '\n' || r->head_length < 4 || memcmp(r->head + r->head_length - 4, "\r\n\r\n", 4)) return true;
  r->head[r->head_length] = '\0';
  return read_head(r);
}

static bool feed_chunk_size(struct response *r, char byte) {
  if (byte == '\n') {
    if (!r->line) return false;
    r->part = r->left ? CHUNK_DATA : TRAILER;
    r->line = 0;
    r->extension = false;
    return true;
  }
  if (r->extension || byte == ';' || byte == '\r') {
    r->extension = true;
    return true;
  }
  const char *digits = "0123456789abcdef", *digit = byte ? strchr(digits, byte | 0x20) : NULL;
  if (!digit || ++r->line > 8) return false;
  r->left = r->left * 16 + (size_t)(digit - digits);
  return true;
}

static bool feed_trailer(struct response *r, char byte) {
  if (byte == '\n') {
    if (!r->line) r->part = DONE;
    r->line = 0;
  } else if (byte != '\r') {
    r->line++;
  }
  return true;
}

bool response_feed(struct response *r, const char *bytes, size_t length) {
  bool ok = true;
  while (length && ok) {
    size_t taken = 1;
    switch (r->part) {
      case HEAD: ok = feed_head(r, *bytes); break;
      case CHUNK_SIZE: ok = feed_chunk_size(r, *bytes); break;
      case TRAILER: ok = feed_trailer(r, *bytes); break;
      case CHUNK_END:
        if (*bytes == '\n') r->part = CHUNK_SIZE;
        else ok = *bytes == '\r';
        break;
      case SIZED:
      case CHUNK_DATA:
        taken = length < r->left ? length : r->left;
        r->left -= taken;
        if (!r->left) r->part = r->part == SIZED ? DONE : CHUNK_END;
        break;
      case TO_THE_END: taken = length; break;
      case DONE: ok = false; break;
    }
    bytes += taken;
    length -= taken;
  }
  return ok;
}
