/*
 * DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030) of the client, and RFC
 * 2033 section 4.2 for their end: one reply for each recipient that was
 * accepted, in their order.
 */
#include "smtp/body.h"
#include "smtp/command.h"
#include "smtpproto/bdat.h"

static int
no_transaction(struct session *s)
{
	if (!s->t.open || !s->t.mail_ok)
		return session_reply(s, 503, "5.5.1",
		    "Error: need MAIL command");
	if (s->t.accepted == 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: no valid recipients");
	return 0;
}

int
data_command(struct session *s, struct str args)
{
	bool is_late = s->t.pass != NULL ||
	    (s->t.open && s->t.mail.body == SMTP_BODY_BINARY);

	if (args.len > 0 || is_late) {
		envelope_sync(s, false);
		return session_reply(s, is_late ? 503 : 501,
		    is_late ? "5.5.1" : "5.5.4",
		    is_late ? "Error: BDAT and BINARYMIME go without DATA" :
			      "Syntax: DATA");
	}
	envelope_sync(s, true);
	if (no_transaction(s) < 0)
		return -1;
	body_pass(s);
	session_reset(s);
	s->errors = 0;
	return 0;
}

/* The bytes of a chunk follow its command whatever we answer. */
static int
read_chunk(struct session *s, uint64_t left)
{
	while (left > 0) {
		struct str in = stream_peek(s->stream);

		if (in.len == 0) {
			if (stream_fill(s->stream) < 0)
				return -1;
			continue;
		}
		in = str_sub(in, 0, left < in.len ? (size_t)left : in.len);
		if (s->t.pass != NULL)
			body_put(s, in);
		stream_skip(s->stream, in.len);
		left -= in.len;
	}
	return 0;
}

int
bdat_command(struct session *s, struct str args)
{
	uint64_t size;
	bool last;

	if (!smtp_bdat_parse(args, &size, &last)) {
		s->closing = true;
		return session_reply(s, 501, "5.5.4",
		    "Syntax: BDAT count [LAST]");
	}
	if (!s->t.open || !s->t.mail_ok || s->t.accepted == 0)
		return read_chunk(s, size) < 0 ? -1 : no_transaction(s);
	if (s->t.pass == NULL)
		body_begin(s);
	if (read_chunk(s, size) < 0)
		return -1;
	if (!last)
		return session_reply(s, 250, "2.0.0", "Ok: %llu bytes",
		    (unsigned long long)size);
	body_finish(s);
	session_reset(s);
	s->errors = 0;
	return 0;
}
