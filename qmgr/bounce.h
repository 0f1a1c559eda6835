/*
 * bounce - the text of delivery status notifications: multipart/report (RFC
 * 6522) with message/delivery-status (RFC 3464, RFC 3461 section 6), or its
 * UTF-8 forms (RFC 6533) where an address needs them.
 *
 * Pure: bytes in, bytes out. Header and body of the original are copied by
 * length, never parsed. Where the UTF-8 forms are needed but the sender's
 * address is ASCII, they go in base64, so that every host on the way back
 * can take them.
 */
#ifndef QMGR_BOUNCE_H
#define QMGR_BOUNCE_H

#include "base/buf.h"
#include "queue/record.h"

/* RFC 3464 section 2.3.3 */
enum bounce_action {
	BOUNCE_FAILED,
	BOUNCE_DELAYED,
	BOUNCE_DELIVERED,
	BOUNCE_RELAYED,  /* to a host that notifies nobody */
	BOUNCE_EXPANDED, /* an alias of several */
};

/* What one notification tells of. */
enum bounce_kind {
	BOUNCE_OF_FAILURE,
	BOUNCE_OF_DELAY,
	BOUNCE_OF_SUCCESS,
	BOUNCE_TO_POSTMASTER, /* a failure that the sender cannot be told */
};

struct bounce_rcpt {
	enum bounce_action action;
	struct str address, original;
	struct str orcpt;      /* as it was given: "rfc822;a+2Bb@x.test" */
	struct str status;     /* "5.1.1" */
	struct str host;       /* that was spoken to, or "" */
	struct str diagnostic; /* "550 5.1.1 no such user"; our own escaping */
};

struct bounce {
	const char *hostname;
	enum bounce_kind kind;
	bool expired; /* FAILURE: it was tried for too long */
	const struct queue_record *record;
	struct str to;        /* whom it goes to */
	const char *id;       /* short, of the original */
	const char *boundary; /* that the original does not contain */
	const char *message_id;
	int64_t now;         /* seconds */
	int64_t retry_until; /* DELAY: the same */
	const struct bounce_rcpt *rcpt;
	size_t rcpts;
	struct str header; /* of the original, prefix included */
	struct str body;
	bool whole; /* the body, too, goes back */
};

/* Append the notification, header and body. Returns the header's length. */
size_t bounce_write(struct buf *out, const struct bounce *bounce);

/* Are the UTF-8 forms needed? */
bool bounce_is_utf8(const struct bounce *bounce);

#endif
