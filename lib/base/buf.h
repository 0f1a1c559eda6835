/*
 * buf - a growing buffer of bytes that we own.
 *
 * A limit set at init bounds what a peer can make us hold. Going over it is
 * sticky: the bytes are dropped, full is set and every later add fails, so
 * that a caller may add ten things and look once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

struct buf {
	char *p;    /* owned; NULL until the first byte */
	size_t len; /* bytes in use */
	size_t cap;
	size_t max;  /* len never exceeds it; 0 means no limit */
	bool secret; /* holds passwords: what is left behind is cleared */
	bool full;   /* something did not fit */
};

void buf_init(struct buf *buf, size_t max);
/* The same, and no copy of the bytes survives growth, consumption or reset. */
void buf_init_secret(struct buf *buf, size_t max);
void buf_clear(struct buf *buf); /* frees; limit and secrecy stay */
void buf_clear_secret(struct buf *buf);

/* buf_reserve() where there is no room yet. */
char *buf_reserve_more(struct buf *buf, size_t len);

/*
 * Room for len more bytes at the end, to be filled by the caller, who then
 * adds to buf->len what was used. NULL when it would not fit.
 */
static inline char *
buf_reserve(struct buf *buf, size_t len)
{
	/* One more than len, for buf_cstr's NUL. */
	if (buf->full || len >= buf->cap - buf->len ||
	    (buf->max > 0 && len > buf->max - buf->len))
		return buf_reserve_more(buf, len);
	return buf->p + buf->len;
}

/* 0, or -1 when it would not fit (then nothing was added and full is set). */
static inline int
buf_add(struct buf *buf, const void *bytes, size_t len)
{
	char *room = buf_reserve(buf, len);

	if (room == NULL)
		return -1;
	if (len > 0)
		memcpy(room, bytes, len);
	buf->len += len;
	return 0;
}

static inline int
buf_add_str(struct buf *buf, struct str s)
{
	return buf_add(buf, s.p, s.len);
}

static inline int
buf_addz(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

static inline int
buf_addc(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

int buf_add_num(struct buf *buf, uint64_t n); /* decimal digits */
int buf_addf(struct buf *buf, const char *fmt, ...) PRINTFLIKE(2, 3);

/* Big-endian integers, as all our formats have them. */
int buf_add_u8(struct buf *buf, uint8_t n);
int buf_add_u16(struct buf *buf, uint16_t n);
int buf_add_u32(struct buf *buf, uint32_t n);
int buf_add_u64(struct buf *buf, uint64_t n);
/* Seven bits a byte, the lowest first, as protocol buffers have it. */
int buf_add_varint(struct buf *buf, uint64_t n);

/* Keep the memory, forget the bytes; full is reset. */
void buf_reset(struct buf *buf);
/* Drop the first len bytes (clipped). Costs a move of what is left. */
void buf_consume(struct buf *buf, size_t len);
void buf_truncate(struct buf *buf, size_t len);

static inline struct str
buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->len };
}

/* The bytes as a C string, a NUL added behind len. Never NULL. */
const char *buf_cstr(struct buf *buf);

#endif
