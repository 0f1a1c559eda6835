/*
 * num - numbers in text, arithmetic that says when it overflows, and
 * big-endian integers in borrowed bytes.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Take 1*DIGIT up to max off *in. false, *in unmoved: none, or too large. */
bool num_take(struct str *in, uint64_t max, uint64_t *out);
/* All of s must be the number. */
bool num_parse(struct str s, uint64_t max, uint64_t *out);

/*
 * Take what buf_add_varint() wrote off *in. false, *in unmoved: it is not
 * whole, more than 64 bits, or above max.
 */
bool num_take_varint(struct str *in, uint64_t max, uint64_t *out);

static inline bool
num_add(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool
num_mul(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline uint16_t
num_get_u16(const void *p)
{
	const unsigned char *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t
num_get_u32(const void *p)
{
	const unsigned char *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t
num_get_u64(const void *p)
{
	const unsigned char *b = p;

	return (uint64_t)num_get_u32(b) << 32 | num_get_u32(b + 4);
}

static inline void
num_put_u16(void *p, uint16_t n)
{
	unsigned char *b = p;

	b[0] = (unsigned char)(n >> 8);
	b[1] = (unsigned char)n;
}

static inline void
num_put_u32(void *p, uint32_t n)
{
	num_put_u16(p, (uint16_t)(n >> 16));
	num_put_u16((unsigned char *)p + 2, (uint16_t)n);
}

static inline void
num_put_u64(void *p, uint64_t n)
{
	num_put_u32(p, (uint32_t)(n >> 32));
	num_put_u32((unsigned char *)p + 4, (uint32_t)n);
}

#endif
