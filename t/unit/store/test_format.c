#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/num.h"
#include "store/format.h"
#include "store/uids.h"

/* One decoder of a row, with the struct thrown away. */
typedef int decode_fn(struct str in, struct err *err);

#define DECODER(name, type)                                                    \
	static int decode_##name(struct str in, struct err *err)               \
	{                                                                      \
		type row;                                                      \
                                                                               \
		return store_##name##_decode(&row, in, err);                   \
	}
/* clang-format off */
DECODER(user, struct store_user)
DECODER(name, struct store_name)
DECODER(mbox, struct store_mbox)
DECODER(hot, struct store_hot)
DECODER(blob, struct store_blob)
DECODER(mod, struct store_mod)
DECODER(applied, struct store_applied)
DECODER(meta, struct store_meta)
DECODER(state, struct store_state)
DECODER(task, struct store_task)
DECODER(share, struct store_share)
/* clang-format on */

static int
decode_cold(struct str in, struct err *err)
{
	struct store_cold_place place;
	struct str digest;

	return store_cold_decode(&digest, &place, in, err);
}

/* Bytes cut short anywhere, or of another version, are damage. */
static void
check_borders(const struct buf *row, decode_fn *decode, size_t least)
{
	char *copy = malloc(row->len + 1);
	struct err err;

	memcpy(copy, row->p, row->len);
	assert_int_equal(decode(str_make(copy, row->len), &err), 0);
	for (size_t len = 0; len < row->len; len++) {
		if (decode(str_make(copy, len), &err) == 0)
			assert_true(len >= least);
		else
			assert_int_equal(err.kind, ERR_CORRUPT);
	}
	copy[0]++;
	assert_int_equal(decode(str_make(copy, row->len), &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	free(copy);
}

static int
decode_seen(struct str in, struct err *err)
{
	struct str runs;

	return store_seen_decode(&runs, in, err);
}

static void
what_is_shared_and_seen_comes_back(void **state)
{
	struct store_share share = { 3, 4, STR("a/b") }, share2;
	struct store_uids seen = { 0 }, seen2;
	struct str identity, runs;
	uint32_t owner, mailbox;
	struct kv_key key;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_share_encode(&row, &share);
	assert_int_equal(store_share_decode(&share2, buf_str(&row), &err), 0);
	assert_int_equal(share2.given, 3);
	assert_int_equal(share2.denied, 4);
	assert_true(str_eqz(share2.name, "a/b"));
	check_borders(&row, decode_share, 6);

	store_uids_append(&seen, 1, 5);
	store_uids_append(&seen, 9, 9);
	store_seen_encode(&row, &seen);
	assert_int_equal(store_seen_decode(&runs, buf_str(&row), &err), 0);
	assert_int_equal(store_uids_decode(&seen2, runs, &err), 0);
	assert_int_equal(store_uids_count(&seen2), 6);
	check_borders(&row, decode_seen, 1);
	store_uids_clear(&seen);
	store_uids_clear(&seen2);
	buf_clear(&row);

	store_key_share(&key, STR("group:x@y"), 7, 8);
	assert_true(
	    store_share_key(kv_key_get(&key), &identity, &owner, &mailbox));
	assert_true(str_eqz(identity, "group:x@y"));
	assert_int_equal(owner, 7);
	assert_int_equal(mailbox, 8);
	for (size_t len = 0; len < 10; len++)
		assert_false(store_share_key(str_make(key.bytes, len),
		    &identity, &owner, &mailbox));
	store_key_task(&key, 7, STORE_TASK_RENAME);
	assert_true(store_task_key(kv_key_get(&key), &owner, &mailbox));
	assert_true(owner == 7 && mailbox == STORE_TASK_RENAME);
	for (size_t len = 0; len < key.len; len++)
		assert_false(
		    store_task_key(str_make(key.bytes, len), &owner, &mailbox));
	store_key_meta(&key, STORE_META_STATE);
	assert_false(store_task_key(kv_key_get(&key), &owner, &mailbox));
	store_key_shares(&key, STR("a"), 0);
	assert_true(str_eq(kv_key_get(&key), str_make("a", 2)));
}

static void
users_and_names_come_back(void **state)
{
	struct store_user user = { 7, 1, 80, 2, 3, 4, UINT64_MAX, 6 }, user2;
	struct store_name name = { 9, STORE_USE_JUNK, STORE_TYPE_NOTES }, name2;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_user_encode(&row, &user);
	assert_int_equal(store_user_decode(&user2, buf_str(&row), &err), 0);
	assert_memory_equal(&user, &user2, sizeof(user));
	check_borders(&row, decode_user, SIZE_MAX);
	store_name_encode(&row, &name);
	assert_int_equal(store_name_decode(&name2, buf_str(&row), &err), 0);
	assert_true(name2.mailbox == 9 && name2.use == STORE_USE_JUNK &&
	    name2.type == STORE_TYPE_NOTES);
	check_borders(&row, decode_name, SIZE_MAX);
	row.p[5] = STORE_USE_LAST + 1;
	assert_int_equal(store_name_decode(&name2, buf_str(&row), &err), -1);
	buf_clear(&row);
}

static void
mailboxes_come_back(void **state)
{
	struct store_mbox mbox = { .owner = 1,
		.uidvalidity = 2,
		.uidnext = 3,
		.recent = 4,
		.modseq = 5,
		.expunged = 6,
		.exists = 7,
		.unseen = 8,
		.deleted = 9,
		.bytes = 10,
		.keywords = { 2, { STR("$Forwarded"), STR("x") } },
		.acl = STR("acl") };
	struct store_mbox out;
	size_t short_len;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_mbox_encode(&row, &mbox);
	assert_int_equal(store_mbox_decode(&out, buf_str(&row), &err), 0);
	assert_true(out.owner == 1 && out.uidvalidity == 2 &&
	    out.uidnext == 3 && out.recent == 4 && out.modseq == 5 &&
	    out.expunged == 6 && out.exists == 7 && out.unseen == 8 &&
	    out.deleted == 9 && out.bytes == 10);
	assert_int_equal(out.keywords.count, 2);
	assert_true(str_eqz(out.keywords.keyword[0], "$Forwarded"));
	assert_true(str_eqz(out.acl, "acl"));
	check_borders(&row, decode_mbox, SIZE_MAX);

	mbox.gone = 11;
	mbox.was.type = STORE_TYPE_NOTES;
	mbox.was.exists = 12;
	mbox.was.bytes = 13;
	mbox.was.modseq = 14;
	mbox.was.name = STR("a/b");
	short_len = row.len;
	store_mbox_encode(&row, &mbox);
	assert_int_equal(store_mbox_decode(&out, buf_str(&row), &err), 0);
	assert_true(out.gone == 11 && out.was.type == STORE_TYPE_NOTES &&
	    out.was.exists == 12 && out.was.bytes == 13 &&
	    out.was.modseq == 14);
	assert_true(str_eqz(out.was.name, "a/b"));
	check_borders(&row, decode_mbox, short_len);
	mbox.gone = 0;

	mbox.keywords.keyword[1] = STR("a b"); /* no keyword */
	store_mbox_encode(&row, &mbox);
	assert_int_equal(store_mbox_decode(&out, buf_str(&row), &err), -1);
	buf_clear(&row);
}

static void
messages_come_back(void **state)
{
	static char prefix[STORE_PREFIX_MAX];
	struct store_hot hot = { .blob = 1,
		.modseq = UINT64_MAX,
		.keywords = 1ULL << 63,
		.sent = 4,
		.internal = -5,
		.saved = 6,
		.size = STORE_PREFIX_MAX,
		.flags = STORE_FLAGS_ALL,
		.prefix = { prefix, sizeof(prefix) } };
	struct store_hot out;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_hot_encode(&row, &hot);
	assert_int_equal(row.len, STORE_HOT_SIZE + sizeof(prefix));
	assert_int_equal(store_hot_decode(&out, buf_str(&row), &err), 0);
	assert_true(out.blob == 1 && out.modseq == UINT64_MAX &&
	    out.keywords == 1ULL << 63 && out.sent == 4 && out.internal == -5 &&
	    out.saved == 6 && out.size == STORE_PREFIX_MAX &&
	    out.flags == STORE_FLAGS_ALL && out.prefix.len == sizeof(prefix));
	check_borders(&row, decode_hot, SIZE_MAX);
	hot.size--; /* smaller than its prefix */
	store_hot_encode(&row, &hot);
	assert_int_equal(store_hot_decode(&out, buf_str(&row), &err), -1);
	buf_clear(&row);
}

static void
the_other_rows_come_back(void **state)
{
	struct store_blob blob = { 1, 2, 3, 4, "123456789abcdef" }, blob2;
	struct store_mod mod = { STORE_MOD_EXPUNGED, 5, 6, STR("") }, mod2;
	static const char kept[STORE_HOT_SIZE];
	struct store_applied applied = { 9, 2, "\0\0\0\1\0\0\0\7" };
	struct store_meta meta = { 1, "identity", "incarnation" }, meta2;
	struct store_state st = { 1, 2, 3, 4, 5 }, st2;
	struct store_task task = { 1, 2, 3, 4, 5 }, task2;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_blob_encode(&row, &blob);
	assert_int_equal(store_blob_decode(&blob2, buf_str(&row), &err), 0);
	assert_true(blob2.pack == 1 && blob2.offset == 2 && blob2.length == 3 &&
	    blob2.references == 4);
	assert_memory_equal(blob.guid, blob2.guid, STORE_GUID_SIZE);
	check_borders(&row, decode_blob, SIZE_MAX);

	store_mod_encode(&row, &mod);
	assert_int_equal(store_mod_decode(&mod2, buf_str(&row), &err), 0);
	assert_true(mod2.kind == STORE_MOD_EXPUNGED && mod2.when == 5 &&
	    mod2.blob == 6);
	check_borders(&row, decode_mod, SIZE_MAX);
	row.p[1] = 3;
	assert_int_equal(store_mod_decode(&mod2, buf_str(&row), &err), -1);
	mod.message = str_make(kept, sizeof(kept));
	store_mod_encode(&row, &mod);
	assert_int_equal(store_mod_decode(&mod2, buf_str(&row), &err), 0);
	assert_true(str_eq(mod2.message, mod.message));
	mod.kind = STORE_MOD_CHANGED;
	store_mod_encode(&row, &mod);
	assert_int_equal(store_mod_decode(&mod2, buf_str(&row), &err), -1);

	store_applied_encode(&row, &applied);
	assert_int_equal(store_applied_decode(&applied, buf_str(&row), &err),
	    0);
	assert_true(applied.when == 9 && applied.count == 2 &&
	    num_get_u32(applied.numbers + 4) == 7);
	/* whole numbers may be missing at the end, half ones not */
	check_borders(&row, decode_applied, 5);
	assert_int_equal(decode_applied(str_sub(buf_str(&row), 0, 10), &err),
	    -1);

	store_meta_encode(&row, &meta);
	assert_int_equal(store_meta_decode(&meta2, buf_str(&row), &err), 0);
	assert_memory_equal(&meta, &meta2, sizeof(meta));
	check_borders(&row, decode_meta, SIZE_MAX);

	store_state_encode(&row, &st);
	assert_int_equal(store_state_decode(&st2, buf_str(&row), &err), 0);
	assert_true(st2.lsn == 1 && st2.blob == 2 && st2.user == 3 &&
	    st2.mailbox == 4 && st2.uidvalidity == 5);
	check_borders(&row, decode_state, SIZE_MAX);

	store_task_encode(&row, &task);
	assert_int_equal(store_task_decode(&task2, buf_str(&row), &err), 0);
	assert_true(task2.mailbox == 1 && task2.from == 2 && task2.first == 3 &&
	    task2.end == 4 && task2.modseq == 5);
	check_borders(&row, decode_task, SIZE_MAX);
	buf_clear(&row);
}

static void
digests_are_here_or_in_a_pack(void **state)
{
	struct store_cold_place place = { 1, 2, 3, "guid" }, out;
	struct str digest;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	store_cold_encode(&row, STR("digest"), NULL);
	assert_int_equal(store_cold_decode(&digest, &out, buf_str(&row), &err),
	    0);
	assert_true(str_eqz(digest, "digest"));
	check_borders(&row, decode_cold, 2); /* any bytes are a digest */
	store_cold_encode(&row, STR(""), &place);
	assert_int_equal(store_cold_decode(&digest, &out, buf_str(&row), &err),
	    0);
	assert_null(digest.p);
	assert_true(out.pack == 1 && out.offset == 2 && out.length == 3);
	check_borders(&row, decode_cold, SIZE_MAX);
	row.p[1] = 9;
	assert_int_equal(store_cold_decode(&digest, &out, buf_str(&row), &err),
	    -1);
	buf_clear(&row);
}

static void
names_are_checked(void **state)
{
	static char longest[STORE_NAME_MAX + 1];
	static const struct {
		const char *name;
		enum err_kind kind;
	} cases[] = {
		{ "a", ERR_NONE },
		{ "a/b c/\xc3\xa4", ERR_NONE },
		{ "", ERR_SYNTAX },
		{ "/", ERR_SYNTAX },
		{ "/a", ERR_SYNTAX },
		{ "a/", ERR_SYNTAX },
		{ "a//b", ERR_SYNTAX },
		{ "a\r", ERR_SYNTAX },
		{ "a\x7f", ERR_SYNTAX },
		{ "\xc3", ERR_SYNTAX },
		{ "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/"
		  "0/1/2",
		    ERR_NONE },
		{ "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/"
		  "0/1/2/3",
		    ERR_LIMIT },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		int ret = store_name_check(str_of(cases[i].name), &err);

		assert_int_equal(ret, cases[i].kind == ERR_NONE ? 0 : -1);
		if (ret < 0)
			assert_int_equal(err.kind, cases[i].kind);
	}
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(
	    store_name_check(str_make(longest, STORE_NAME_MAX), &err), 0);
	assert_int_equal(
	    store_name_check(str_make(longest, STORE_NAME_MAX + 1), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);

	assert_true(str_eqz(store_name_canonical(STR("iNbOx")), "INBOX"));
	assert_true(str_eqz(store_name_canonical(STR("inbox/a")), "inbox/a"));
	assert_false(store_user_name_is_valid(STR("")));
	assert_false(store_user_name_is_valid(STR("a\n")));
	assert_true(
	    store_user_name_is_valid(str_make(longest, STORE_USER_MAX)));
	assert_false(
	    store_user_name_is_valid(str_make(longest, STORE_USER_MAX + 1)));
	assert_true(
	    store_keyword_is_valid(str_make(longest, STORE_KEYWORD_MAX)));
	assert_false(
	    store_keyword_is_valid(str_make(longest, STORE_KEYWORD_MAX + 1)));
	assert_false(store_keyword_is_valid(STR("")));
	assert_false(store_keyword_is_valid(STR("\xc3\xa4")));
}

static void
longest_names_fit_into_keys(void **state)
{
	static char longest[STORE_NAME_MAX];
	struct kv_key key;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	store_key_name(&key, 1, str_make(longest, STORE_NAME_MAX));
	assert_int_equal(kv_key_get(&key).len, STORE_NAME_MAX + 4);
	store_key_user(&key, str_make(longest, STORE_USER_MAX));
	assert_int_equal(kv_key_get(&key).len, STORE_USER_MAX);
	store_key_applied(&key, 1, str_make(longest, STORE_QUEUE_ID_MAX));
	assert_int_equal(kv_key_get(&key).len, STORE_QUEUE_ID_MAX + 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_and_names_come_back),
		cmocka_unit_test(what_is_shared_and_seen_comes_back),
		cmocka_unit_test(mailboxes_come_back),
		cmocka_unit_test(messages_come_back),
		cmocka_unit_test(the_other_rows_come_back),
		cmocka_unit_test(digests_are_here_or_in_a_pack),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(longest_names_fit_into_keys),
	};

	return cmocka_run_group_tests_name("store/format", tests, NULL, NULL);
}
