#include "net/line.h"

#include <stdint.h>

#include "net/stream.h"

/* The place of the first CR or LF in s, or s.len. */
static size_t
find_end(struct str s)
{
	const char *lf = s.len > 0 ? memchr(s.p, '\n', s.len) : NULL;
	size_t len = lf == NULL ? s.len : (size_t)(lf - s.p);
	const char *cr = len > 0 ? memchr(s.p, '\r', len) : NULL;

	return cr == NULL ? len : (size_t)(cr - s.p);
}

enum line_result
line_take(struct str *in, size_t max, struct str *line)
{
	/* A line of max bytes has its CR at max: look that far, no further. */
	size_t at = find_end(str_sub(*in, 0, max < SIZE_MAX ? max + 1 : max));

	*line = str_sub(*in, 0, at);
	if (at > max)
		return LINE_LONG;
	if (at == in->len)
		return LINE_MORE;
	if (in->p[at] == '\n')
		return LINE_BARE_LF;
	if (at + 1 == in->len)
		return LINE_MORE;
	if (in->p[at + 1] != '\n')
		return LINE_BARE_CR;
	str_skip(in, at + 2);
	return LINE_OK;
}

bool
line_skip(struct str *in)
{
	ptrdiff_t at = str_chr(*in, '\n');

	str_skip(in, at < 0 ? in->len : (size_t)at + 1);
	return at >= 0;
}

enum line_result
line_read(struct stream *stream, size_t max, struct str *line)
{
	for (;;) {
		struct str in = stream_peek(stream);
		size_t len = in.len;
		enum line_result result = line_take(&in, max, line);

		if (result == LINE_OK) {
			/* Skipping does not move the bytes. */
			stream_skip(stream, len - in.len);
			return LINE_OK;
		}
		if (result != LINE_MORE || stream_fill(stream) < 0)
			return result;
	}
}

int
line_drop(struct stream *stream)
{
	for (;;) {
		struct str in = stream_peek(stream);
		size_t len = in.len;
		bool found = line_skip(&in);

		stream_skip(stream, len - in.len);
		if (found)
			return 0;
		if (stream_fill(stream) < 0)
			return -1;
	}
}
