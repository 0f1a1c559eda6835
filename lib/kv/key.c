#include "kv/key.h"

#include "base/num.h"

void
kv_key_str(struct kv_key *key, struct str bytes)
{
	if (key->full || bytes.len > KV_KEY_MAX - key->len) {
		key->full = true;
		return;
	}
	if (bytes.len > 0)
		memcpy(key->bytes + key->len, bytes.p, bytes.len);
	key->len += bytes.len;
}

void
kv_key_u8(struct kv_key *key, uint8_t n)
{
	kv_key_str(key, str_make(&n, 1));
}

void
kv_key_u32(struct kv_key *key, uint32_t n)
{
	unsigned char bytes[4];

	num_put_u32(bytes, n);
	kv_key_str(key, str_make(bytes, sizeof(bytes)));
}

void
kv_key_u64(struct kv_key *key, uint64_t n)
{
	unsigned char bytes[8];

	num_put_u64(bytes, n);
	kv_key_str(key, str_make(bytes, sizeof(bytes)));
}

struct str
kv_key_get(const struct kv_key *key)
{
	return str_make(key->bytes, key->full ? 0 : key->len);
}

bool
kv_key_take_u8(struct str *in, uint8_t *out)
{
	if (in->len < 1)
		return false;
	*out = (uint8_t)in->p[0];
	str_skip(in, 1);
	return true;
}

bool
kv_key_take_u32(struct str *in, uint32_t *out)
{
	if (in->len < 4)
		return false;
	*out = num_get_u32(in->p);
	str_skip(in, 4);
	return true;
}

bool
kv_key_take_u64(struct str *in, uint64_t *out)
{
	if (in->len < 8)
		return false;
	*out = num_get_u64(in->p);
	str_skip(in, 8);
	return true;
}
