/*
 * Digests: any message gives one that decodes to the same bytes again, and
 * any bytes taken for a digest are decoded or refused.
 */
#include <stdint.h>
#include <stdlib.h>

#include "store/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
try_message(struct str message)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct buf out, again;
	struct err err;

	buf_init(&out, 0);
	buf_init(&again, 0);
	store_digest_build(&out, message, NULL);
	if (out.len > 0) {
		check(store_digest_decode(&digest, arena, buf_str(&out),
			  message, &err) == 0);
		check(digest.length == message.len);
		check(store_digest_encode(&again, &digest, message, &err) == 0);
		check(str_eq(buf_str(&again), buf_str(&out)));
	}
	buf_clear(&out);
	buf_clear(&again);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct str bytes = str_make(data, size), none = { NULL, 0 };
	struct store_digest digest;
	struct err err;

	try_message(bytes);
	if (store_digest_decode(&digest, arena, bytes, none, &err) < 0)
		check(err.kind == ERR_CORRUPT || err.kind == ERR_LIMIT);
	arena_free(arena);
	return 0;
}
