#include "store/access.h"

#include "base/num.h"
#include "store/rights.h"
#include "store/row.h"
#include "store/uids.h"

int
store_access_seen(struct kv_txn *txn, uint32_t mailbox, uint32_t user,
    struct str *runs, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	*runs = STR("");
	store_key_seen(&key, mailbox, user);
	ret = kv_get(txn, STORE_TAB_SEEN, kv_key_get(&key), &row, err);
	if (ret > 0)
		return store_seen_decode(runs, row, err);
	return ret;
}

int
store_access_open(struct store_access *access, struct kv_txn *txn,
    const struct store_who *who, uint32_t mailbox, uint32_t needed,
    struct err *err)
{
	int ret = store_row_mbox(txn, mailbox, &access->mbox, err);

	if (ret <= 0 || access->mbox.gone != 0)
		return ret < 0 ? -1 : 0;
	access->rights = store_rights(&access->mbox, who);
	access->owns = access->mbox.owner == who->user;
	access->seen = STR("");
	if ((access->rights & needed) != needed)
		return err_set(err, ERR_DENIED, "no right to read this");
	if (!access->owns &&
	    store_access_seen(txn, mailbox, who->user, &access->seen, err) < 0)
		return -1;
	return 1;
}

/* The runs rise: the first whose last is not below uid decides. */
static bool
has_uid(struct str runs, uint32_t uid)
{
	size_t lo = 0, hi = runs.len / STORE_RUN_SIZE;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (num_get_u32(runs.p + mid * STORE_RUN_SIZE + 4) < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < runs.len / STORE_RUN_SIZE &&
	    num_get_u32(runs.p + lo * STORE_RUN_SIZE) <= uid;
}

uint16_t
store_access_flags(const struct store_access *access, uint32_t uid,
    uint16_t flags)
{
	if (access->owns)
		return flags;
	flags &= (uint16_t)~STORE_FLAG_SEEN;
	if (has_uid(access->seen, uid))
		flags |= STORE_FLAG_SEEN;
	return flags;
}
