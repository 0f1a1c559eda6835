/*
 * BDAT: RFC 3030. The bytes of a chunk follow its command whatever we answer,
 * so they are always taken first. With BODY=BINARYMIME they are kept as they
 * are; otherwise they are lines, as with DATA.
 */
#include "smtpproto/bdat.h"
#include "lmtpd/command.h"
#include "smtpproto/dotstuff.h"

static void
keep(struct session *s, struct str chunk)
{
	struct str run;

	if (s->t.mail.body == SMTP_BODY_BINARY) {
		(void)buf_add_str(&s->body, chunk);
		return;
	}
	while (dot_read(&s->t.reader, &chunk, &run) == DOT_RUN)
		(void)buf_add_str(&s->body, run);
}

/* Take the chunk off the stream, into the body or nowhere. */
static int
read_chunk(struct session *s, uint64_t left, bool kept)
{
	while (left > 0) {
		struct str in = stream_peek(s->stream);

		if (in.len == 0) {
			if (stream_fill(s->stream) < 0)
				return -1;
			continue;
		}
		in = str_sub(in, 0, left < in.len ? (size_t)left : in.len);
		if (kept)
			keep(s, in);
		stream_skip(s->stream, in.len);
		left -= in.len;
	}
	return 0;
}

int
bdat_command(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	uint64_t size;
	bool last;

	if (!smtp_bdat_parse(args, &size, &last)) {
		s->closing = true;
		return session_reply(s, 501, "5.5.4",
		    "Syntax: BDAT count [LAST]");
	}
	if (t->rcpt_len == 0)
		return read_chunk(s, size, false) < 0 ?
		    -1 :
		    session_reply(s, 503, "5.5.1",
			"Error: no valid recipients");
	if (!t->chunks) {
		buf_reset(&s->body);
		dot_reader_init_plain(&t->reader);
		t->chunks = true;
	}
	if (read_chunk(s, size, true) < 0)
		return -1;
	if (!last)
		return session_reply(s, 250, "2.0.0", "Ok: %llu bytes",
		    (unsigned long long)size);
	if (t->mail.body != SMTP_BODY_BINARY &&
	    !dot_reader_finish_plain(&t->reader) &&
	    t->reader.fault == DOT_FAULT_NONE)
		(void)buf_addz(&s->body, "\r\n");
	return data_finish(s, t->reader.fault);
}
