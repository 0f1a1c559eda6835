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

uint8_t wire_u8(struct wire *wire);
uint16_t wire_u16(struct wire *wire);
uint32_t wire_u32(struct wire *wire);
uint64_t wire_u64(struct wire *wire);
struct str wire_bytes(struct wire *wire, size_t len);
uint64_t wire_var(struct wire *wire);
/* A variable integer that is not larger than max, else bad. */
uint64_t wire_var_max(struct wire *wire, uint64_t max);
/* Length and bytes; a missing string (p NULL) differs from an empty one. */
struct str wire_str(struct wire *wire);

/* Nothing was bad and nothing is left. */
static inline bool
wire_is_done(const struct wire *wire)
{
	return !wire->bad && wire->in.len == 0;
}

void wire_put_var(struct buf *out, uint64_t n);
void wire_put_str(struct buf *out, struct str s);

#endif
