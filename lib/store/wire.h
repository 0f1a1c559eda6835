/*
 * wire - integers and byte strings out of bytes that may be damaged.
 *
 * What comes off the disk or from another process is read through a struct
 * wire: reading past the end gives zeros and sets bad, which stays, so that
 * a decoder may read ten fields and look once. Integers are big-endian, or
 * variable (seven bits a byte, least significant first, at most ten bytes).
 * Strings are borrowed from the input.
 */
#ifndef STORE_WIRE_H
#define STORE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct wire {
	struct str in; /* what is left */
	bool bad;
};

static inline struct wire
wire_of(struct str in)
{
	return (struct wire){ .in = in };
}

/*
 * Those that a digest is made of are inline: SORT takes millions of them.
 */
static inline struct str
wire_bytes(struct wire *wire, size_t len)
{
	struct str out;

	if (wire->bad || len > wire->in.len) {
		wire->bad = true;
		return (struct str){ NULL, 0 };
	}
	out = str_make(wire->in.p, len);
	wire->in.p += len;
	wire->in.len -= len;
	return out;
}

static inline uint8_t
wire_u8(struct wire *wire)
{
	struct str s = wire_bytes(wire, 1);

	return s.p == NULL ? 0 : (uint8_t)s.p[0];
}

uint16_t wire_u16(struct wire *wire);
uint32_t wire_u32(struct wire *wire);
uint64_t wire_u64(struct wire *wire);

/* A variable integer of more than one byte. */
uint64_t wire_var_long(struct wire *wire);

static inline uint64_t
wire_var(struct wire *wire)
{
	if (!wire->bad && wire->in.len > 0 &&
	    (unsigned char)wire->in.p[0] < 0x80) {
		wire->in.len--;
		return (unsigned char)*wire->in.p++;
	}
	return wire_var_long(wire);
}

/* A variable integer that is not larger than max, else bad. */
static inline uint64_t
wire_var_max(struct wire *wire, uint64_t max)
{
	uint64_t n = wire_var(wire);

	if (n <= max)
		return n;
	wire->bad = true;
	return 0;
}

/* Length and bytes; a missing string (p NULL) differs from an empty one. */
static inline struct str
wire_str(struct wire *wire)
{
	uint64_t n = wire_var(wire);

	if (wire->bad || n == 0)
		return (struct str){ NULL, 0 };
	return wire_bytes(wire, n - 1 > wire->in.len ? SIZE_MAX : n - 1);
}

/* Nothing was bad and nothing is left. */
static inline bool
wire_is_done(const struct wire *wire)
{
	return !wire->bad && wire->in.len == 0;
}

void wire_put_var(struct buf *out, uint64_t n);
void wire_put_str(struct buf *out, struct str s);

#endif
