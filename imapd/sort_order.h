/*
 * sort_order - messages put in order by what SORT has of them (RFC 5256
 * section 3), without I/O.
 *
 * Values are compared eight bytes at a time, by radix: a mailbox of 20,000
 * needs no call of a comparison for most of them.
 *
 * Bounds: time linear in messages, keys and bytes of text, but for texts that
 * agree in their first 64 bytes, which are compared.
 */
#ifndef IMAPD_SORT_ORDER_H
#define IMAPD_SORT_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "imap/sortkey.h"

/* What one message is sorted by under one key. */
union sort_value {
	int64_t number; /* of ARRIVAL, DATE and SIZE */
	struct {
		uint32_t at, len; /* in texts, as it is compared: bytewise */
	} text;                   /* of all others */
};

struct sort_table {
	struct sortkey_list keys;
	size_t len;              /* messages, by sequence number */
	union sort_value *value; /* keys.len of each */
	struct str texts;
};

static inline struct str
sort_text(const struct sort_table *table, const union sort_value *value)
{
	return str_make(table->texts.p + value->text.at, value->text.len);
}

bool sort_is_text(enum sortkey_kind kind);

/* Messages a and b of table: < 0 when a is before b. Never 0 but for a = b. */
int sort_compare(const struct sort_table *table, uint32_t a, uint32_t b);

enum { SORT_ORDER_ROOM = 32 /* bytes a message that ordering needs */ };

/*
 * The messages of table in order, as len indices into it. What is equal under
 * all keys stays in the order of the table, also under REVERSE. room has
 * SORT_ORDER_ROOM bytes for each, aligned for anything.
 */
void sort_order(const struct sort_table *table, uint32_t *out, void *room);

#endif
