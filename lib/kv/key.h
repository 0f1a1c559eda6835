/*
 * key - keys of tables, whose byte order is the order we list in.
 *
 * Integers are big-endian; a name stands last, because it has no length of
 * its own. Going over KV_KEY_MAX is sticky: the key becomes empty, which
 * every table refuses, so a caller may add ten things and look once.
 */
#ifndef KV_KEY_H
#define KV_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { KV_KEY_MAX = 511 }; /* LMDB's limit as it is built everywhere */

struct kv_key {
	size_t len;
	bool full; /* something did not fit */
	unsigned char bytes[KV_KEY_MAX];
};

static inline void
kv_key_init(struct kv_key *key)
{
	key->len = 0;
	key->full = false;
}

void kv_key_u8(struct kv_key *key, uint8_t n);
void kv_key_u32(struct kv_key *key, uint32_t n);
void kv_key_u64(struct kv_key *key, uint64_t n);
void kv_key_str(struct kv_key *key, struct str bytes);

/* Borrowed from key; empty when the parts did not fit. */
struct str kv_key_get(const struct kv_key *key);

/* Take a part off the front of a key that was read. false: too short. */
bool kv_key_take_u8(struct str *in, uint8_t *out);
bool kv_key_take_u32(struct str *in, uint32_t *out);
bool kv_key_take_u64(struct str *in, uint64_t *out);

#endif
