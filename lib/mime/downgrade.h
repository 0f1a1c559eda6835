/*
 * downgrade - header fields beyond ASCII (RFC 6532) for readers who know
 * nothing of them, by RFC 6857 section 3: it loses least of what the RFCs
 * offer. Display names and free text become encoded words, parameters what
 * RFC 2231 has for them, domains A-labels; an address that has no ASCII form
 * is shown in an empty group, "Name =?UTF-8?B?...?= :;", which nobody can
 * answer by mistake; what has no place for any of that, such as Message-ID,
 * goes into Downgraded-Message-ID.
 *
 * Lost are comments among addresses that are nobody's name, and the FOR
 * clause of a Received field. Bytes that are not UTF-8 go the same way, named
 * unknown-8bit. A line that is no header field becomes Downgraded-Unknown.
 */
#ifndef MIME_DOWNGRADE_H
#define MIME_DOWNGRADE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Append header, with its empty line if it has one, all in ASCII; fields that
 * are so already are copied. is_global: its Content-Type says message/global
 * of something that is a message/rfc822 from now on. ERR_LIMIT: out or arena
 * is full, or a boundary is not ASCII.
 */
int mime_downgrade_header(struct buf *out, struct arena *arena,
    struct str header, bool is_global, struct err *err);

#endif
