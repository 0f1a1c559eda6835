/*
 * DATA in pieces (the first byte: of which size) against the plain definition
 * of its end; and what was read, written and read again, is the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtpproto/dotstuff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes up to and with the end; 0: there is none. */
static size_t
end_by_definition(struct str in)
{
	ptrdiff_t at;

	if (str_starts(in, STR(".\r\n")))
		return 3;
	at = str_find(in, STR("\r\n.\r\n"));
	return at < 0 ? 0 : (size_t)at + 5;
}

static enum dot_result
read_all(struct dot_reader *reader, struct str *in, size_t piece,
    struct buf *out)
{
	enum dot_result got = DOT_MORE;
	struct str run;

	while (in->len > 0 && got != DOT_END) {
		struct str now = str_sub(*in, 0, piece);
		size_t len = now.len;

		while ((got = dot_read(reader, &now, &run)) == DOT_RUN)
			(void)buf_add_str(out, run);
		str_skip(in, len - now.len);
	}
	return got;
}

static void
write_again(struct str message)
{
	struct dot_writer writer;
	struct dot_reader reader;
	struct buf wire, again;
	struct str in;

	buf_init(&wire, 0);
	buf_init(&again, 0);
	dot_writer_init(&writer);
	(void)dot_write(&writer, &wire, message);
	(void)dot_write_end(&writer, &wire);
	dot_reader_init(&reader);
	in = buf_str(&wire);
	if (read_all(&reader, &in, 7, &again) != DOT_END || in.len != 0 ||
	    !str_eq(buf_str(&again), message))
		abort();
	buf_clear(&wire);
	buf_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dot_reader reader;
	struct buf message;
	struct str in;
	size_t end;

	if (size == 0)
		return 0;
	in = str_make(data + 1, size - 1);
	end = end_by_definition(in);
	buf_init(&message, 0);
	dot_reader_init(&reader);
	if ((read_all(&reader, &in, data[0] % 32 + 1, &message) == DOT_END) !=
		(end > 0) ||
	    (end > 0 && in.len != size - 1 - end))
		abort();
	if (end > 0 && reader.fault == DOT_FAULT_NONE)
		write_again(buf_str(&message));
	buf_clear(&message);
	return 0;
}
