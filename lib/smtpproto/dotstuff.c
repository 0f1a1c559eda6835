#include "smtpproto/dotstuff.h"

/* Where in a line the next byte stands. */
enum {
	LINE_START, /* behind CR LF, or at the very start */
	IN_LINE,
	AFTER_CR,     /* behind a CR, which an LF must follow */
	AFTER_DOT,    /* behind a "." at a line's start, which is left out */
	AFTER_DOT_CR, /* behind "." CR at a line's start */
};

void
dot_reader_init(struct dot_reader *reader)
{
	*reader = (struct dot_reader){ .state = LINE_START };
}

void
dot_reader_init_plain(struct dot_reader *reader)
{
	*reader = (struct dot_reader){ .state = LINE_START, .plain = true };
}

void
dot_reader_init_chunks(struct dot_reader *reader, bool is_binary)
{
	dot_reader_init_plain(reader);
	reader->binary = is_binary;
}

static void
set_fault(struct dot_reader *reader, enum dot_fault fault)
{
	if (reader->fault == DOT_FAULT_NONE)
		reader->fault = fault;
}

/* Bytes before the first CR or LF. */
static size_t
span(struct str in)
{
	const char *lf = memchr(in.p, '\n', in.len);
	const char *cr;

	if (lf != NULL)
		in.len = (size_t)(lf - in.p);
	cr = memchr(in.p, '\r', in.len);
	return cr != NULL ? (size_t)(cr - in.p) : in.len;
}

/* One CR or LF inside a line or at its start. */
static void
take_line_end(struct dot_reader *reader, char c)
{
	if (c == '\r') {
		reader->state = AFTER_CR;
	} else {
		set_fault(reader, DOT_FAULT_LF);
		reader->state = IN_LINE;
	}
}

/*
 * Bytes of the message at the front of in; *state behind them. A run goes on
 * over line ends as long as no dot stands at a line's start.
 */
static size_t
run_len(struct dot_reader *reader, struct str in)
{
	size_t at = 0;

	while (at < in.len) {
		char c = in.p[at];

		if (reader->state == AFTER_CR) {
			if (c == '\n') {
				reader->state = LINE_START;
				at++;
				continue;
			}
			set_fault(reader, DOT_FAULT_CR);
			reader->state = IN_LINE;
		}
		if (reader->state == LINE_START && c == '.' && !reader->plain)
			break;
		if (c == '\r' || c == '\n') {
			take_line_end(reader, c);
			at++;
			continue;
		}
		at += span(str_sub(in, at, in.len));
		reader->state = IN_LINE;
	}
	return at;
}

/* A byte behind a line's leading dot. True: it was the end. */
static bool
after_dot(struct dot_reader *reader, struct str *in)
{
	char c = in->p[0];

	if (reader->state == AFTER_DOT_CR) {
		if (c == '\n') {
			str_skip(in, 1);
			reader->state = LINE_START;
			return true;
		}
		set_fault(reader, DOT_FAULT_CR);
		reader->state = IN_LINE;
	} else if (c == '\r') {
		str_skip(in, 1);
		reader->state = AFTER_DOT_CR;
	} else {
		reader->state = IN_LINE;
	}
	return false;
}

enum dot_result
dot_read(struct dot_reader *reader, struct str *in, struct str *run)
{
	if (reader->binary) {
		*run = *in;
		str_skip(in, run->len);
		return run->len > 0 ? DOT_RUN : DOT_MORE;
	}
	while (in->len > 0) {
		size_t len;

		if (reader->state == AFTER_DOT ||
		    reader->state == AFTER_DOT_CR) {
			if (after_dot(reader, in))
				return DOT_END;
			continue;
		}
		len = run_len(reader, *in);
		*run = str_sub(*in, 0, len);
		str_skip(in, len);
		if (in->len > 0) { /* at a line's leading dot */
			str_skip(in, 1);
			reader->state = AFTER_DOT;
		}
		if (run->len > 0 && reader->fault == DOT_FAULT_NONE)
			return DOT_RUN;
	}
	*run = STR("");
	return DOT_MORE;
}

bool
dot_reader_finish_plain(struct dot_reader *reader)
{
	if (reader->state == AFTER_CR)
		set_fault(reader, DOT_FAULT_CR);
	return reader->state == LINE_START;
}

void
dot_writer_init(struct dot_writer *writer)
{
	writer->state = LINE_START;
}

/* Bytes before the next dot that stands behind an LF. */
static size_t
undotted(struct str in)
{
	size_t at = 0;

	for (;;) {
		const char *lf = memchr(in.p + at, '\n', in.len - at);

		if (lf == NULL)
			return in.len;
		at = (size_t)(lf - in.p) + 1;
		if (at == in.len || in.p[at] == '.')
			return at;
	}
}

int
dot_write(struct dot_writer *writer, struct buf *out, struct str in)
{
	(void)buf_reserve(out, in.len);
	while (in.len > 0) {
		size_t len = undotted(in);

		if (writer->state == LINE_START && in.p[0] == '.')
			(void)buf_addc(out, '.');
		if (buf_add(out, in.p, len) < 0)
			return -1;
		writer->state = in.p[len - 1] == '\n' ? LINE_START : IN_LINE;
		str_skip(&in, len);
	}
	return out->full ? -1 : 0;
}

int
dot_write_end(struct dot_writer *writer, struct buf *out)
{
	if (writer->state != LINE_START)
		(void)buf_addz(out, "\r\n");
	writer->state = LINE_START;
	return buf_addz(out, ".\r\n");
}
