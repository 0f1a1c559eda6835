/*
 * sortkey - what SORT sorts by (RFC 5256 section 5; DISPLAYFROM and DISPLAYTO
 * of RFC 5957).
 */
#ifndef IMAP_SORTKEY_H
#define IMAP_SORTKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum sortkey_kind {
	SORTKEY_ARRIVAL,
	SORTKEY_CC,
	SORTKEY_DATE,
	SORTKEY_DISPLAYFROM,
	SORTKEY_DISPLAYTO,
	SORTKEY_FROM,
	SORTKEY_SIZE,
	SORTKEY_SUBJECT,
	SORTKEY_TO,
};

enum { SORTKEY_MAX = 18 /* more would only say something twice */ };

struct sortkey {
	enum sortkey_kind kind;
	bool reverse;
};

struct sortkey_list {
	struct sortkey key[SORTKEY_MAX];
	size_t len;
};

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" */
int sortkey_parse(struct str *in, struct sortkey_list *out, struct err *err);

#endif
