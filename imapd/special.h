/*
 * special - the names of special uses (RFC 6154 section 2).
 */
#ifndef IMAPD_SPECIAL_H
#define IMAPD_SPECIAL_H

#include "base/str.h"
#include "store/format.h"

/* The attribute, "\Drafts"; NULL for STORE_USE_NONE. */
const char *special_name(enum store_use use);
/* The use of a word without its backslash; STORE_USE_NONE if we keep none. */
enum store_use special_use(struct str word);

#endif
