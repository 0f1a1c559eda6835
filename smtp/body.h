/*
 * body - the message on its way through: from qmgr's DATA to the site's, by
 * DATA (RFC 5321 section 4.1.1.4) or in chunks by BDAT (RFC 3030).
 *
 * It goes on while it comes in, with at most BODY_CHUNK held here. What the
 * site cannot take as it is (8-bit without 8BITMIME, binary without
 * BINARYMIME, an international header without SMTPUTF8) is made fit on the way
 * (mime/convert.h; RFC 6152 section 3, RFC 6531 section 3.5) or refused:
 * before the site hears of it where that is found out in the first BODY_CHUNK,
 * else by breaking off. What its sender called 7-bit is converted where it can
 * be and never refused.
 *
 * If qmgr goes away in the middle the site's connection is broken off, so
 * that it never takes half a message for a whole one.
 */
#ifndef SMTP_BODY_H
#define SMTP_BODY_H

#include "smtp/session.h"

struct mime_convert_opts;

enum { BODY_CHUNK = 256 << 10 };

enum body_way {
	BODY_DATA,
	BODY_BDAT,
};

/* How the transaction's message has to go to its site. */
enum body_way body_way(const struct session *s);
/* Has it to be made fit for that, and how? */
bool body_conversion(const struct session *s, struct mime_convert_opts *opts);

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
