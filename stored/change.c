#include "stored/change.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "store/journal.h"
#include "store/pack.h"
#include "stored/seen.h"
#include "stored/stage.h"

void
change_init(struct change *change, struct engine *engine)
{
	*change = (struct change){ .engine = engine };
	change->arena = arena_new(0);
	change->mboxes = hash_new();
	change->users = hash_new();
	buf_init(&change->journal, 0);
	buf_init(&change->row, 0);
}

void
change_begin(struct change *change, struct kv_txn *txn)
{
	change->txn = txn;
	change->state = change->engine->state;
	change->first_blob = change->state.blob + 1;
	change->now = (uint32_t)(time_real() / TIME_SECOND);
	store_journal_begin(&change->journal);
}

void
change_clear(struct change *change)
{
	seen_clear(change); /* its list stands in the arena */
	arena_free(change->arena);
	hash_free(change->mboxes);
	hash_free(change->users);
	buf_clear(&change->journal);
	buf_clear(&change->row);
	free(change->new_blob);
	free(change->moved);
}

bool
change_is_empty(const struct change *change)
{
	return store_journal_is_empty(&change->journal) &&
	    change->new_blobs == 0 && change->moves == 0;
}

int
change_put(struct change *change, enum store_table table,
    const struct kv_key *key, struct str row, struct err *err)
{
	struct str bytes = kv_key_get(key);

	(void)store_journal_put(&change->journal, table, bytes, row);
	return kv_put(change->txn, table, bytes, row, err);
}

int
change_del(struct change *change, enum store_table table,
    const struct kv_key *key, struct err *err)
{
	struct str bytes = kv_key_get(key);
	int ret = kv_del(change->txn, table, bytes, err);

	if (ret > 0)
		store_journal_del(&change->journal, table, bytes);
	return ret < 0 ? -1 : 0;
}

int
change_put_hot(struct change *change, uint32_t mailbox, uint32_t uid,
    const struct store_hot *row, struct err *err)
{
	struct kv_key key;

	store_key_hot(&key, mailbox, uid);
	store_hot_encode(&change->row, row);
	return change_put(change, STORE_TAB_HOT, &key, buf_str(&change->row),
	    err);
}

int
change_put_mod(struct change *change, uint32_t mailbox, uint64_t modseq,
    uint32_t uid, enum store_mod_kind kind, uint64_t blob, struct err *err)
{
	struct store_mod row = { (uint8_t)kind, change->now, blob, STR("") };
	struct kv_key key;

	store_key_mod(&key, mailbox, modseq, uid);
	store_mod_encode(&change->row, &row);
	return change_put(change, STORE_TAB_MOD, &key, buf_str(&change->row),
	    err);
}

/* Rows held open keep their strings past the transaction's next change. */
static void
own_strings(struct change *change, struct store_mbox *row)
{
	for (unsigned i = 0; i < row->keywords.count; i++)
		row->keywords.keyword[i] =
		    arena_str(change->arena, row->keywords.keyword[i]);
	row->acl = arena_str(change->arena, row->acl);
	row->was.name = arena_str(change->arena, row->was.name);
}

static void
keep_mbox(struct change *change, struct open_mbox *mbox)
{
	mbox->next = change->mbox_list;
	change->mbox_list = mbox;
	(void)hash_put(change->mboxes, str_make(&mbox->id, sizeof(mbox->id)),
	    mbox);
}

int
change_mbox(struct change *change, uint32_t mailbox, struct open_mbox **out,
    struct err *err)
{
	struct open_mbox *mbox =
	    hash_get(change->mboxes, str_make(&mailbox, sizeof(mailbox)));
	int ret;

	*out = mbox;
	if (mbox != NULL)
		return mbox->is_gone ? 0 : 1;
	mbox = arena_calloc(change->arena, 1, sizeof(*mbox));
	ret = store_row_mbox(change->txn, mailbox, &mbox->row, err);
	if (ret <= 0)
		return ret;
	own_strings(change, &mbox->row);
	mbox->id = mailbox;
	if (stage_limit(change, mbox, err) < 0)
		return -1;
	keep_mbox(change, mbox);
	*out = mbox;
	return 1;
}

/* UIDVALIDITY is the time, and no two mailboxes ever have the same. */
struct open_mbox *
change_mbox_new(struct change *change, uint32_t owner)
{
	struct open_mbox *mbox = arena_calloc(change->arena, 1, sizeof(*mbox));

	if (change->now > change->state.uidvalidity)
		change->state.uidvalidity = change->now;
	else
		change->state.uidvalidity++;
	mbox->id = ++change->state.mailbox;
	mbox->row.owner = owner;
	mbox->row.uidvalidity = change->state.uidvalidity;
	mbox->row.uidnext = 1;
	mbox->limit = UINT32_MAX;
	mbox->row.recent = 1;
	mbox->is_dirty = true;
	keep_mbox(change, mbox);
	return mbox;
}

static struct open_user *
keep_user(struct change *change, struct str name, const struct store_user *row)
{
	struct open_user *user = arena_calloc(change->arena, 1, sizeof(*user));

	user->name = arena_str(change->arena, name);
	user->row = *row;
	user->next = change->user_list;
	change->user_list = user;
	(void)hash_put(change->users, user->name, user);
	(void)hash_put(change->users, str_make(&row->id, sizeof(row->id)),
	    user);
	return user;
}

int
change_user(struct change *change, struct str name, struct open_user **out,
    struct err *err)
{
	struct store_user row;
	int ret;

	*out = hash_get(change->users, name);
	if (*out != NULL)
		return 1;
	ret = store_row_user(change->txn, name, &row, err);
	if (ret > 0)
		*out = keep_user(change, name, &row);
	return ret;
}

int
change_user_id(struct change *change, uint32_t user, struct open_user **out,
    struct err *err)
{
	struct str id = str_make(&user, sizeof(user)), name;
	struct kv_key key;
	int ret;

	*out = hash_get(change->users, id);
	if (*out != NULL)
		return 1;
	store_key_user_id(&key, user);
	ret = kv_get(change->txn, STORE_TAB_USER, kv_key_get(&key), &name, err);
	if (ret <= 0)
		return ret;
	return change_user(change, arena_str(change->arena, name), out, err);
}

int
change_user_new(struct change *change, struct str name, struct open_user **out,
    struct err *err)
{
	struct store_user row = { .id = ++change->state.user };
	struct kv_key key;

	*out = keep_user(change, name, &row);
	(*out)->is_dirty = true;
	store_key_user_id(&key, row.id);
	return change_put(change, STORE_TAB_USER, &key, name, err);
}

int
change_owner(struct change *change, const struct open_mbox *mbox,
    struct open_user **out, struct err *err)
{
	int ret = change_user_id(change, mbox->row.owner, out, err);

	if (ret == 0)
		return err_set(err, ERR_CORRUPT, "mailbox %u has no owner",
		    mbox->id);
	return ret < 0 ? -1 : 0;
}

int
change_modseq(struct change *change, struct open_mbox *mbox, uint64_t *modseq,
    struct err *err)
{
	struct open_user *user;

	if (change_owner(change, mbox, &user, err) < 0)
		return -1;
	/* 1 is what a mailbox tells in which nothing has happened. */
	user->row.modseq += user->row.modseq == 0 ? 2 : 1;
	user->is_dirty = true;
	mbox->row.modseq = *modseq = user->row.modseq;
	mbox->is_dirty = true;
	change_notice(change, user->row.id, mbox->id, *modseq);
	return 0;
}

int
change_use(struct change *change, struct open_mbox *mbox, int64_t bytes,
    int64_t messages, struct err *err)
{
	struct open_user *user;

	if (change_owner(change, mbox, &user, err) < 0)
		return -1;
	user->row.bytes += (uint64_t)bytes;
	user->row.messages += (uint64_t)messages;
	user->is_dirty = true;
	mbox->row.bytes += (uint64_t)bytes;
	mbox->row.exists += (uint32_t)messages;
	mbox->is_dirty = true;
	return 0;
}

void
change_notice(struct change *change, uint32_t user, uint32_t mailbox,
    uint64_t modseq)
{
	struct notice *notice;

	LIST_FOREACH(link, &change->engine->changed)
	{
		notice = LIST_ITEM(link, struct notice, link);
		if (notice->mailbox == mailbox && notice->user == user &&
		    (notice->modseq == 0) == (modseq == 0)) {
			notice->modseq = modseq;
			return;
		}
	}
	notice = xcalloc(1, sizeof(*notice));
	notice->user = user;
	notice->mailbox = mailbox;
	notice->modseq = modseq;
	list_push(&change->engine->changed, &notice->link);
}

uint64_t
change_keyword_find(const struct open_mbox *mbox, struct str keyword)
{
	const struct store_keywords *keywords = &mbox->row.keywords;

	for (unsigned i = 0; i < keywords->count; i++)
		if (str_ieq(keywords->keyword[i], keyword))
			return 1ULL << i;
	return 0;
}

uint64_t
change_keyword(struct change *change, struct open_mbox *mbox,
    struct str keyword)
{
	struct store_keywords *keywords = &mbox->row.keywords;
	uint64_t bit = change_keyword_find(mbox, keyword);

	if (bit != 0 || keywords->count == STORE_KEYWORDS_MAX)
		return bit;
	keywords->keyword[keywords->count] = arena_str(change->arena, keyword);
	mbox->is_dirty = true;
	return 1ULL << keywords->count++;
}

uint64_t
change_keywords(struct change *change, struct open_mbox *to,
    const struct store_keywords *names, uint64_t bits)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < names->count; i++)
		if (bits & 1ULL << i)
			out |= change_keyword(change, to, names->keyword[i]);
	return out;
}

static int
flush_mbox(struct change *change, struct open_mbox *mbox, struct err *err)
{
	struct kv_key key;

	store_key_mbox(&key, mbox->id);
	if (mbox->is_gone)
		return change_del(change, STORE_TAB_MBOX, &key, err);
	if (!mbox->is_dirty)
		return 0;
	store_mbox_encode(&change->row, &mbox->row);
	return change_put(change, STORE_TAB_MBOX, &key, buf_str(&change->row),
	    err);
}

static int
flush_user(struct change *change, struct open_user *user, struct err *err)
{
	struct kv_key key;

	if (!user->is_dirty)
		return 0;
	store_key_user(&key, user->name);
	store_user_encode(&change->row, &user->row);
	return change_put(change, STORE_TAB_USER, &key, buf_str(&change->row),
	    err);
}

int
change_flush(struct change *change, struct err *err)
{
	struct open_mbox *mbox;
	struct open_user *user;

	if (seen_flush(change, err) < 0)
		return -1;
	for (mbox = change->mbox_list; mbox != NULL; mbox = mbox->next)
		if (flush_mbox(change, mbox, err) < 0)
			return -1;
	for (user = change->user_list; user != NULL; user = user->next)
		if (flush_user(change, user, err) < 0)
			return -1;
	return 0;
}
