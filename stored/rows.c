#include "stored/rows.h"

void
rows_begin(struct rows *rows, struct change *change,
    const struct open_mbox *mbox, const struct store_uids *uids, uint32_t from)
{
	*rows = (struct rows){ .change = change,
		.mbox = mbox,
		.uids = uids,
		.next = from == 0 ? 1 : from,
		.end = mbox->row.uidnext };
}

static int
seek(struct rows *rows, uint32_t uid, struct err *err)
{
	rows_end(rows);
	store_key_hot(&rows->from, rows->mbox->id, uid);
	store_key_hot(&rows->to, rows->mbox->id, rows->end - 1);
	rows->is_open = true;
	return kv_range_open(&rows->range, rows->change->txn, STORE_TAB_HOT,
	    kv_key_get(&rows->from), kv_key_get(&rows->to), err);
}

/*
 * The cursor runs on while the set wants the next UID and the table has it;
 * over a hole in the set it is placed anew.
 */
int
rows_next(struct rows *rows, uint32_t *uid, struct store_hot *row,
    struct err *err)
{
	struct str key, value;
	uint32_t want;
	int ret;

	for (;;) {
		want = rows->next;
		if (rows->uids != NULL)
			want = store_uids_next(rows->uids, want);
		if (want == 0 || want >= rows->end)
			return 0;
		if ((!rows->is_open || want != rows->next) &&
		    seek(rows, want, err) < 0)
			return -1;
		ret = kv_range_next(&rows->range, &key, &value, err);
		if (ret <= 0)
			return ret;
		*uid = store_hot_uid(key);
		rows->next = *uid + 1;
		if (rows->uids == NULL || store_uids_has(rows->uids, *uid))
			return store_hot_decode(row, value, err) < 0 ? -1 : 1;
	}
}

void
rows_end(struct rows *rows)
{
	if (rows->is_open)
		kv_range_close(&rows->range);
	rows->is_open = false;
}
