/*
 * Digests: any message gives one that decodes to the same bytes again, and
 * any bytes taken for a digest are decoded or refused.
 */
#include <stdint.h>
#include <stdlib.h>

#include "store/digest.h"
#include "store/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static bool
is_same(struct str a, struct str b)
{
	return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

/* Keys are what the digest says, and the addresses as many. */
static void
check_keys(struct str bytes, const struct store_digest *digest)
{
	const struct mime_envelope *envelope = &digest->envelope;
	struct store_keys keys;

	check(store_keys_decode(&keys, bytes, STORE_KEYS_ALL));
	check(keys.has_date == digest->has_date && keys.date == digest->date &&
	    keys.zone == digest->zone && keys.is_reply == digest->is_reply);
	check(is_same(keys.sent, envelope->date) &&
	    is_same(keys.subject, envelope->subject) &&
	    is_same(keys.in_reply_to, envelope->in_reply_to) &&
	    is_same(keys.message_id, envelope->message_id) &&
	    is_same(keys.references, digest->references) &&
	    is_same(keys.base_subject, digest->subject));
	for (int i = 0; i < MIME_ENVELOPE_LISTS; i++) {
		const struct mime_address *at = envelope->list[i].first;
		struct store_addresses walk;
		struct mime_address one;

		store_addresses_begin(&walk, keys.list[i]);
		for (; store_addresses_next(&walk, &one); at = at->next)
			check(at != NULL && at->kind == one.kind &&
			    is_same(at->mailbox, one.mailbox));
		check(at == NULL);
	}
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
		check_keys(buf_str(&out), &digest);
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
	struct store_keys keys;
	struct err err;

	try_message(bytes);
	(void)store_keys_decode(&keys, bytes, STORE_KEYS_ALL);
	if (store_digest_decode(&digest, arena, bytes, none, &err) < 0)
		check(err.kind == ERR_CORRUPT || err.kind == ERR_LIMIT);
	arena_free(arena);
	return 0;
}
