#include "store/mailbox.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "kv/cursor.h"
#include "store/access.h"
#include "store/rights.h"
#include "store/row.h"
#include "store/share.h"

struct find_user {
	struct str name;
	struct store_user *out;
};

static int
find_user(struct kv_txn *txn, void *arg, struct err *err)
{
	struct find_user *find = arg;
	int ret = store_row_user(txn, find->name, find->out, err);

	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such user");
	return ret < 0 ? -1 : 0;
}

int
store_user_get(struct store_reader *reader, struct str name,
    struct store_user *out, struct err *err)
{
	struct find_user find = { name, out };

	if (!store_user_name_is_valid(name))
		return err_set(err, ERR_NOENT, "no such user");
	return store_reader_view(reader, find_user, &find, err);
}

struct listing {
	const struct store_who *who;
	uint32_t user;
	struct arena *arena;
	struct store_entry *entry; /* owned while it grows */
	size_t count, cap;
};

static int
add_entry(struct listing *list, struct store_entry entry, struct err *err)
{
	entry.name = arena_str(list->arena, entry.name);
	if (entry.name.p == NULL)
		return err_set(err, ERR_LIMIT, "too many mailboxes");
	if (list->count == list->cap) {
		list->cap = list->cap == 0 ? 32 : list->cap * 2;
		list->entry =
		    xreallocarray(list->entry, list->cap, sizeof(*list->entry));
	}
	list->entry[list->count++] = entry;
	return 0;
}

/* A name of the user's own that would hide what others share has no entry. */
static bool
is_own(const struct listing *list, struct str name)
{
	struct store_path path;

	store_path_parse(&path, name, list->who);
	return path.kind == STORE_PATH_OWN;
}

static int
list_names(struct kv_txn *txn, struct listing *list, struct str prefix,
    struct err *err)
{
	struct store_name row;
	struct kv_range range;
	struct str key, value;
	int ret;

	if (kv_range_open_prefix(&range, txn, STORE_TAB_NAME, prefix, err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct store_entry entry = { .name = str_sub(key, 4, key.len) };

		if ((ret = store_name_decode(&row, value, err)) < 0)
			break;
		entry.mailbox = row.mailbox;
		entry.use = row.use;
		entry.type = row.type;
		if (is_own(list, entry.name) &&
		    (ret = add_entry(list, entry, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}

static int
add_shared(void *ctx, struct str owner, struct str name,
    const struct store_name *row, struct err *err)
{
	struct store_entry entry = { .mailbox = row->mailbox,
		.use = STORE_USE_NONE, /* that is its owner's */
		.type = row->type };
	struct listing *list = ctx;
	struct buf full;
	int ret;

	buf_init(&full, 0);
	store_path_put(&full, owner, name, list->who);
	entry.name = buf_str(&full);
	ret = add_entry(list, entry, err);
	buf_clear(&full);
	return ret;
}

/* Subscriptions come in the same order, so each is looked for further on. */
static int
list_subs(struct kv_txn *txn, struct listing *list, struct str prefix,
    struct err *err)
{
	size_t at = 0, names = list->count;
	struct kv_range range;
	struct str key, value;
	int ret;

	if (kv_range_open_prefix(&range, txn, STORE_TAB_SUB, prefix, err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct store_entry entry = { .name = str_sub(key, 4, key.len),
			.subscribed = true };

		while (
		    at < names && str_cmp(list->entry[at].name, entry.name) < 0)
			at++;
		if (at < names && str_eq(list->entry[at].name, entry.name))
			list->entry[at].subscribed = true;
		else if ((ret = add_entry(list, entry, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct store_entry *left = a, *right = b;

	return str_cmp(left->name, right->name);
}

static int
list_mailboxes(struct kv_txn *txn, void *arg, struct err *err)
{
	struct listing *list = arg;
	struct kv_key prefix;

	list->count = 0;
	kv_key_init(&prefix);
	kv_key_u32(&prefix, list->user);
	if (list_names(txn, list, kv_key_get(&prefix), err) < 0 ||
	    store_shared_list(txn, list->who, add_shared, list, err) < 0)
		return -1;
	if (list->count > 1)
		qsort(list->entry, list->count, sizeof(*list->entry),
		    compare_entries);
	return list_subs(txn, list, kv_key_get(&prefix), err);
}

int
store_mailbox_list(struct store_reader *reader, uint32_t user,
    struct arena *arena, struct store_entry **out, size_t *count,
    struct err *err)
{
	struct listing list = { .who = store_reader_who(reader),
		.user = user,
		.arena = arena };
	int ret = store_reader_view(reader, list_mailboxes, &list, err);

	*out = NULL;
	*count = 0;
	if (ret == 0 && list.count > 0) {
		qsort(list.entry, list.count, sizeof(*list.entry),
		    compare_entries);
		*out = arena_calloc(arena, list.count, sizeof(**out));
		if (*out == NULL)
			ret = err_set(err, ERR_LIMIT, "too many mailboxes");
		else
			memcpy(*out, list.entry,
			    list.count * sizeof(*list.entry));
		*count = *out == NULL ? 0 : list.count;
	}
	free(list.entry);
	return ret;
}

struct find_name {
	const struct store_who *who;
	struct str name;
	struct store_found found;
};

static int
find_name(struct kv_txn *txn, void *arg, struct err *err)
{
	struct find_name *find = arg;
	int ret = store_find(txn, find->who, find->name, &find->found, err);

	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such mailbox");
	return ret < 0 ? -1 : 0;
}

int
store_mailbox_find(struct store_reader *reader, uint32_t user, struct str name,
    struct store_name *out, struct err *err)
{
	struct find_name find = { .who = store_reader_who(reader),
		.name = name };

	if (user != store_reader_user(reader))
		return err_set(err, ERR_DENIED, "another user's mailbox");
	if (store_reader_view(reader, find_name, &find, err) < 0)
		return -1;
	*out = find.found.name;
	return 0;
}

struct get_mbox {
	struct store_reader *reader;
	uint32_t mailbox;
	struct arena *arena; /* NULL: without strings */
	struct store_mbox *out;
	uint32_t *rights; /* NULL: how many are unseen is asked for */
};

static int
copy_strings(struct store_mbox *mbox, struct arena *arena, struct err *err)
{
	for (unsigned i = 0; i < mbox->keywords.count; i++) {
		struct str *keyword = &mbox->keywords.keyword[i];

		*keyword = arena_str(arena, *keyword);
		if (keyword->p == NULL)
			return err_set(err, ERR_LIMIT, "keywords: no room");
	}
	mbox->acl = arena_str(arena, mbox->acl);
	return 0;
}

/* How many of the messages somebody has not seen who does not own them. */
static int
count_unseen(struct kv_txn *txn, struct get_mbox *get,
    const struct store_access *access, struct err *err)
{
	struct kv_range range;
	struct kv_key from, to;
	struct str key, row;
	int ret;

	get->out->unseen = 0;
	store_key_hot(&from, get->mailbox, 0);
	store_key_hot(&to, get->mailbox, access->mbox.uidnext - 1);
	if (kv_range_open(&range, txn, STORE_TAB_HOT, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0)
		get->out->unseen +=
		    store_access_flags(access, store_hot_uid(key), 0) == 0;
	kv_range_close(&range);
	return ret;
}

static int
get_mbox(struct kv_txn *txn, void *arg, struct err *err)
{
	struct get_mbox *get = arg;
	struct store_access access;
	int ret = store_access_open(&access, txn, store_reader_who(get->reader),
	    get->mailbox, STORE_RIGHT_READ, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "mailbox was deleted");
	*get->out = access.mbox;
	if (get->rights != NULL)
		*get->rights = access.rights;
	else if (!access.owns && count_unseen(txn, get, &access, err) < 0)
		return -1;
	return get->arena == NULL ? 0 : copy_strings(get->out, get->arena, err);
}

int
store_mailbox_get(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *out, struct err *err)
{
	struct get_mbox get = { reader, mailbox, arena, out, NULL };

	return store_reader_view(reader, get_mbox, &get, err);
}

int
store_mailbox_open(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *out, uint32_t *rights,
    struct err *err)
{
	struct get_mbox get = { reader, mailbox, arena, out, rights };

	return store_reader_view(reader, get_mbox, &get, err);
}

struct look_at {
	const struct store_who *who;
	uint32_t mailbox, rights;
	struct arena *arena; /* NULL: only the rights */
	struct store_acl *acl;
	struct str owner;
};

static int
look_at(struct kv_txn *txn, void *arg, struct err *err)
{
	struct look_at *look = arg;
	struct store_access access;
	struct kv_key key;
	int ret =
	    store_access_open(&access, txn, look->who, look->mailbox, 0, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "mailbox was deleted");
	look->rights = access.rights;
	if (look->arena == NULL)
		return 0;
	if (!(access.rights & STORE_RIGHT_ADMIN))
		return err_set(err, ERR_DENIED, "no right to see the rights");
	store_key_user_id(&key, access.mbox.owner);
	ret = kv_get(txn, STORE_TAB_USER, kv_key_get(&key), &look->owner, err);
	if (ret <= 0)
		return ret < 0 ? -1 :
				 err_set(err, ERR_CORRUPT, "mailbox of nobody");
	look->owner = arena_str(look->arena, look->owner);
	access.mbox.acl = arena_str(look->arena, access.mbox.acl);
	if (look->owner.p == NULL || access.mbox.acl.p == NULL)
		return err_set(err, ERR_LIMIT, "rights: no room");
	return store_acl_decode(look->acl, access.mbox.acl, look->owner, err);
}

int
store_mailbox_rights(struct store_reader *reader, uint32_t mailbox,
    uint32_t *rights, struct err *err)
{
	struct look_at look = { .who = store_reader_who(reader),
		.mailbox = mailbox };

	if (store_reader_view(reader, look_at, &look, err) < 0)
		return -1;
	*rights = look.rights;
	return 0;
}

int
store_mailbox_acl(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_acl *acl, struct str *owner,
    struct err *err)
{
	struct look_at look = { .who = store_reader_who(reader),
		.mailbox = mailbox,
		.arena = arena,
		.acl = acl };

	if (store_reader_view(reader, look_at, &look, err) < 0)
		return -1;
	*owner = look.owner;
	return 0;
}

struct glance {
	const struct store_who *who;
	uint32_t mailbox;
	struct store_glance out;
};

static int
glance(struct kv_txn *txn, void *arg, struct err *err)
{
	struct glance *g = arg;
	struct store_access access;
	int ret = store_access_open(&access, txn, g->who, g->mailbox,
	    STORE_RIGHT_READ, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "mailbox was deleted");
	g->out = (struct store_glance){ .modseq = access.mbox.modseq,
		.rights = access.rights,
		.recent = access.mbox.recent };
	return 0;
}

int
store_mailbox_glance(struct store_reader *reader, uint32_t mailbox,
    struct store_glance *out, struct err *err)
{
	struct glance g = { .who = store_reader_who(reader),
		.mailbox = mailbox };

	if (store_reader_view(reader, glance, &g, err) < 0)
		return -1;
	*out = g.out;
	return 0;
}
