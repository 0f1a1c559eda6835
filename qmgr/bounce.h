/*
 * bounce - the text of delivery status notifications: multipart/report (RFC
 * 6522) with message/delivery-status (RFC 3464), or its UTF-8 forms (RFC
 * 6533) where an address needs them.
 *
 * Pure: bytes in, bytes out. Header and body of the original are copied by
 * length, never parsed.
 */
#ifndef QMGR_BOUNCE_H
#define QMGR_BOUNCE_H

#include "base/buf.h"
#include "queue/record.h"

enum bounce_action { BOUNCE_FAILED, BOUNCE_DELIVERED };

struct bounce_rcpt {
	struct str address, orcpt, original;
	struct str status;     /* "5.1.1" */
	struct str diagnostic; /* "550 5.1.1 no such user"; our own escaping */
};

struct bounce {
	const char *hostname;
	enum bounce_action action;
	bool expired; /* FAILED: it was tried for too long */
	const struct queue_record *record;
	const char *id;       /* short, of the original */
	const char *boundary; /* that the original does not contain */
	const char *message_id;
	int64_t now; /* seconds */
	const struct bounce_rcpt *rcpt;
	size_t rcpts;
	struct str header; /* of the original, prefix included */
	struct str body;   /* "" unless the whole message goes back */
	bool whole;
};

/* Append the notification, header and body. Returns the header's length. */
size_t bounce_write(struct buf *out, const struct bounce *bounce);

/* Does it need 8BITMIME, and SMTPUTF8? */
bool bounce_is_utf8(const struct bounce *bounce);

#endif
