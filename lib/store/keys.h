/*
 * keys - what SORT, THREAD and SEARCH want of a digest (store/digest.h):
 * envelope, date, references, base subject, without the structure and without
 * a copy. To take a digest apart in full costs ten times as much.
 *
 * All strings are borrowed from the digest's bytes. Every function is total.
 */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mime/envelope.h"
#include "store/message.h"

struct store_keys {
	bool has_date; /* see struct store_digest for what means what */
	bool is_reply;
	bool is_narrow;
	int16_t zone;
	int64_t date;
	/* The envelope; p NULL where absent. */
	struct str sent, subject, in_reply_to, message_id;
	struct str list[MIME_ENVELOPE_LISTS]; /* for store_addresses_begin() */
	struct str references, base_subject;
};

/*
 * How far to read: what comes behind is left as it is when absent. Less is
 * faster, by much.
 */
enum store_keys_upto {
	STORE_KEYS_NONE, /* for who says what is needed: no digest at all */
	STORE_KEYS_DATE, /* the date and its zone */
	STORE_KEYS_IDS,  /* and flags, sent, subject, in_reply_to, message_id */
	STORE_KEYS_FROM, /* and the first list */
	STORE_KEYS_ALL,
};

/* False: no digest of ours. */
bool store_keys_decode(struct store_keys *keys, struct str digest,
    enum store_keys_upto upto);

/*
 * A message's thread (RFC 8474 section 5.2), from nothing but the message: the
 * id at the head of its references, else of In-Reply-To, else its own. So
 * answers that say where their conversation began are in one thread with it,
 * in whatever mailbox, and it never changes. Without any id a message is a
 * thread of its own, told by its blob. Never 0. The strings are those of
 * store_keys and of store_digest; arena is for an id in another form.
 */
uint64_t store_thread_id(struct arena *arena, struct str references,
    struct str in_reply_to, struct str message_id, uint64_t blob);

/* Addresses of a list of keys, one after the other. */
struct store_addresses {
	struct str in;
	uint64_t left;
};
void store_addresses_begin(struct store_addresses *walk, struct str list);
/* next in it is not set. False: no more. */
bool store_addresses_next(struct store_addresses *walk,
    struct mime_address *out);

/*
 * Tell fn the keys of count blobs, in any order; keys NULL: there is no
 * digest, parse the message. fn runs inside a transaction: it must be short,
 * wait for nobody, keep nothing of keys, and take the same i twice. Digests
 * too long for the index are read from their packs, into arena. ERR_LIMIT:
 * that is full.
 */
typedef void store_keys_fn(void *ctx, size_t i, const struct store_keys *keys);
int store_keys_read(struct store_reader *reader, struct store_client *client,
    const uint64_t *blob, size_t count, enum store_keys_upto upto,
    struct arena *arena, store_keys_fn *fn, void *ctx, struct err *err);

#endif
