#include "store/changes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "kv/cursor.h"
#include "store/access.h"
#include "store/rights.h"
#include "store/row.h"

enum { MARKS = 4096 /* rows of mod read in one transaction */ };

struct changes {
	const struct store_who *who;
	uint32_t mailbox;
	uint64_t since;
	uint32_t after;
	struct store_change *out;
	size_t max, count;
};

static int
add(struct kv_txn *txn, struct changes *c, const struct store_access *access,
    struct str key, struct str value, struct err *err)
{
	struct store_change *change = &c->out[c->count];
	struct store_hot hot;
	struct store_mod mod;
	int ret;

	if (store_mod_decode(&mod, value, err) < 0)
		return -1;
	*change = (struct store_change){
		.uid = store_mod_uid(key),
		.expunged = mod.kind == STORE_MOD_EXPUNGED,
		.modseq = store_mod_modseq(key),
	};
	if (!change->expunged) {
		ret = store_row_hot(txn, c->mailbox, change->uid, &hot, err);
		if (ret == 0)
			return err_set(err, ERR_CORRUPT,
			    "mod names uid %u that is not there", change->uid);
		if (ret < 0)
			return -1;
		hot.flags = store_access_flags(access, change->uid, hot.flags);
		store_message_fill(&change->message, change->uid, &hot);
	}
	c->since = change->modseq;
	c->after = change->uid;
	c->count++;
	return 0;
}

/* Where to go on: behind (since, after), or behind all of since. */
static void
first_key(struct kv_key *key, uint32_t mailbox, uint64_t since, uint32_t after)
{
	if (after == 0 || after == UINT32_MAX)
		store_key_mod(key, mailbox, since + 1, 0);
	else
		store_key_mod(key, mailbox, since, after + 1);
}

static int
walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct changes *c = arg, start = *c;
	struct store_access access;
	struct kv_key from, to;
	struct kv_range range;
	struct str key, value;
	int ret = store_access_open(&access, txn, c->who, c->mailbox,
	    STORE_RIGHT_READ, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || c->since < access.mbox.expunged)
		return err_set(err, ERR_NOENT, "changes are not known");
	c->count = 0;
	first_key(&from, c->mailbox, start.since, start.after);
	store_key_mod(&to, c->mailbox, access.mbox.modseq, UINT32_MAX);
	if (kv_range_open(&range, txn, STORE_TAB_MOD, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while (c->count < c->max &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0)
		if ((ret = add(txn, c, &access, key, value, err)) < 0)
			break;
	kv_range_close(&range);
	if (ret < 0) {
		*c = start;
		return -1;
	}
	if (c->count < c->max) {
		c->since = access.mbox.modseq;
		c->after = 0;
	}
	return 0;
}

int
store_changes(struct store_reader *reader, uint32_t mailbox, uint64_t *since,
    uint32_t *after, struct store_change *out, size_t max, size_t *count,
    struct err *err)
{
	struct changes c = { store_reader_who(reader), mailbox, *since, *after,
		out, max, 0 };

	*count = 0;
	if (store_reader_view(reader, walk, &c, err) < 0)
		return -1;
	*since = c.since;
	*after = c.after;
	*count = c.count;
	return 0;
}

/* A message that changed, in 32 + 1 bits. */
struct mark {
	uint32_t uid;
	bool expunged;
};

struct marks {
	const struct store_who *who;
	uint32_t mailbox;
	uint64_t first, since; /* asked for; and how far we are */
	uint32_t after;
	bool known, more;
	struct mark *mark; /* owned */
	size_t len, cap;
};

static void
add_mark(struct marks *m, uint32_t uid, bool expunged)
{
	if (m->len == m->cap) {
		m->cap = m->cap == 0 ? 64 : m->cap * 2;
		m->mark = xreallocarray(m->mark, m->cap, sizeof(*m->mark));
	}
	m->mark[m->len++] = (struct mark){ uid, expunged };
}

/* One piece of table mod; run again, it goes on where it was. */
static int
walk_marks(struct kv_txn *txn, void *arg, struct err *err)
{
	struct marks *m = arg;
	size_t end = m->len + MARKS;
	struct store_access access;
	struct store_mod mod;
	struct kv_key from, to;
	struct kv_range range;
	struct str key, value;
	int ret = store_access_open(&access, txn, m->who, m->mailbox,
	    STORE_RIGHT_READ, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "mailbox was deleted");
	m->known = m->first >= access.mbox.expunged;
	first_key(&from, m->mailbox, m->since, m->after);
	store_key_mod(&to, m->mailbox, access.mbox.modseq, UINT32_MAX);
	if (kv_range_open(&range, txn, STORE_TAB_MOD, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while (m->len < end &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_mod_decode(&mod, value, err)) < 0)
			break;
		m->since = store_mod_modseq(key);
		m->after = store_mod_uid(key);
		add_mark(m, m->after, mod.kind == STORE_MOD_EXPUNGED);
	}
	kv_range_close(&range);
	m->more = m->len == end;
	return ret < 0 ? -1 : 0;
}

/* By UID; what was expunged behind what was only changed. */
static int
compare_marks(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->expunged - y->expunged;
}

int
store_changed(struct store_reader *reader, uint32_t mailbox, uint64_t since,
    struct store_uids *changed, struct store_uids *expunged, bool *known,
    struct err *err)
{
	struct marks m = { .who = store_reader_who(reader),
		.mailbox = mailbox,
		.first = since,
		.since = since };
	int ret;

	*changed = *expunged = (struct store_uids){ 0 };
	do {
		ret = store_reader_view(reader, walk_marks, &m, err);
	} while (ret == 0 && m.more);
	*known = m.known;
	if (ret == 0 && m.len > 0) {
		qsort(m.mark, m.len, sizeof(*m.mark), compare_marks);
		for (size_t i = 0; i < m.len; i++)
			if (i + 1 == m.len ||
			    m.mark[i + 1].uid != m.mark[i].uid)
				store_uids_append(
				    m.mark[i].expunged ? expunged : changed,
				    m.mark[i].uid, m.mark[i].uid);
	}
	free(m.mark);
	return ret;
}
