/*
 * body - a message on its way in: header and body as the client sends them.
 *
 * Up to queue_inline_limit bytes are held in memory and go to qmgr in the
 * commit; a larger message goes into the file that qmgr opens for it. What is
 * wrong with it is remembered and said at the end of the data, as the rest
 * has to be taken anyway; after that nothing more is kept.
 *
 * Bounds: memory is queue_inline_limit and one piece; message_size_limit.
 */
#ifndef SMTPD_BODY_H
#define SMTPD_BODY_H

#include "base/buf.h"
#include "base/err.h"
#include "smtpd/peers.h"
#include "smtpd/smtpd.h"

enum body_trouble {
	BODY_FINE,
	BODY_TOO_LARGE,  /* over message_size_limit: 552 5.3.4 */
	BODY_BAD_HEADER, /* header too large or too many fields: 552 5.3.4 */
	BODY_BAD_LINES,  /* CR, LF or NUL in the header: 550 5.6.0 */
	BODY_HOPS,       /* too many Received fields: 554 5.4.6 */
	BODY_NO_SPACE,   /* 452 4.3.1 */
	BODY_NO_QUEUE    /* 451 4.3.0 */
};

struct body {
	const struct smtpd_conf *conf;
	const struct peers *peers;
	uint64_t size_hint;
	struct buf bytes; /* inline: all; large: what is not written yet */
	uint64_t len;
	uint64_t header_len; /* set by body_end, or when it grew large */
	int fd;              /* -1: inline */
	uint64_t limit;      /* of the file */
	bool header_done;    /* header looked at; has_* are set */
	bool has_date, has_message_id;
	/* Set behind body_begin: */
	bool is_binary;        /* any bytes, but for the header's */
	bool drop_spam_fields; /* X-Spam-* goes */
	char message_id[200];  /* as written, cut; for the log */
	struct buf delivered;  /* what its Delivered-To say, a line each */
	enum body_trouble trouble;
	struct err err; /* behind NO_SPACE and NO_QUEUE: for the log */
};

void body_begin(struct body *body, const struct smtpd_conf *conf,
    const struct peers *peers, uint64_t size_hint);
void body_add(struct body *body, struct str bytes);
/* The last byte has come: looks at the header, syncs the file. */
void body_end(struct body *body);
void body_clear(struct body *body);

#endif
