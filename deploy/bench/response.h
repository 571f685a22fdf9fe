/*
 * Reads one HTTP/1.1 response from bytes as they come: status line and headers, then a body of a given length, in
 * chunks, or up to the end of the stream. Keeps the status and nothing of the body.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

enum { RESPONSE_HEAD_LIMIT = 16384 };

enum response_part { HEAD, SIZED, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, TO_THE_END, DONE };

struct response {
  enum response_part part;
  int status;      /* 100 to 999 once the head is read */
  bool closes;     /* the server will close the connection after it */
  size_t left;     /* bytes of the body or chunk still to come */
  size_t line;     /* length of the trailer line being read, or digits of the chunk size */
  bool extension;  /* inside a chunk extension, which is skipped */
  size_t head_length;
  char head[RESPONSE_HEAD_LIMIT];
};

void response_reset(struct response *response);

/* False if the bytes are not a response, or more than one: nothing was asked for that would explain them. */
bool response_feed(struct response *response, const char *bytes, size_t length);

/* Tells that the stream has ended in good order. False if the response was not whole then. */
bool response_closed(struct response *response);

bool response_done(const struct response *response);

#endif
