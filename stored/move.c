#include "stored/move.h"

#include "store/journal.h"

/* Rows as they are now: a request of this batch may have changed them. */
static int
look(struct change *change, struct moved_record *moved, struct err *err)
{
	struct str value, digest;
	struct kv_key key;
	int ret;

	moved->is_wanted = false;
	if (moved->record.kind == STORE_RECORD_MESSAGE) {
		ret = store_row_blob(change->txn, moved->record.blob,
		    &moved->row, err);
		moved->is_wanted = ret > 0 && moved->row.pack == moved->pack &&
		    moved->row.offset == moved->offset;
		return ret < 0 ? -1 : 0;
	}
	store_key_blob(&key, moved->record.blob);
	ret =
	    kv_get(change->txn, STORE_TAB_COLD, kv_key_get(&key), &value, err);
	if (ret <= 0)
		return ret;
	if (store_cold_decode(&digest, &moved->cold, value, err) < 0)
		return -1;
	moved->is_wanted = digest.p == NULL &&
	    moved->cold.pack == moved->pack &&
	    moved->cold.offset == moved->offset;
	return 0;
}

static enum store_table
encode(struct change *change, const struct moved_record *moved)
{
	if (moved->record.kind == STORE_RECORD_MESSAGE) {
		store_blob_encode(&change->row, &moved->row);
		return STORE_TAB_BLOB;
	}
	store_cold_encode(&change->row, STR(""), &moved->cold);
	return STORE_TAB_COLD;
}

int
move_prepare(struct batch *batch, struct err *err)
{
	struct change *change = &batch->change;
	enum store_table table;
	struct kv_key key;

	for (size_t i = 0; i < change->moves; i++) {
		struct moved_record *moved = &change->moved[i];

		if (look(change, moved, err) < 0)
			return -1;
		if (!moved->is_wanted)
			continue;
		moved->number = batch->records;
		batch_add_record(batch, moved->iov, moved->head, &moved->record,
		    moved->bytes);
		table = encode(change, moved);
		store_key_blob(&key, moved->record.blob);
		moved->row_at = store_journal_put(&change->journal, table,
		    kv_key_get(&key), buf_str(&change->row));
	}
	return 0;
}

int
move_place(struct batch *batch, struct err *err)
{
	struct change *change = &batch->change;
	enum store_table table;
	struct kv_key key;

	for (size_t i = 0; i < change->moves; i++) {
		struct moved_record *moved = &change->moved[i];
		const struct seglog_place *place;

		if (!moved->is_wanted)
			continue;
		place = &batch->record[moved->number].place;
		moved->row.pack = moved->cold.pack = place->segment;
		moved->row.offset = moved->cold.offset = place->offset;
		table = encode(change, moved);
		memcpy(change->journal.p + moved->row_at, change->row.p,
		    change->row.len);
		store_key_blob(&key, moved->record.blob);
		if (kv_put(change->txn, table, kv_key_get(&key),
			buf_str(&change->row), err) < 0)
			return -1;
	}
	return 0;
}
