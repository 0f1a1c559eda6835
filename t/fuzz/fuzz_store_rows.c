/*
 * Rows of the index, journals, records and sets of UIDs: the first byte says
 * which decoder gets the rest. What is accepted must encode to itself.
 */
#include <stdlib.h>

#include "base/attr.h"
#include "base/log.h"
#include "store/acl.h"
#include "store/digest.h"
#include "store/format.h"
#include "store/journal.h"
#include "store/pack.h"
#include "store/rights.h"
#include "store/share.h"
#include "store/uids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be(struct buf *out, struct str in)
{
	if (!str_eq(buf_str(out), in))
		panic("a row does not encode to itself");
	buf_clear(out);
}

#define ROW(name, type)                                                        \
	static void try_##name(struct str in)                                  \
	{                                                                      \
		struct type row;                                               \
		struct buf out;                                                \
		struct err err;                                                \
                                                                               \
		if (store_##name##_decode(&row, in, &err) < 0)                 \
			return;                                                \
		buf_init(&out, 0);                                             \
		store_##name##_encode(&out, &row);                             \
		must_be(&out, in);                                             \
	}
/* clang-format off */
ROW(user, store_user)
ROW(name, store_name)
ROW(blob, store_blob)
ROW(mod, store_mod)
ROW(applied, store_applied)
ROW(meta, store_meta)
ROW(state, store_state)
ROW(task, store_task)
ROW(share, store_share)
/* clang-format on */

/* Integers of variable length and a spare byte may be written in two ways. */
static void
try_mbox(struct str in)
{
	struct store_mbox row;
	struct err err;

	(void)store_mbox_decode(&row, in, &err);
}

static void
try_hot(struct str in)
{
	struct store_hot row;
	struct err err;

	if (store_hot_decode(&row, in, &err) == 0 && row.prefix.len > in.len)
		panic("prefix is longer than its row");
}

static void
try_cold(struct str in)
{
	struct store_cold_place place;
	struct str digest;
	struct err err;

	(void)store_cold_decode(&digest, &place, in, &err);
}

static void
try_journal(struct str in)
{
	struct store_journal_entry entry;
	struct err err;

	if (store_journal_open(&in, &err) < 0)
		return;
	while (store_journal_next(&in, &entry, &err) > 0)
		;
}

static void
try_record(struct str in)
{
	struct store_record record;
	struct str body;
	struct err err;

	if (store_record_decode(&record, in, &err) == 0)
		(void)store_record_check(&record, in, &body, &err);
}

static void
try_uids(struct str in)
{
	struct store_uids set;
	struct err err;
	uint32_t count, last;

	if (store_uids_decode(&set, in, &err) < 0)
		return;
	count = store_uids_count(&set);
	last = store_uids_last(&set);
	if (store_uids_at(&set, count) != last)
		panic("the last UID is not the last");
	store_uids_clear(&set);
}

/* As for try_mbox, an accepted list only has to be one that can be made. */
static void
try_acl(struct str in)
{
	struct store_acl acl, again;
	struct buf out;
	struct err err;

	if (store_acl_decode(&acl, in, STR("anna@a.test"), &err) < 0)
		return;
	buf_init(&out, 0);
	store_acl_encode(&out, &acl);
	if (store_acl_decode(&again, buf_str(&out), STR("anna@a.test"), &err) <
		0 ||
	    again.count != acl.count)
		panic("a list of rights does not come back");
	buf_clear(&out);
}

static void
try_seen(struct str in)
{
	struct str runs;
	struct err err;

	if (store_seen_decode(&runs, in, &err) == 0)
		try_uids(runs);
}

static void
try_identity(struct str in)
{
	struct arena *arena = arena_new(1 << 16);
	struct str identity;
	struct err err;
	uint32_t rights;
	bool denied;

	(void)store_rights_parse(&rights, in, &err);
	if (store_identity_parse(&identity, &denied, in, STR("anna@a.test"),
		arena, &err) == 0 &&
	    (identity.len == 0 || identity.len > STORE_IDENTITY_MAX))
		panic("an identity that no row can hold");
	arena_free(arena);
}

/* A name of somebody else's mailbox comes back, whoever owns it. */
static void
try_path(struct str in)
{
	static const struct str names[] = { { "bob@a.test", 10 },
		{ "@a.test", 7 } };
	static const struct store_who bob = { 2, { "bob@a.test", 10 }, names,
		2 };
	struct store_path path, again;
	struct buf out;

	store_path_parse(&path, in, &bob);
	if (path.kind != STORE_PATH_OTHER)
		return;
	buf_init(&out, 0);
	store_path_put(&out, str_of(path.owner), path.name, &bob);
	store_path_parse(&again, buf_str(&out), &bob);
	if (again.kind != STORE_PATH_OTHER ||
	    strcmp(again.owner, path.owner) != 0 ||
	    !str_eq(again.name, path.name))
		panic("a path does not come back");
	buf_clear(&out);
}

static void
try_digest(struct str in)
{
	static const struct str none = { NULL, 0 };
	struct arena *arena = arena_new(4 << 20);
	struct store_digest digest;
	struct err err;

	(void)store_digest_decode(&digest, arena, in, none, &err);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const decoders[])(struct str) = { try_user, try_name,
		try_blob, try_mod, try_applied, try_meta, try_state, try_mbox,
		try_hot, try_cold, try_journal, try_record, try_uids,
		try_digest, try_share, try_acl, try_seen, try_identity,
		try_path, try_task };

	if (size > 0)
		decoders[data[0] % NELEMS(decoders)](
		    str_make(data + 1, size - 1));
	return 0;
}
