/*
 * encode - content transfer encodings (RFC 2045 section 6), both ways, in
 * pieces of any size.
 *
 * Decoding never fails: base64 skips what is no digit and goes on behind "="
 * (several encoded blocks one after the other are seen in real mail); a "="
 * that quoted-printable cannot place stays as it is. Bytes of an unknown
 * encoding pass through.
 *
 * A coder is plain data on the caller's stack with nothing to free.
 */
#ifndef MIME_ENCODE_H
#define MIME_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum mime_encoding {
	MIME_7BIT, /* also when no field says anything */
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_ENCODING_UNKNOWN,
};

/* The mechanism of a Content-Transfer-Encoding; comments are skipped. */
enum mime_encoding mime_encoding_parse(struct str value);

/* Blanks or an escape whose meaning the next piece decides. */
enum { MIME_HELD_MAX = 80 };

struct mime_decoder {
	enum mime_encoding encoding;
	uint32_t bits; /* base64: digits not yet written */
	unsigned have; /* how many */
	char held[MIME_HELD_MAX];
	size_t held_len;
};

/* -1 when out is full; it then holds what fitted. */
void mime_decoder_init(struct mime_decoder *d, enum mime_encoding encoding);
int mime_decode(struct mime_decoder *d, struct buf *out, struct str in);
int mime_decode_end(struct mime_decoder *d, struct buf *out);

/* The three above for a body that is there whole. */
int mime_decode_all(struct buf *out, enum mime_encoding encoding,
    struct str in);

struct mime_encoder {
	enum mime_encoding encoding;
	unsigned char held[3];
	unsigned have;
	unsigned column;
	bool dash; /* quoted-printable: the line so far is a "-" */
};

/*
 * base64 writes lines of 76 digits, the last one ended too. Quoted-printable
 * takes text with CRLF line ends, keeps them, and breaks lines softly at 76;
 * a bare CR or LF is encoded. Neither writes a line that begins with "--", so
 * that none is taken for a boundary. -1 when out is full.
 */
void mime_encoder_init(struct mime_encoder *e, enum mime_encoding encoding);
int mime_encode(struct mime_encoder *e, struct buf *out, struct str in);
int mime_encode_end(struct mime_encoder *e, struct buf *out);
int mime_encode_all(struct buf *out, enum mime_encoding encoding,
    struct str in);

#endif
