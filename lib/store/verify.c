#include "store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "kv/cursor.h"
#include "store/row.h"
#include "store/verify_mbox.h"
#include "store/verify_share.h"

enum { STEP_ROWS = 500 };

struct store_verify {
	struct kv *kv;
	struct store_verify_ops ops;
	unsigned phase;
	struct kv_key next; /* where the phase goes on; empty: its beginning */
	uint64_t rows, problems;
};

void
store_verify_problem(struct store_verify *verify, const char *fmt, ...)
{
	char text[300];
	va_list args;

	verify->problems++;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	verify->ops.problem(verify->ops.ctx, text);
}

void
store_verify_count(struct store_verify *verify, uint64_t rows)
{
	verify->rows += rows;
}

struct store_verify *
store_verify_new(struct kv *kv, const struct store_verify_ops *ops)
{
	struct store_verify *verify = xcalloc(1, sizeof(*verify));

	verify->kv = kv;
	verify->ops = *ops;
	return verify;
}

void
store_verify_free(struct store_verify *verify)
{
	free(verify);
}

uint64_t
store_verify_rows(const struct store_verify *verify)
{
	return verify->rows;
}

uint64_t
store_verify_problems(const struct store_verify *verify)
{
	return verify->problems;
}

/* A row of user: the name's, or the way back. */
static int
check_user(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	struct store_user user;
	struct str name;
	struct kv_key id;
	char text[100];
	int ret;

	(void)log_escape(text, sizeof(text), key);
	if (key.p[0] == '\0') {
		ret = store_row_user(txn, row, &user, err);
		if (ret == 0)
			store_verify_problem(verify, "user id without user");
		return ret < 0 ? -1 : 0;
	}
	if (store_user_decode(&user, row, err) < 0) {
		store_verify_problem(verify, "user %s: %s", text, err->text);
		return 0;
	}
	store_key_user_id(&id, user.id);
	ret = kv_get(txn, STORE_TAB_USER, kv_key_get(&id), &name, err);
	if (ret >= 0 && (ret == 0 || !str_eq(name, key)))
		store_verify_problem(verify, "user %s: id %u is not theirs",
		    text, user.id);
	return ret < 0 ? -1 : 0;
}

static int
check_name(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	struct store_name name;
	struct store_mbox mbox;
	uint32_t user;
	char text[100];
	int ret;

	if (!kv_key_take_u32(&key, &user) || store_name_check(key, err) < 0 ||
	    store_name_decode(&name, row, err) < 0) {
		store_verify_problem(verify, "name of user %u: %s", user,
		    err->text);
		return 0;
	}
	(void)log_escape(text, sizeof(text), key);
	ret = store_row_mbox(txn, name.mailbox, &mbox, err);
	if (ret == 0)
		store_verify_problem(verify, "%s of user %u: no mailbox %u",
		    text, user, name.mailbox);
	else if (ret > 0 && mbox.gone != 0)
		store_verify_problem(verify, "%s of user %u: was deleted", text,
		    user);
	else if (ret > 0 && mbox.owner != user)
		store_verify_problem(verify,
		    "%s of user %u: mailbox %u is another's", text, user,
		    name.mailbox);
	return ret < 0 && err->kind != ERR_CORRUPT ? -1 : 0;
}

static int
check_mbox(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	struct store_mbox mbox;
	uint32_t mailbox = 0;

	if (!kv_key_take_u32(&key, &mailbox) ||
	    store_mbox_decode(&mbox, row, err) < 0) {
		store_verify_problem(verify, "mailbox %u: row is damaged",
		    mailbox);
		return 0;
	}
	if (store_verify_acl(verify, txn, mailbox, &mbox, err) < 0)
		return -1;
	return store_verify_mbox(verify, txn, mailbox, &mbox, err);
}

static int
count_places(struct kv_txn *txn, uint64_t blob, uint32_t *count,
    struct err *err)
{
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	int ret;

	*count = 0;
	store_key_blob(&prefix, blob);
	if (kv_range_open_prefix(&range, txn, STORE_TAB_PLACE,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0)
		++*count;
	kv_range_close(&range);
	return ret;
}

static int
check_blob(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	struct store_blob blob;
	uint64_t id = 0;
	uint32_t places;

	if (!kv_key_take_u64(&key, &id) ||
	    store_blob_decode(&blob, row, err) < 0) {
		store_verify_problem(verify, "blob %llu: row is damaged",
		    (unsigned long long)id);
		return 0;
	}
	if (count_places(txn, id, &places, err) < 0)
		return -1;
	if (places != blob.references)
		store_verify_problem(verify,
		    "blob %llu: %u references, in %u places",
		    (unsigned long long)id, blob.references, places);
	if (verify->ops.body != NULL &&
	    verify->ops.body(verify->ops.ctx, id, &blob, err) < 0)
		store_verify_problem(verify, "blob %llu: %s",
		    (unsigned long long)id, err->text);
	return 0;
}

static int
check_upload(struct store_verify *verify, struct kv_txn *txn, uint32_t user,
    uint64_t blob, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_upload(&key, user, blob);
	ret = kv_get(txn, STORE_TAB_UPLOAD, kv_key_get(&key), &row, err);
	if (ret == 0)
		store_verify_problem(verify,
		    "blob %llu: user %u has no such upload",
		    (unsigned long long)blob, user);
	return ret < 0 ? -1 : 0;
}

/* An expunged message that is kept; its tombstone must say so. */
static int
check_kept(struct store_verify *verify, struct kv_txn *txn, struct str row,
    uint32_t mailbox, uint32_t uid, uint64_t blob, struct err *err)
{
	struct store_mod mod = { 0 };
	struct store_hot hot;
	uint64_t modseq = 0;
	struct kv_key key;
	struct str value;
	int ret;

	(void)kv_key_take_u64(&row, &modseq);
	store_key_mod(&key, mailbox, modseq, uid);
	ret = kv_get(txn, STORE_TAB_MOD, kv_key_get(&key), &value, err);
	if (ret < 0)
		return -1;
	if (ret == 0 || store_mod_decode(&mod, value, err) < 0 ||
	    mod.kind != STORE_MOD_EXPUNGED || mod.blob != blob ||
	    store_hot_decode(&hot, mod.message, err) < 0 || hot.blob != blob)
		store_verify_problem(verify,
		    "blob %llu: mailbox %u uid %u does not keep it",
		    (unsigned long long)blob, mailbox, uid);
	return 0;
}

static int
check_place(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	uint32_t mailbox = 0, uid = 0;
	struct store_hot hot;
	uint64_t blob = 0;
	int ret;

	(void)kv_key_take_u64(&key, &blob);
	(void)kv_key_take_u32(&key, &mailbox);
	(void)kv_key_take_u32(&key, &uid);
	if (mailbox == 0)
		return check_upload(verify, txn, uid, blob, err);
	if (row.len > 0)
		return check_kept(verify, txn, row, mailbox, uid, blob, err);
	ret = store_row_hot(txn, mailbox, uid, &hot, err);
	if (ret == 0 || (ret > 0 && hot.blob != blob))
		store_verify_problem(verify,
		    "blob %llu: mailbox %u uid %u does not have it",
		    (unsigned long long)blob, mailbox, uid);
	return 0;
}

static int
check_cold(struct store_verify *verify, struct kv_txn *txn, struct str key,
    struct str row, struct err *err)
{
	struct store_cold_place place;
	struct store_blob blob;
	struct str digest;
	uint64_t id = 0;

	if (!kv_key_take_u64(&key, &id) ||
	    store_cold_decode(&digest, &place, row, err) < 0 ||
	    store_row_blob(txn, id, &blob, err) <= 0)
		store_verify_problem(verify, "cold %llu: no such blob",
		    (unsigned long long)id);
	return 0;
}

static const struct phase {
	enum store_table table;
	unsigned step; /* rows in one transaction */
	int (*check)(struct store_verify *verify, struct kv_txn *txn,
	    struct str key, struct str row, struct err *err);
} phases[] = {
	{ STORE_TAB_USER, STEP_ROWS, check_user },
	{ STORE_TAB_NAME, STEP_ROWS, check_name },
	{ STORE_TAB_MBOX, 1, check_mbox },
	{ STORE_TAB_BLOB, STEP_ROWS, check_blob },
	{ STORE_TAB_PLACE, STEP_ROWS, check_place },
	{ STORE_TAB_COLD, STEP_ROWS, check_cold },
	{ STORE_TAB_SHARE, STEP_ROWS, store_verify_share },
	{ STORE_TAB_SEEN, STEP_ROWS, store_verify_seen },
};

/* Check the phase's next rows; the key behind the last is where to go on. */
static int
check_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_verify *verify = arg;
	const struct phase *phase = &phases[verify->phase];
	struct kv_key from = verify->next;
	unsigned left = phase->step;
	struct kv_range range;
	struct str key, row;
	int ret;

	if (kv_range_open(&range, txn, phase->table, kv_key_get(&from), STR(""),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if (left-- == 0) {
			kv_key_init(&verify->next);
			kv_key_str(&verify->next, key);
			break;
		}
		verify->rows++;
		if ((ret = phase->check(verify, txn, key, row, err)) < 0)
			break;
	}
	kv_range_close(&range);
	if (ret == 0) {
		verify->phase++;
		kv_key_init(&verify->next);
	}
	return ret < 0 ? -1 : 0;
}

/* The last step: what users use, from one state of all mailboxes. */
static int
check_use(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_verify *verify = arg;

	verify->phase++;
	return store_verify_use(verify, txn, err);
}

int
store_verify_step(struct store_verify *verify, bool *more, struct err *err)
{
	kv_fn *fn = verify->phase < NELEMS(phases) ? check_rows : check_use;

	*more = false;
	if (verify->phase > NELEMS(phases))
		return 0;
	if (kv_view(verify->kv, fn, verify, err) < 0)
		return -1;
	*more = verify->phase <= NELEMS(phases);
	return 0;
}

int
store_verify_all(struct kv *kv, const struct store_verify_ops *ops,
    struct err *err)
{
	struct store_verify *verify = store_verify_new(kv, ops);
	bool more = true;
	int ret = 0;

	while (ret == 0 && more)
		ret = store_verify_step(verify, &more, err);
	if (ret == 0 && verify->problems > 0)
		ret = 1;
	store_verify_free(verify);
	return ret;
}
