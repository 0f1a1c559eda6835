/*
 * journal - the record of every row that a batch changed, written into the
 * packs under the same fdatasync as the messages of that batch.
 *
 * The index is then a snapshot and the journals since: what a crash took
 * from the index, and a whole index, can be made again by putting these rows
 * in order. A record is a head (magic, version) and changes:
 *
 *	table (8 bits), key length (16), key, 0xffffffff        deleted
 *	table (8 bits), key length (16), key, length (32), row  put
 *
 * Decoding is total; a table we do not know is ERR_CORRUPT.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct store_journal_entry {
	unsigned table; /* enum store_table */
	struct str key;
	bool deleted;
	struct str row; /* when not deleted */
};

/* Start a record in out, which is emptied. */
void store_journal_begin(struct buf *out);
/* Nothing was added since the beginning. */
bool store_journal_is_empty(const struct buf *out);
/* Returns where row's first byte stands in out: a place may be filled in. */
size_t store_journal_put(struct buf *out, unsigned table, struct str key,
    struct str row);
void store_journal_del(struct buf *out, unsigned table, struct str key);

/* Does a record of the packs begin a journal? */
bool store_journal_is(struct str record);
/* Take the head off. ERR_CORRUPT. */
int store_journal_open(struct str *in, struct err *err);
/* 1: an entry, borrowed from *in; 0: the end; -1: ERR_CORRUPT. */
int store_journal_next(struct str *in, struct store_journal_entry *entry,
    struct err *err);

#endif
