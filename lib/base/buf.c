#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BUF_FIRST = 64 };

void
buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max };
}

void
buf_init_secret(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max, .secret = true };
}

void
buf_clear(struct buf *buf)
{
	if (buf->secret) {
		buf_clear_secret(buf);
		return;
	}
	free(buf->p);
	*buf = (struct buf){ .max = buf->max };
}

void
buf_clear_secret(struct buf *buf)
{
	free_secret(buf->p, buf->cap);
	*buf = (struct buf){ .max = buf->max, .secret = buf->secret };
}

/* realloc() would leave the old block's bytes on the heap. */
static void
grow(struct buf *buf, size_t cap)
{
	char *old = buf->p;

	if (!buf->secret) {
		buf->p = xreallocarray(old, cap, 1);
	} else {
		buf->p = xmalloc(cap);
		if (buf->len > 0)
			memcpy(buf->p, old, buf->len);
		free_secret(old, buf->cap);
	}
	buf->cap = cap;
}

/* The bytes behind len, up to where len was, are no longer wanted. */
static void
forget(struct buf *buf, size_t was)
{
	if (buf->secret && was > buf->len)
		explicit_bzero(buf->p + buf->len, was - buf->len);
}

char *
buf_reserve_more(struct buf *buf, size_t len)
{
	size_t cap = buf->cap < BUF_FIRST ? BUF_FIRST : buf->cap;

	if (buf->full || len > SIZE_MAX / 2 - buf->len ||
	    (buf->max > 0 && len > buf->max - buf->len)) {
		buf->full = true;
		return NULL;
	}
	if (buf->cap - buf->len <= len) { /* one more, for buf_cstr's NUL */
		while (cap - buf->len <= len)
			cap *= 2;
		grow(buf, cap);
	}
	return buf->p + buf->len;
}

/* 00 to 99: a division gives two digits. */
static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

int
buf_add_num(struct buf *buf, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	for (; n >= 100; n /= 100) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * (n % 100), 2);
	}
	if (n >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * n, 2);
	} else {
		digits[--at] = (char)('0' + n);
	}
	return buf_add(buf, digits + at, sizeof(digits) - at);
}

/* Into the room there is; where that is too little, once more into enough. */
int
buf_addf(struct buf *buf, const char *fmt, ...)
{
	size_t room = buf->cap - buf->len;
	char *end = room > 0 ? buf->p + buf->len : NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(end, room, fmt, ap);
	va_end(ap);
	if (len < 0 || buf_reserve(buf, (size_t)len) == NULL) {
		forget(buf, buf->cap);
		return -1;
	}
	if ((size_t)len >= room) {
		va_start(ap, fmt);
		(void)vsnprintf(buf->p + buf->len, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	buf->len += (size_t)len;
	return 0;
}

static int
add_be(struct buf *buf, uint64_t n, int bytes)
{
	unsigned char be[8];

	for (int i = 0; i < bytes; i++)
		be[i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
	return buf_add(buf, be, (size_t)bytes);
}

int
buf_add_u8(struct buf *buf, uint8_t n)
{
	return add_be(buf, n, 1);
}

int
buf_add_u16(struct buf *buf, uint16_t n)
{
	return add_be(buf, n, 2);
}

int
buf_add_u32(struct buf *buf, uint32_t n)
{
	return add_be(buf, n, 4);
}

int
buf_add_u64(struct buf *buf, uint64_t n)
{
	return add_be(buf, n, 8);
}

int
buf_add_varint(struct buf *buf, uint64_t n)
{
	unsigned char bytes[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (unsigned char)(n | 0x80);
	bytes[len++] = (unsigned char)n;
	return buf_add(buf, bytes, len);
}

void
buf_reset(struct buf *buf)
{
	size_t was = buf->len;

	buf->len = 0;
	buf->full = false;
	forget(buf, was);
}

void
buf_consume(struct buf *buf, size_t len)
{
	size_t was = buf->len;

	if (len > buf->len)
		len = buf->len;
	if (len == 0)
		return;
	buf->len -= len;
	memmove(buf->p, buf->p + len, buf->len);
	forget(buf, was);
}

void
buf_truncate(struct buf *buf, size_t len)
{
	size_t was = buf->len;

	if (len < was)
		buf->len = len;
	forget(buf, was);
}

const char *
buf_cstr(struct buf *buf)
{
	if (buf->p == NULL)
		return "";
	buf->p[buf->len] = '\0'; /* buf_reserve always keeps one spare */
	return buf->p;
}
