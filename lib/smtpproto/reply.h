/*
 * reply - SMTP and LMTP replies, written and read: RFC 5321 section 4.2, with
 * the enhanced status codes of RFC 3463 and 2034.
 *
 * Writing takes a code, a status and a text and makes as many lines as the
 * text needs, with the status on each. Reading takes bytes as they come, in
 * pieces cut anywhere, for blocking and event-driven clients alike.
 *
 * Ownership: struct smtp_reply owns its text.
 * Bounds: lines we write have at most 512 octets (section 4.5.3.1.5); a reply
 * we read may have SMTP_REPLY_LINES lines of SMTP_REPLY_LINE octets, of which
 * the first SMTP_REPLY_TEXT octets of text are kept.
 */
#ifndef SMTPPROTO_REPLY_H
#define SMTPPROTO_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SMTP_REPLY_LINE = 2048,
	SMTP_REPLY_LINES = 200,
	SMTP_REPLY_TEXT = 8192,
};

/* class "." subject "." detail; class 0: none */
struct smtp_status {
	uint8_t class;
	uint16_t subject, detail;
};

/*
 * status-code = class "." subject "." detail (RFC 3463 section 2): take it
 * off the front of *in. False, *in unmoved, where none stands.
 */
bool smtp_status_take(struct str *in, struct smtp_status *status);

/*
 * Append a reply. status is "2.1.0" or NULL for none (greeting, EHLO, 3xx);
 * LF in text begins another line, other control bytes and, unless utf8, bytes
 * beyond ASCII become "?". A line too long is cut and goes on in the next.
 * -1 when out is full.
 */
int smtp_reply_put(struct buf *out, int code, const char *status,
    struct str text, bool utf8);

struct smtp_reply {
	int code;                  /* 200 to 599 once whole */
	struct smtp_status status; /* of the first line; class 0: none */
	struct buf text;    /* lines without codes and status, LF between */
	struct buf partial; /* the module's own: a line not whole yet */
	unsigned lines;
};

void smtp_reply_init(struct smtp_reply *reply);
void smtp_reply_clear(struct smtp_reply *reply);

/*
 * Take bytes off *in up to the end of one reply. 1: the reply is whole, in
 * stands behind it (the next call begins another reply); 0: all of in is
 * taken, more is needed; -1: ERR_SYNTAX no reply, ERR_LIMIT too long. After
 * -1 the connection is of no use. Lines may end in LF alone, as some servers
 * send them.
 */
int smtp_reply_feed(struct smtp_reply *reply, struct str *in, struct err *err);

/* 2xx, 4xx, 5xx; a code's first digit. */
static inline int
smtp_reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100;
}

#endif
