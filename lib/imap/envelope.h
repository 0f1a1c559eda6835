/*
 * envelope - writes the ENVELOPE of FETCH (RFC 3501 section 7.4.2) from plain
 * structs, wherever they were filled from: a parsed header or the store.
 *
 * All strings are borrowed; a NULL pointer is written NIL. They are what the
 * header says, unfolded, encoded words as they are. Groups (RFC 3501, "host
 * name field is NIL") are addresses: the start has a mailbox only, the end
 * nothing.
 */
#ifndef IMAP_ENVELOPE_H
#define IMAP_ENVELOPE_H

#include "base/buf.h"
#include "base/str.h"

struct envelope_address {
	struct str name;    /* the display name */
	struct str route;   /* at-domain-list: obsolete source route */
	struct str mailbox; /* or the name of a group */
	struct str host;
};

/* An array of addresses; none is written NIL. */
struct envelope_list {
	const struct envelope_address *address;
	size_t len;
};

struct envelope {
	struct str date, subject;
	/*
	 * sender and reply_to are written as from when they are empty, for
	 * RFC 3501 has the server say so.
	 */
	struct envelope_list from, sender, reply_to, to, cc, bcc;
	struct str in_reply_to, message_id;
};

/* "(date subject from ...)" without the word ENVELOPE. -1 when out is full. */
int envelope_put(struct buf *out, const struct envelope *envelope);
/* One list, "((...)(...))" or NIL. */
int envelope_put_list(struct buf *out, const struct envelope_list *list);

#endif
