/*
 * key - the keys and names of store/format.h.
 */
#include "base/utf8.h"
#include "store/format.h"

void
store_key_user(struct kv_key *key, struct str name)
{
	kv_key_init(key);
	kv_key_str(key, name);
}

void
store_key_user_id(struct kv_key *key, uint32_t user)
{
	kv_key_init(key);
	kv_key_u8(key, 0);
	kv_key_u32(key, user);
}

void
store_key_name(struct kv_key *key, uint32_t user, struct str name)
{
	kv_key_init(key);
	kv_key_u32(key, user);
	kv_key_str(key, name);
}

void
store_key_mbox(struct kv_key *key, uint32_t mailbox)
{
	kv_key_init(key);
	kv_key_u32(key, mailbox);
}

void
store_key_hot(struct kv_key *key, uint32_t mailbox, uint32_t uid)
{
	kv_key_init(key);
	kv_key_u32(key, mailbox);
	kv_key_u32(key, uid);
}

void
store_key_blob(struct kv_key *key, uint64_t blob)
{
	kv_key_init(key);
	kv_key_u64(key, blob);
}

void
store_key_mod(struct kv_key *key, uint32_t mailbox, uint64_t modseq,
    uint32_t uid)
{
	kv_key_init(key);
	kv_key_u32(key, mailbox);
	kv_key_u64(key, modseq);
	kv_key_u32(key, uid);
}

void
store_key_place(struct kv_key *key, uint64_t blob, uint32_t mailbox,
    uint32_t uid)
{
	kv_key_init(key);
	kv_key_u64(key, blob);
	kv_key_u32(key, mailbox);
	kv_key_u32(key, uid);
}

void
store_key_seen(struct kv_key *key, uint32_t mailbox, uint32_t user)
{
	kv_key_init(key);
	kv_key_u32(key, mailbox);
	kv_key_u32(key, user);
}

void
store_key_shares(struct kv_key *key, struct str identity, uint32_t owner)
{
	kv_key_init(key);
	kv_key_str(key, identity);
	kv_key_u8(key, 0);
	if (owner != 0)
		kv_key_u32(key, owner);
}

void
store_key_share(struct kv_key *key, struct str identity, uint32_t owner,
    uint32_t mailbox)
{
	kv_key_init(key);
	kv_key_str(key, identity);
	kv_key_u8(key, 0);
	kv_key_u32(key, owner);
	kv_key_u32(key, mailbox);
}

bool
store_share_key(struct str key, struct str *identity, uint32_t *owner,
    uint32_t *mailbox)
{
	struct str ids = { NULL, 0 };
	enum { IDS = 8 };

	*identity = (struct str){ NULL, 0 };
	if (key.len > IDS + 1 && key.p[key.len - IDS - 1] == '\0') {
		*identity = str_sub(key, 0, key.len - IDS - 1);
		ids = str_sub(key, key.len - IDS, key.len);
	}
	return kv_key_take_u32(&ids, owner) && kv_key_take_u32(&ids, mailbox);
}

void
store_key_upload(struct kv_key *key, uint32_t user, uint64_t blob)
{
	kv_key_init(key);
	kv_key_u32(key, user);
	kv_key_u64(key, blob);
}

void
store_key_applied(struct kv_key *key, uint64_t queue, struct str id)
{
	kv_key_init(key);
	kv_key_u64(key, queue);
	kv_key_str(key, id);
}

void
store_key_meta(struct kv_key *key, const char *name)
{
	kv_key_init(key);
	kv_key_str(key, str_of(name));
}

void
store_key_task(struct kv_key *key, uint32_t user, enum store_task_kind kind)
{
	store_key_meta(key, STORE_META_TASK);
	kv_key_u32(key, user);
	kv_key_u32(key, kind);
}

bool
store_task_key(struct str key, uint32_t *user, uint32_t *kind)
{
	return str_take_str(&key, STR(STORE_META_TASK)) &&
	    kv_key_take_u32(&key, user) && kv_key_take_u32(&key, kind) &&
	    key.len == 0;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

int
store_name_check(struct str name, struct err *err)
{
	struct str rest = name, level;
	unsigned depth = 0;

	if (name.len > STORE_NAME_MAX)
		return err_set(err, ERR_LIMIT, "mailbox name is too long");
	if (name.len == 0 || !utf8_is_valid(name) || has_control(name))
		return err_set(err, ERR_SYNTAX, "not a mailbox name");
	if (name.p[name.len - 1] == '/')
		return err_set(err, ERR_SYNTAX, "mailbox name ends in /");
	while (str_split(&rest, '/', &level)) {
		if (level.len == 0)
			return err_set(err, ERR_SYNTAX,
			    "mailbox name has an empty level");
		if (++depth > STORE_DEPTH_MAX)
			return err_set(err, ERR_LIMIT,
			    "mailbox name has too many levels");
	}
	return 0;
}

bool
store_name_is_inbox(struct str name)
{
	return str_ieqz(name, "INBOX");
}

/* Only INBOX itself has no case (RFC 3501 section 5.1). */
struct str
store_name_canonical(struct str name)
{
	return store_name_is_inbox(name) ? STR("INBOX") : name;
}

bool
store_user_name_is_valid(struct str name)
{
	return name.len > 0 && name.len <= STORE_USER_MAX &&
	    utf8_is_valid(name) && !has_control(name);
}

bool
store_keyword_is_valid(struct str keyword)
{
	if (keyword.len == 0 || keyword.len > STORE_KEYWORD_MAX)
		return false;
	for (size_t i = 0; i < keyword.len; i++)
		if (keyword.p[i] <= ' ' || keyword.p[i] >= 0x7f)
			return false;
	return true;
}
