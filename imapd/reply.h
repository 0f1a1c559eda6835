/*
 * reply - the responses of RFC 3501 section 7 that are one line of text.
 *
 * All of it goes into the stream's buffer; nothing waits here. Texts are ours;
 * what peers wrote appears in strings of lib/imap only.
 */
#ifndef IMAPD_REPLY_H
#define IMAPD_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct session;

/* "* " text CRLF */
void reply_untagged(struct session *session, const char *fmt, ...)
    PRINTFLIKE(2, 3);
/* tag SP word SP text CRLF */
void reply_tagged(struct session *session, struct str tag, const char *word,
    const char *text);
/*
 * Append the name of a mailbox (UTF-8) as this client wants it: in modified
 * UTF-7 (RFC 3501 section 5.1.3) or, once enabled, as it is.
 */
void reply_put_mailbox(const struct session *session, struct buf *out,
    struct str name);

/* Any bytes, and CRLF. */
void reply_bytes(struct session *session, struct str bytes);

/*
 * How trouble of our own is told (RFC 5530): "[UNAVAILABLE] ..." and its like.
 * The text of err is for the log where it speaks of our insides, so the
 * client gets a sentence of its own. Lives as long as the session's arena.
 */
const char *reply_trouble(struct session *session, const struct err *err);

#endif
