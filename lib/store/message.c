#include "store/message.h"

#include "base/utf8.h"
#include "kv/cursor.h"
#include "store/access.h"
#include "store/rights.h"
#include "store/row.h"

void
store_message_fill(struct store_message *out, uint32_t uid,
    const struct store_hot *row)
{
	*out = (struct store_message){
		.blob = row->blob,
		.modseq = row->modseq,
		.keywords = row->keywords,
		.sent = row->sent,
		.internal = row->internal,
		.uid = uid,
		.saved = row->saved,
		.size = row->size,
		.flags = row->flags,
		.prefix_len = (uint16_t)row->prefix.len,
		.wide_prefix = !utf8_is_ascii(row->prefix),
	};
}

struct scan {
	const struct store_who *who;
	uint32_t mailbox, from, to;
	struct store_message *out;
	size_t max, count;
};

static int
scan(struct kv_txn *txn, void *arg, struct err *err)
{
	struct scan *s = arg;
	struct store_access access;
	struct kv_key from, to;
	struct kv_range range;
	struct store_hot row;
	struct str key, value;
	int ret;

	s->count = 0;
	ret = store_access_open(&access, txn, s->who, s->mailbox,
	    STORE_RIGHT_READ, err);
	if (ret <= 0)
		return ret;
	store_key_hot(&from, s->mailbox, s->from);
	store_key_hot(&to, s->mailbox,
	    s->to < access.mbox.uidnext ? s->to : access.mbox.uidnext - 1);
	if (kv_range_open(&range, txn, STORE_TAB_HOT, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while (s->count < s->max &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_hot_decode(&row, value, err)) < 0)
			break;
		row.flags =
		    store_access_flags(&access, store_hot_uid(key), row.flags);
		store_message_fill(&s->out[s->count++], store_hot_uid(key),
		    &row);
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

int
store_scan(struct store_reader *reader, uint32_t mailbox, uint32_t from,
    uint32_t to, struct store_message *out, size_t max, size_t *count,
    struct err *err)
{
	struct scan s = { store_reader_who(reader), mailbox, from, to, out, max,
		0 };

	*count = 0;
	if (from > to)
		return 0;
	if (store_reader_view(reader, scan, &s, err) < 0)
		return -1;
	*count = s.count;
	return 0;
}

struct select {
	struct store_reader *reader;
	uint32_t mailbox;
	struct arena *arena;
	struct store_mbox *mbox;
	struct store_uids *uids;
	uint32_t first_unseen;
};

static int
select_uids(struct kv_txn *txn, struct select *s,
    const struct store_access *access, struct err *err)
{
	struct kv_key from, to;
	struct kv_range range;
	struct store_hot row;
	struct str key, value;
	int ret;

	store_key_hot(&from, s->mailbox, 0);
	store_key_hot(&to, s->mailbox, access->mbox.uidnext - 1);
	if (kv_range_open(&range, txn, STORE_TAB_HOT, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		uint32_t uid = store_hot_uid(key);

		if ((ret = store_hot_decode(&row, value, err)) < 0)
			break;
		store_uids_append(s->uids, uid, uid);
		if (s->first_unseen == 0 &&
		    !(store_access_flags(access, uid, row.flags) &
			STORE_FLAG_SEEN))
			s->first_unseen = uid;
	}
	kv_range_close(&range);
	return ret;
}

static int
select_mailbox(struct kv_txn *txn, void *arg, struct err *err)
{
	struct select *s = arg;
	struct store_access access;
	int ret = store_access_open(&access, txn, store_reader_who(s->reader),
	    s->mailbox, STORE_RIGHT_READ, err);

	store_uids_clear(s->uids);
	s->first_unseen = 0;
	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "mailbox was deleted");
	*s->mbox = access.mbox;
	for (unsigned i = 0; i < s->mbox->keywords.count; i++) {
		struct str *keyword = &s->mbox->keywords.keyword[i];

		*keyword = arena_str(s->arena, *keyword);
		if (keyword->p == NULL)
			return err_set(err, ERR_LIMIT, "keywords: no room");
	}
	s->mbox->acl = arena_str(s->arena, s->mbox->acl);
	return select_uids(txn, s, &access, err);
}

int
store_select(struct store_reader *reader, uint32_t mailbox, struct arena *arena,
    struct store_mbox *mbox, struct store_uids *uids, uint32_t *first_unseen,
    struct err *err)
{
	struct select s = { reader, mailbox, arena, mbox, uids, 0 };
	int ret;

	*uids = (struct store_uids){ 0 };
	ret = store_reader_view(reader, select_mailbox, &s, err);
	*first_unseen = s.first_unseen;
	if (ret < 0)
		store_uids_clear(uids);
	return ret;
}

struct get {
	const struct store_who *who;
	uint32_t mailbox, uid;
	struct store_message *out;
};

static int
get(struct kv_txn *txn, void *arg, struct err *err)
{
	struct get *g = arg;
	struct store_access access;
	struct store_hot row;
	int ret = store_access_open(&access, txn, g->who, g->mailbox,
	    STORE_RIGHT_READ, err);

	if (ret > 0)
		ret = g->uid >= access.mbox.uidnext ?
		    0 :
		    store_row_hot(txn, g->mailbox, g->uid, &row, err);
	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such message");
	if (ret < 0)
		return -1;
	row.flags = store_access_flags(&access, g->uid, row.flags);
	store_message_fill(g->out, g->uid, &row);
	return 0;
}

int
store_message_get(struct store_reader *reader, uint32_t mailbox, uint32_t uid,
    struct store_message *out, struct err *err)
{
	struct get g = { store_reader_who(reader), mailbox, uid, out };

	return store_reader_view(reader, get, &g, err);
}
