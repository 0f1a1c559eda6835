/*
 * line - take one line, ended by CRLF and nothing else, out of a buffer.
 *
 * RFC 5321 section 2.3.8, RFC 9051 section 2.2 and RFC 1939 section 3 all end
 * a line with CRLF. What one server takes for a line end and the next does
 * not is how mail is smuggled, so a lone CR or LF is told apart from both a
 * line end and text, and the caller refuses it.
 *
 * Nothing is kept between calls: the caller adds what arrives to its buffer
 * and asks again. Each call looks at no more than max + 2 bytes.
 */
#ifndef NET_LINE_H
#define NET_LINE_H

#include <stdbool.h>

#include "base/str.h"

enum line_result {
	LINE_OK,
	LINE_MORE,    /* no line end yet, and room for one */
	LINE_BARE_CR, /* CR with something else than LF behind it */
	LINE_BARE_LF, /* LF without a CR in front */
	LINE_LONG,    /* more than max bytes without a line end */
};

/*
 * LINE_OK: *line is the line without its CRLF (at most max bytes, borrowed
 * from *in) and *in moves past the CRLF. Anything else: *in stays, and *line
 * is what stands before the byte that was in the way.
 */
enum line_result line_take(struct str *in, size_t max, struct str *line);

/*
 * After a refusal, to go on with the next line: move *in past its first LF.
 * false when there is none: everything was dropped, the rest of the line is
 * still to come and to be skipped too.
 */
bool line_skip(struct str *in);

struct stream;

/*
 * The two on a stream, waiting for what is not there yet. line_read: LINE_MORE
 * says that the stream is at its end; *line lives until the next read. After
 * a refusal answer it, then line_drop the rest (-1: the stream ended).
 */
enum line_result line_read(struct stream *stream, size_t max, struct str *line);
int line_drop(struct stream *stream);

#endif
