/*
 * received - trace header fields: counting them, recognising a loop, writing
 * our own (RFC 5321 section 4.4).
 */
#ifndef MIME_RECEIVED_H
#define MIME_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Received fields in the header at the front of message (for the hop limit). */
size_t mime_received_count(struct str message);

/*
 * Does the header at the front of message hold a Delivered-To with this
 * address? Without case, blanks around it ignored.
 */
bool mime_delivered_to(struct str message, struct str address);

/* An empty string leaves its clause out. */
struct mime_received {
	struct str helo;     /* as the client said it */
	struct str name;     /* verified reverse name; empty: "unknown" */
	struct str address;  /* "192.0.2.1", "2001:db8::1"; empty: local */
	struct str by;       /* our host name */
	struct str software; /* in a comment behind by */
	struct str protocol; /* ESMTPS, LMTP, UTF8SMTPSA... (RFC 3848, 6531) */
	struct str tls;      /* "TLSv1.3 with cipher ... (256/256 bits)" */
	struct str id;       /* queue id */
	struct str rcpt;     /* only where there is one recipient */
	int64_t seconds;     /* since 1970-01-01 UTC */
};

/*
 * Append a whole Received field, folded, CRLF at its end. Bytes from outside
 * that would break the field are replaced by "?". -1 when out is full.
 */
int mime_received_write(struct buf *out, const struct mime_received *r);

#endif
