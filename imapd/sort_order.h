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
	int64_t number;  /* of ARRIVAL, DATE and SIZE */
	struct str text; /* of all others, as it is compared: bytewise */
};

struct sort_table {
	struct sortkey_list keys;
	size_t len;              /* messages, by sequence number */
	union sort_value *value; /* keys.len of each */
};

bool sort_is_text(enum sortkey_kind kind);

/*
 * The messages of table in order, as len indices into it. What is equal under
 * all keys stays in the order of the table, also under REVERSE.
 */
void sort_order(const struct sort_table *table, uint32_t *out);

#endif
