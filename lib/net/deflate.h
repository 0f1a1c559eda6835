/*
 * deflate - DEFLATE both ways on a connection (RFC 1951 without a header, as
 * RFC 4978 has it), for net/stream.
 *
 * Output is collected by zlib until deflate_write() is told to flush. Input is
 * kept compressed, DEFLATE_RAW bytes at most, and given out in the pieces that
 * are asked for: a few bytes that stand for very many take no more memory than
 * others, only longer.
 *
 * Memory: about 90 KiB a connection.
 */
#ifndef NET_DEFLATE_H
#define NET_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum { DEFLATE_RAW = 16384 };

struct deflate;

/* NULL: no memory. */
struct deflate *deflate_new(void);
void deflate_free(struct deflate *deflate); /* NULL is fine */

/* Append what bytes become to out; flush: all of it that is due. */
void deflate_write(struct deflate *both, struct buf *out, struct str bytes,
    bool flush);

/* Room for up to *len compressed bytes; 0: what is there comes first. */
char *deflate_room(struct deflate *deflate, size_t *len);
/* So many were put there. */
void deflate_fed(struct deflate *deflate, size_t len);
/*
 * Up to size bytes of what they stand for. How many; 0: nothing without more;
 * -1: these are no such bytes, or the stream of them has ended.
 */
ptrdiff_t deflate_read(struct deflate *deflate, char *bytes, size_t size);
/* May deflate_read() give some without more being fed? */
bool deflate_has_more(const struct deflate *deflate);

#endif
