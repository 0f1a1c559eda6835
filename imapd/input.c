#include "imapd/input.h"

#include "imapd/append.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "net/line.h"
#include "net/stream.h"

struct str
input_tag(const struct session *session)
{
	struct str in = buf_str(&session->line), tag;
	struct err err;

	return token_tag(&in, &tag, &err) < 0 ? STR("*") : tag;
}

/*
 * Wait for more; whoever waits for an answer gets it before. Within a command
 * that may be long, and stored another one behind it.
 */
static int
fill(struct session *session)
{
	if (session->line.len > 0 || stream_peek(session->stream).len > 0)
		session->store_is_silent = false;
	pipeline_before_read(session);
	return stream_fill(session->stream);
}

enum { SKIP_MAX = 16 << 20 /* bytes of a line that nobody reads */ };

/*
 * Drop what is there up to a line's end, and more until there is one. -1: the
 * connection is at its end, or had better be: with COMPRESS a thousand bytes
 * take a client one.
 */
static int
skip_line(struct session *session)
{
	size_t skipped = 0;

	for (;;) {
		struct str in = stream_peek(session->stream);
		size_t had = in.len;
		bool found = line_skip(&in);

		stream_skip(session->stream, had - in.len);
		if (found)
			return 0;
		skipped += had - in.len;
		if (skipped > SKIP_MAX || fill(session) < 0)
			return -1;
	}
}

/* A line that cannot be taken as one: answer BAD. */
static enum input_result
refuse_line(struct session *session, enum line_result result, struct str part)
{
	const char *why = result == LINE_LONG ? "command line too long" :
						"line does not end in CRLF";

	/* The tag is all that is wanted of it. */
	if (session->line.len == 0)
		(void)buf_add_str(&session->line,
		    str_sub(part, 0, session->line.max));
	pipeline_drain(session);
	reply_tagged(session, input_tag(session), "BAD", why);
	session->errors++;
	return skip_line(session) < 0 ? INPUT_END : INPUT_REFUSED;
}

/* The next line, of at most max bytes; *part as line_take has it. */
static enum line_result
next_line(struct session *session, size_t max, struct str *part)
{
	for (;;) {
		struct str in = stream_peek(session->stream), left = in;
		enum line_result result = line_take(&left, max, part);

		if (result == LINE_OK)
			stream_skip(session->stream, in.len - left.len);
		if (result != LINE_MORE)
			return result;
		if (fill(session) < 0)
			return LINE_MORE;
	}
}

int
input_line(struct session *session, struct str *line)
{
	return next_line(session, session->imapd->conf.command_size, line) ==
		LINE_OK ?
	    0 :
	    -1;
}

struct str
input_bytes(struct session *session, uint64_t max)
{
	struct str in = stream_peek(session->stream);

	if (in.len == 0) {
		if (fill(session) < 0)
			return (struct str){ NULL, 0 };
		in = stream_peek(session->stream);
	}
	if (in.len > max)
		in.len = max;
	stream_skip(session->stream, in.len);
	return in;
}

static int
drop_bytes(struct session *session, uint64_t len)
{
	while (len > 0) {
		struct str bytes = input_bytes(session, len);

		if (bytes.len == 0)
			return -1;
		len -= bytes.len;
	}
	return 0;
}

/* What comes unasked, literal after literal, up to the command's end. */
static int
drop_literals(struct session *session, struct token_literal *next)
{
	while (!next->sync) {
		struct str line;
		struct err err;

		if (drop_bytes(session, next->size) < 0 ||
		    next_line(session, session->line.max, &line) != LINE_OK)
			return -1;
		if (token_line_literal(line, next, &err) <= 0)
			break;
	}
	return 0;
}

int
input_drop_message(struct session *session)
{
	if (!session->has_message)
		return 0;
	session->has_message = false;
	return drop_literals(session, &session->message);
}

/* The bytes of a literal, behind its "{n}", into the command. */
static int
take_literal(struct session *session, const struct token_literal *literal)
{
	uint64_t left = literal->size;

	if (literal->sync)
		stream_putz(session->stream, "+ OK\r\n");
	(void)buf_addz(&session->line, "\r\n");
	while (left > 0) {
		struct str bytes = input_bytes(session, left);

		if (bytes.len == 0)
			return -1;
		(void)buf_add_str(&session->line, bytes);
		left -= bytes.len;
	}
	return 0;
}

/* No room for a literal that is on its way, or announced. */
static enum input_result
refuse_literal(struct session *session, const struct token_literal *literal)
{
	struct token_literal next = *literal;

	session->errors++;
	if (drop_literals(session, &next) < 0)
		return INPUT_END;
	pipeline_drain(session);
	reply_tagged(session, input_tag(session), "BAD", "literal too large");
	return INPUT_REFUSED;
}

enum input_result
input_read(struct session *session)
{
	struct buf *line = &session->line;

	buf_reset(line);
	session->has_message = false;
	for (;;) {
		struct token_literal literal;
		enum line_result result;
		struct str part;
		struct err err;
		int ret;

		result = next_line(session, line->max - line->len, &part);
		if (result == LINE_MORE && line->len == 0 &&
		    stream_peek(session->stream).len == 0)
			return INPUT_END;
		if (result == LINE_MORE &&
		    stream_state(session->stream) != STREAM_OK)
			return INPUT_END;
		if (result != LINE_OK)
			return refuse_line(session, result, part);
		(void)buf_add_str(line, part);
		if ((ret = token_line_literal(part, &literal, &err)) == 0)
			return INPUT_COMMAND;
		if (ret < 0) {
			pipeline_drain(session);
			reply_tagged(session, input_tag(session), "BAD",
			    err.text);
			session_bye(session, "literal too large");
			return INPUT_END;
		}
		if (append_has_message(session, buf_str(line))) {
			session->has_message = true;
			session->message = literal;
			return INPUT_COMMAND;
		}
		if (literal.size + 2ull > line->max - line->len)
			return refuse_literal(session, &literal);
		if (take_literal(session, &literal) < 0)
			return INPUT_END;
	}
}
