/*
 * BDAT: RFC 3030. With BODY=BINARYMIME (section 3) the bytes are kept as they
 * are; otherwise they are lines, as with DATA.
 */
#include "smtpd/command.h"

/* Refuse a chunk once its bytes are gone. */
static int
refuse(struct session *s, const struct smtp_chunk *chunk, int code,
    const char *text)
{
	if (smtp_server_skip(&s->server, chunk) < 0)
		return -1;
	if (s->t.bdat == BDAT_CHUNKS)
		s->t.bdat = BDAT_FAILED;
	return session_reply(s, code, "5.5.1", "%s", text);
}

int
bdat_command(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	struct smtp_chunk chunk;
	int ret;

	if (smtp_server_bdat(&s->server, args, &chunk) < 0)
		return -1;
	session_deadline(s, true);
	if (t->bdat == BDAT_FAILED)
		return refuse(s, &chunk, 503, "Error: this message has failed");
	if (t->accepted == 0 && t->refused > 0)
		return refuse(s, &chunk, 554, "Error: no valid recipients");
	if (t->accepted == 0)
		return refuse(s, &chunk, 503, "Error: need RCPT command");
	if (t->bdat == BDAT_NONE) {
		data_begin(s);
		t->bdat = BDAT_CHUNKS;
		dot_reader_init_chunks(&t->reader,
		    t->mail.body == SMTP_BODY_BINARY);
	}
	ret = smtp_server_chunk(&s->server, &chunk, &t->reader, data_keep);
	return ret <= 0 ? ret : data_finish(s, &t->reader);
}
