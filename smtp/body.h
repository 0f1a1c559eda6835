/*
 * body - the message on its way through: from qmgr's DATA to the site's, by
 * DATA (RFC 5321 section 4.1.1.4) or in chunks by BDAT (RFC 3030).
 *
 * It goes on while it comes in, with at most BODY_CHUNK held here. Only where
 * it says that it may be more than the site can take (8-bit for a host
 * without 8BITMIME, SMTPUTF8 without any such address) is it read whole and
 * looked at before a byte is sent: what is merely called so is delivered, the
 * rest is refused (RFC 6152 section 3, RFC 6531 section 3.5).
 *
 * If qmgr goes away in the middle the site's connection is broken off, so
 * that it never takes half a message for a whole one.
 */
#ifndef SMTP_BODY_H
#define SMTP_BODY_H

#include "smtp/session.h"

enum { BODY_CHUNK = 256 << 10 };

enum body_way {
	BODY_DATA,
	BODY_BDAT,
	BODY_LOOK, /* read it whole first */
};

/* How the transaction's message has to go to its site. */
enum body_way body_way(const struct session *s);

/*
 * DATA of the client is here, and somebody was accepted: answer it, pass the
 * message on, and answer for each recipient.
 */
void body_pass(struct session *s);

/*
 * The same in pieces, for BDAT of the client: as smtp_server_chunk(), and at
 * the last of them the recipients are answered for. Between the first and the
 * last t.pass is not NULL; body_drop() is for a transaction that ends before
 * its message.
 */
int body_chunk(struct session *s, const struct smtp_chunk *chunk);
void body_drop(struct session *s);

#endif
