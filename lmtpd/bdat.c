/*
 * BDAT: RFC 3030. With BODY=BINARYMIME the bytes are kept as they are;
 * otherwise they are lines, as with DATA.
 */
#include "lmtpd/command.h"

int
bdat_command(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	struct smtp_chunk chunk;
	int ret;

	if (smtp_server_bdat(&s->server, args, &chunk) < 0)
		return -1;
	if (t->rcpt_len == 0)
		return smtp_server_skip(&s->server, &chunk) < 0 ?
		    -1 :
		    session_reply(s, 503, "5.5.1",
			"Error: no valid recipients");
	if (!t->chunks) {
		buf_reset(&s->body);
		dot_reader_init_chunks(&t->reader,
		    t->mail.body == SMTP_BODY_BINARY);
		t->chunks = true;
	}
	ret = smtp_server_chunk(&s->server, &chunk, &t->reader, data_keep);
	return ret <= 0 ? ret : data_finish(s, t->reader.fault);
}
