#include "store/keys.h"

#include "base/hash.h"
#include "mime/msgid.h"
#include "store/digest_format.h"
#include "store/wire.h"

/* Pass over a list; what was passed is in *out. */
static void
take_list(struct wire *wire, struct str *out)
{
	const char *start = wire->in.p;
	uint64_t nodes = wire_var(wire) >> 1;

	for (uint64_t i = 0; i < nodes && !wire->bad; i++) {
		(void)wire_u8(wire);
		for (int k = 0; k < 4; k++)
			(void)wire_str(wire);
	}
	*out = wire->bad ? (struct str){ NULL, 0 } :
			   str_make(start, (size_t)(wire->in.p - start));
}

/* What stands before the lists of addresses. */
static void
take_ids(struct wire *wire, struct store_keys *keys)
{
	keys->sent = wire_str(wire);
	keys->subject = wire_str(wire);
	keys->in_reply_to = wire_str(wire);
	keys->message_id = wire_str(wire);
}

bool
store_keys_decode(struct store_keys *keys, struct str digest,
    enum store_keys_upto upto)
{
	struct wire wire = wire_of(digest);
	int lists = upto == STORE_KEYS_ALL ? MIME_ENVELOPE_LISTS : 1;
	uint8_t flags;

	*keys = (struct store_keys){ 0 };
	if (wire_u8(&wire) != DIGEST_VERSION)
		return false;
	flags = wire_u8(&wire);
	keys->has_date = flags & DIGEST_HAS_DATE;
	keys->is_reply = flags & DIGEST_IS_REPLY;
	keys->is_narrow =
	    (flags & (DIGEST_KNOWS_WIDE | DIGEST_IS_WIDE)) == DIGEST_KNOWS_WIDE;
	(void)wire_var(&wire);
	keys->date = digest_unzigzag(wire_var(&wire));
	keys->zone = (int16_t)digest_unzigzag(wire_var_max(&wire, 4000));
	if (upto >= STORE_KEYS_IDS)
		take_ids(&wire, keys);
	if (upto >= STORE_KEYS_FROM)
		for (int i = 0; i < lists; i++)
			take_list(&wire, &keys->list[i]);
	if (upto == STORE_KEYS_ALL) {
		keys->references = wire_str(&wire);
		keys->base_subject = wire_str(&wire);
	}
	return !wire.bad;
}

uint64_t
store_thread_id(struct arena *arena, struct str references,
    struct str in_reply_to, struct str message_id, uint64_t blob)
{
	struct str field[] = { references, in_reply_to, message_id }, id;
	uint64_t hash;

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		if (field[i].p == NULL || !mime_msgid_next(&field[i], &id))
			continue;
		id = mime_msgid_normal(arena, id);
		/* The seed is part of what clients know: it never changes. */
		hash = id.p == NULL ? 0 : hash_checksum(0, id.p, id.len);
		if (hash != 0)
			return hash;
	}
	return blob;
}

void
store_addresses_begin(struct store_addresses *walk, struct str list)
{
	struct wire wire = wire_of(list);

	walk->left = list.p == NULL ? 0 : wire_var(&wire) >> 1;
	walk->in = wire.in;
}

bool
store_addresses_next(struct store_addresses *walk, struct mime_address *out)
{
	struct wire wire = wire_of(walk->in);
	uint8_t kind;

	*out = (struct mime_address){ 0 };
	if (walk->left == 0)
		return false;
	walk->left--;
	kind = wire_u8(&wire);
	out->valid = kind & DIGEST_ADDRESS_VALID;
	out->kind = kind & ~DIGEST_ADDRESS_VALID;
	out->name = wire_str(&wire);
	out->route = wire_str(&wire);
	out->mailbox = wire_str(&wire);
	out->host = wire_str(&wire);
	walk->in = wire.in;
	return !wire.bad;
}
