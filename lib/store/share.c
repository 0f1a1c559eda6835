#include "store/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "kv/cursor.h"
#include "store/rights.h"
#include "store/row.h"

/* "a%2Fb@x" of a name, in lower case. false: no user is called that. */
static bool
take_owner(char out[STORE_USER_MAX + 1], struct str text)
{
	size_t len = 0;

	while (text.len > 0) {
		char c = lower(text.p[0]);

		if (str_itake_str(&text, STR("%2F")))
			c = '/';
		else if (str_take_str(&text, STR("%25")))
			c = '%';
		else if (c == '%')
			return false;
		else
			str_skip(&text, 1);
		if (len == STORE_USER_MAX)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return store_user_name_is_valid(str_make(out, len));
}

static bool
is_node(struct str *text, struct str prefix)
{
	return str_take_str(text, prefix) &&
	    (text->len == 0 || str_take(text, '/'));
}

void
store_path_parse(struct store_path *path, struct str text,
    const struct store_who *who)
{
	struct str rest = text, owner, domain = store_who_domain(who->name);

	path->kind = STORE_PATH_NODE;
	path->name = STR("");
	if (is_node(&rest, STR(STORE_SHARED))) {
		owner = STR(STORE_SHARED_OWNER);
		if (rest.len == 0 || owner.len + domain.len > STORE_USER_MAX)
			return;
		memcpy(path->owner, owner.p, owner.len);
		memcpy(path->owner + owner.len, domain.p, domain.len);
		path->owner[owner.len + domain.len] = '\0';
		path->name = rest;
		path->kind = STORE_PATH_OTHER;
		return;
	}
	rest = text;
	if (!is_node(&rest, STR(STORE_OTHERS))) {
		path->kind = STORE_PATH_OWN;
		path->name = store_name_canonical(text);
		return;
	}
	if (!str_split(&rest, '/', &owner) || rest.len == 0 ||
	    !take_owner(path->owner, owner))
		return;
	path->kind =
	    str_eqz(who->name, path->owner) ? STORE_PATH_OWN : STORE_PATH_OTHER;
	path->name = store_name_canonical(rest);
}

void
store_path_put(struct buf *out, struct str owner, struct str name,
    const struct store_who *who)
{
	struct str domain = owner;

	if (str_take_str(&domain, STR(STORE_SHARED_OWNER)) &&
	    str_eq(domain, store_who_domain(who->name))) {
		(void)buf_addz(out, STORE_SHARED "/");
		(void)buf_add_str(out, name);
		return;
	}
	(void)buf_addz(out, STORE_OTHERS "/");
	for (size_t i = 0; i < owner.len; i++) {
		if (owner.p[i] == '/')
			(void)buf_addz(out, "%2F");
		else if (owner.p[i] == '%')
			(void)buf_addz(out, "%25");
		else
			(void)buf_addc(out, owner.p[i]);
	}
	(void)buf_addc(out, '/');
	(void)buf_add_str(out, name);
}

/* What all of somebody's identities come to, for one mailbox. */
struct sum {
	uint32_t given, denied;
};

/*
 * Rows of share for each identity, of one owner or (0) of all. fn is told
 * each; the name is borrowed.
 */
typedef int row_fn(void *ctx, uint32_t owner, uint32_t mailbox,
    const struct store_share *row, struct err *err);

static int
walk(struct kv_txn *txn, const struct store_who *who, struct str identity,
    uint32_t owner, row_fn *fn, void *ctx, struct err *err)
{
	uint32_t row_owner, mailbox;
	struct str key, value, name;
	struct store_share row;
	struct kv_range range;
	struct kv_key prefix;
	int ret;

	store_key_shares(&prefix, identity, owner);
	if (kv_range_open_prefix(&range, txn, STORE_TAB_SHARE,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_share_decode(&row, value, err)) < 0)
			break;
		if (store_share_key(key, &name, &row_owner, &mailbox) &&
		    row_owner != who->user &&
		    (ret = fn(ctx, row_owner, mailbox, &row, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}

struct search {
	struct str name;
	struct sum sum;
};

static int
compare(void *ctx, uint32_t owner, uint32_t mailbox,
    const struct store_share *row, struct err *err)
{
	struct search *search = ctx;

	(void)owner;
	(void)mailbox;
	(void)err;
	if (str_eq(row->name, search->name)) {
		search->sum.given |= row->given;
		search->sum.denied |= row->denied;
	}
	return 0;
}

/* An owner who is not there is one without mailboxes: no id is that large. */
static int
find_other(struct kv_txn *txn, const struct store_who *who,
    const struct store_path *path, struct store_found *found, struct err *err)
{
	struct store_user owner = { .id = UINT32_MAX };
	struct search search = { .name = path->name };

	if (store_row_user(txn, str_of(path->owner), &owner, err) < 0)
		return -1;
	for (size_t i = 0; i < who->identities; i++)
		if (walk(txn, who, who->identity[i], owner.id, compare, &search,
			err) < 0)
			return -1;
	if ((search.sum.given & ~search.sum.denied & STORE_RIGHTS_VISIBLE) == 0)
		return 0;
	found->owner = owner.id;
	return store_row_name(txn, owner.id, path->name, &found->name, err);
}

int
store_find(struct kv_txn *txn, const struct store_who *who, struct str text,
    struct store_found *found, struct err *err)
{
	struct store_path path;

	*found = (struct store_found){ 0 };
	store_path_parse(&path, text, who);
	if (path.name.len == 0 || path.name.len > STORE_NAME_MAX)
		return 0;
	if (path.kind == STORE_PATH_OTHER)
		return find_other(txn, who, &path, found, err);
	found->owner = who->user;
	return store_row_name(txn, who->user, path.name, &found->name, err);
}

/* Sums are kept by this, the mailbox's name behind each. */
struct list_key {
	uint32_t owner, mailbox;
};

static int
add(void *ctx, uint32_t owner, uint32_t mailbox, const struct store_share *row,
    struct err *err)
{
	struct list_key key = { owner, mailbox };
	struct str bytes = str_make(&key, sizeof(key));
	struct hash *sums = ctx;
	struct sum *sum = hash_get(sums, bytes);

	(void)err;
	if (sum == NULL) {
		sum = xcalloc(1, sizeof(*sum) + row->name.len + 1);
		memcpy(sum + 1, row->name.p, row->name.len);
		(void)hash_put(sums, bytes, sum);
	}
	sum->given |= row->given;
	sum->denied |= row->denied;
	return 0;
}

static int
owner_name(struct kv_txn *txn, uint32_t owner, struct str *name,
    struct err *err)
{
	struct kv_key key;

	store_key_user_id(&key, owner);
	return kv_get(txn, STORE_TAB_USER, kv_key_get(&key), name, err);
}

static int
tell_all(struct kv_txn *txn, struct hash *sums, store_shared_fn *fn, void *ctx,
    struct err *err)
{
	struct str key, owner, name;
	struct store_name row;
	void *value;

	for (size_t it = 0; hash_next(sums, &it, &key, &value);) {
		const struct sum *sum = value;
		struct list_key id;
		int ret;

		memcpy(&id, key.p, sizeof(id));
		name = str_of((const char *)(sum + 1));
		if (!(sum->given & ~sum->denied & STORE_RIGHT_LOOKUP))
			continue;
		ret = owner_name(txn, id.owner, &owner, err);
		if (ret > 0)
			ret = store_row_name(txn, id.owner, name, &row, err);
		if (ret > 0)
			ret = fn(ctx, owner, name, &row, err);
		if (ret < 0)
			return -1;
	}
	return 0;
}

int
store_shared_list(struct kv_txn *txn, const struct store_who *who,
    store_shared_fn *fn, void *ctx, struct err *err)
{
	struct hash *sums = hash_new();
	struct str key;
	void *value;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < who->identities; i++)
		ret = walk(txn, who, who->identity[i], 0, add, sums, err);
	if (ret == 0)
		ret = tell_all(txn, sums, fn, ctx, err);
	for (size_t it = 0; hash_next(sums, &it, &key, &value);)
		free(value);
	hash_free(sums);
	return ret;
}
