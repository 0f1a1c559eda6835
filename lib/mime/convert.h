/*
 * convert - a message made fit for a host that takes less than it has: 8-bit
 * content for one without 8BITMIME (RFC 6152 section 3), binary content for
 * one without BINARYMIME (RFC 3030 section 3).
 *
 * The message goes through in pieces of any size. Only what the structure of
 * MIME (RFC 2045, 2046; read as mime/part.h reads it) allows is changed:
 *
 * - A leaf that is not encoded yet and holds what may not go out becomes
 *   quoted-printable, or base64 where it is no lines of text; its header's
 *   Content-Transfer-Encoding says so. A message without MIME fields gets
 *   them, its charset being "unknown-8bit" (RFC 1428).
 * - A multipart or message that says 8bit or binary says 7bit (section 6.4 of
 *   RFC 2045 allows it no encoding), or 8bit where that may go out.
 * - Boundary lines, and everything else, stay as they are: a message that fits
 *   already comes out byte for byte, apart from such a word.
 *
 * What cannot be made to fit is a fault: 8-bit data in a header field, between
 * the parts of a multipart, in a part that is encoded already, in a message/
 * type that may not be encoded, and all in a multipart/signed, which must
 * arrive as it left (RFC 1847 section 2.1).
 *
 * A leaf is looked at before its header goes out, up to MIME_CONVERT_HOLD
 * bytes; a larger one is encoded whatever it holds. Memory is bounded by that,
 * a part's header and the boundaries of MIME_CONVERT_DEPTH multiparts; time
 * is linear, times the depth for lines that begin with "--".
 */
#ifndef MIME_CONVERT_H
#define MIME_CONVERT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	MIME_CONVERT_HOLD = 64 << 10,
	MIME_CONVERT_HEADER = 256 << 10, /* of one part */
	MIME_CONVERT_DEPTH = 50,         /* as mime_default_limits */
	MIME_CONVERT_BOUNDARY = 256,     /* RFC 2046 allows 70 */
};

struct mime_convert_opts {
	bool to_seven;     /* no byte of a body beyond ASCII */
	bool to_lines;     /* lines that end in CR LF, none over 998 bytes */
	bool ascii_header; /* no byte of a header beyond ASCII */
	/* What cannot be made to fit goes out as it is: no faults. */
	bool lenient;
};

enum mime_fault {
	MIME_FAULT_NONE,
	MIME_FAULT_HEADER, /* 8-bit data in a header field */
	MIME_FAULT_BODY,   /* in a place that cannot be encoded */
	MIME_FAULT_SIGNED, /* in what is signed */
	MIME_FAULT_LINES,  /* no lines, in a place that cannot be encoded */
	MIME_FAULT_DEPTH,  /* parts nested too deeply to be looked into */
	MIME_FAULT_LIMIT,  /* a part's header is too large */
};

/* For people: "8-bit data in a header field". */
const char *mime_fault_text(enum mime_fault fault);

struct mime_convert;

struct mime_convert *mime_convert_new(const struct mime_convert_opts *opts);
void mime_convert_free(struct mime_convert *d); /* NULL is fine */

/*
 * Append to out, which has no limit, what in makes ready to go. After a fault
 * nothing more comes out, and each call returns it.
 */
enum mime_fault mime_convert_put(struct mime_convert *d, struct buf *out,
    struct str in);
/* The message has ended. With to_lines, the last line is ended too. */
enum mime_fault mime_convert_end(struct mime_convert *d, struct buf *out);

#endif
