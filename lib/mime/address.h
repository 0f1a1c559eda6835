/*
 * address - the addresses in From, To, Cc and the like.
 *
 * RFC 5322 section 3.4 with the obsolete forms of section 4.4, RFC 6532's
 * UTF-8, and what real mail holds besides: raw 8-bit bytes, ";" between
 * addresses, "a@b <a@b>", missing ">" or quotes. Every value gives a list;
 * an element that is no address is there with valid unset, its words in
 * mailbox. The order and shape are those of IMAP's ENVELOPE (RFC 3501 section
 * 7.4.2): a group is a start marker, its members, an end marker.
 *
 * Names are unquoted, comments dropped, blanks between words made one space;
 * encoded words (RFC 2047) stay as they are. "a@b (Name)" takes its name from
 * the comment.
 *
 * Ownership: everything lies in the arena. Bounds: at most max mailboxes and
 * groups, and the value's length in strings; time is linear.
 */
#ifndef MIME_ADDRESS_H
#define MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum mime_address_kind {
	MIME_ADDRESS_MAILBOX,
	MIME_ADDRESS_GROUP,     /* name of the group in mailbox, rest empty */
	MIME_ADDRESS_GROUP_END, /* all empty */
};

struct mime_address {
	struct mime_address *next;
	enum mime_address_kind kind;
	bool valid;         /* has a mailbox and a host, nothing odd */
	struct str name;    /* display name; empty: none */
	struct str route;   /* "@a,@b" of an obsolete source route, or empty */
	struct str mailbox; /* local part, unquoted */
	struct str host;    /* domain or [literal]; empty: none was given */
};

struct mime_address_list {
	struct mime_address *first, *last;
	size_t count;   /* mailboxes and groups */
	bool truncated; /* more than max, or the arena is at its limit */
};

/*
 * Append the addresses in value (folded or not) to list, which starts as
 * { 0 }. Groups always end, also where value is cut short.
 */
void mime_address_parse(struct mime_address_list *list, struct arena *arena,
    struct str value, size_t max);

/*
 * "mailbox@host" as SMTP and lookups want it, the local part quoted if it
 * must be; nothing but the mailbox where host is empty. -1 when out is full.
 */
int mime_address_write(struct buf *out, const struct mime_address *address);
/* quoted-string (RFC 5322 section 3.2.4) of these bytes. */
void mime_quoted_write(struct buf *out, struct str s);

#endif
