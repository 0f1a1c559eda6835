/*
 * pop_lang - the answer to POP3's LANG (RFC 6856 section 3), the same before
 * and after login. Our texts are English; a range is taken as basic filtering
 * (RFC 4647 section 3.3.1) takes it.
 */
#ifndef NET_POP_LANG_H
#define NET_POP_LANG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* What stands behind "LANG "; empty: a list is wanted. False: -ERR. */
bool pop_lang_answer(struct buf *out, struct str range);

#endif
