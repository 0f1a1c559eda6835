/*
 * BDAT: RFC 3030. The bytes of a chunk follow its command whatever we answer,
 * so they are always taken first. With BODY=BINARYMIME (section 3) they are
 * kept as they are.
 */
#include "smtpproto/bdat.h"
#include "smtpd/command.h"

/* Take the chunk off the stream, into the body or nowhere. */
static int
read_chunk(struct session *s, uint64_t left, struct body *body)
{
	bool is_binary = s->t.mail.body == SMTP_BODY_BINARY;

	session_deadline(s, true);
	while (left > 0) {
		struct str in = stream_peek(s->stream), run;
		size_t len = left < in.len ? (size_t)left : in.len;

		if (len == 0) {
			if (stream_fill(s->stream) < 0)
				return -1;
			continue;
		}
		in.len = len;
		if (body != NULL && is_binary)
			body_add(body, in);
		while (body != NULL && !is_binary &&
		    dot_read(&s->t.reader, &in, &run) == DOT_RUN)
			body_add(body, run);
		stream_skip(s->stream, len);
		left -= len;
	}
	return 0;
}

/* Refuse a chunk once its bytes are gone. */
static int
refuse(struct session *s, uint64_t size, int code, const char *text)
{
	if (read_chunk(s, size, NULL) < 0)
		return -1;
	if (s->t.bdat == BDAT_CHUNKS)
		s->t.bdat = BDAT_FAILED;
	return session_reply(s, code, "5.5.1", "%s", text);
}

static void
begin_chunks(struct session *s)
{
	struct transaction *t = &s->t;

	data_begin(s);
	t->bdat = BDAT_CHUNKS;
	dot_reader_init_plain(&t->reader);
}

int
bdat_command(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	uint64_t size;
	bool last;

	if (!smtp_bdat_parse(args, &size, &last)) {
		/* Where the next command begins, nobody can know. */
		s->closing = true;
		return session_reply(s, 501, "5.5.4",
		    "Syntax: BDAT count [LAST]");
	}
	if (t->bdat == BDAT_FAILED)
		return refuse(s, size, 503, "Error: this message has failed");
	if (t->accepted == 0 && t->refused > 0)
		return refuse(s, size, 554, "Error: no valid recipients");
	if (t->accepted == 0)
		return refuse(s, size, 503, "Error: need RCPT command");
	if (t->bdat == BDAT_NONE)
		begin_chunks(s);
	if (read_chunk(s, size, &t->body) < 0)
		return -1;
	if (!last)
		return session_reply(s, 250, "2.0.0", "Ok: %llu bytes",
		    (unsigned long long)size);
	if (t->mail.body != SMTP_BODY_BINARY &&
	    !dot_reader_finish_plain(&t->reader) &&
	    t->reader.fault == DOT_FAULT_NONE)
		body_add(&t->body, STR("\r\n"));
	return data_finish(s, &t->reader);
}
