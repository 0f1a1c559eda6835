#include "store/journal.h"

#include "store/format.h"
#include "store/wire.h"

enum { HEAD = 4, DELETED = 0xffffffff };

static const char head[HEAD] = { 'C', 'J', 1, 0 };

void
store_journal_begin(struct buf *out)
{
	buf_reset(out);
	(void)buf_add(out, head, HEAD);
}

bool
store_journal_is_empty(const struct buf *out)
{
	return out->len <= HEAD;
}

static void
put_key(struct buf *out, unsigned table, struct str key)
{
	(void)buf_add_u8(out, (uint8_t)table);
	(void)buf_add_u16(out, (uint16_t)key.len);
	(void)buf_add_str(out, key);
}

size_t
store_journal_put(struct buf *out, unsigned table, struct str key,
    struct str row)
{
	size_t at;

	put_key(out, table, key);
	(void)buf_add_u32(out, (uint32_t)row.len);
	at = out->len;
	(void)buf_add_str(out, row);
	return at;
}

void
store_journal_del(struct buf *out, unsigned table, struct str key)
{
	put_key(out, table, key);
	(void)buf_add_u32(out, (uint32_t)DELETED);
}

bool
store_journal_is(struct str record)
{
	return str_starts(record, str_make(head, 2));
}

int
store_journal_open(struct str *in, struct err *err)
{
	if (!str_take_str(in, str_make(head, HEAD)))
		return err_set(err, ERR_CORRUPT, "no journal of ours");
	return 0;
}

int
store_journal_next(struct str *in, struct store_journal_entry *entry,
    struct err *err)
{
	struct wire wire = wire_of(*in);
	uint32_t len;

	if (in->len == 0)
		return 0;
	entry->table = wire_u8(&wire);
	entry->key = wire_bytes(&wire, wire_u16(&wire));
	len = wire_u32(&wire);
	entry->deleted = len == (uint32_t)DELETED;
	entry->row = wire_bytes(&wire, entry->deleted ? 0 : len);
	if (wire.bad || entry->table >= STORE_TABLES || entry->key.len == 0 ||
	    entry->key.len > KV_KEY_MAX)
		return err_set(err, ERR_CORRUPT, "journal is damaged");
	*in = wire.in;
	return 1;
}
