#include "mime/encode.h"

#include "base/attr.h"
#include "base/base64.h"
#include "base/hex.h"
#include "mime/cfws.h"

/* RFC 2045 section 6.7 (5) and 6.8: encoded lines have at most 76 bytes. */
enum { LINE_MAX_LEN = 76 };

/* What one step of decoding writes before it goes to the buffer. */
enum { PIECE = 768 };

struct piece {
	struct buf *out;
	size_t len;
	char bytes[PIECE];
};

static void
piece_flush(struct piece *piece)
{
	(void)buf_add(piece->out, piece->bytes, piece->len);
	piece->len = 0;
}

static inline void
put(struct piece *piece, char c)
{
	if (piece->len == PIECE)
		piece_flush(piece);
	piece->bytes[piece->len++] = c;
}

enum mime_encoding
mime_encoding_parse(struct str value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "7bit", MIME_7BIT },
		{ "8bit", MIME_8BIT },
		{ "binary", MIME_BINARY },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "base64", MIME_BASE64 },
	};
	struct str word;

	mime_cfws_skip(&value);
	word = (struct str){ value.p, 0 };
	while (word.len < value.len &&
	    strchr(" \t\r\n;(", value.p[word.len]) == NULL)
		word.len++;
	if (word.len == 0)
		return MIME_7BIT;
	for (size_t i = 0; i < NELEMS(names); i++) {
		if (str_ieqz(word, names[i].name))
			return names[i].encoding;
	}
	return MIME_ENCODING_UNKNOWN;
}

/* Padding, or the end: what two or three digits hold. */
static void
flush64(struct mime_decoder *d, struct piece *piece)
{
	if (d->have == 2)
		put(piece, (char)(d->bits >> 4));
	if (d->have == 3) {
		put(piece, (char)(d->bits >> 10));
		put(piece, (char)(d->bits >> 2));
	}
	d->have = 0;
	d->bits = 0;
}

static void
decode64(struct mime_decoder *d, struct piece *piece, char c)
{
	int value = base64_digit(c);

	if (c == '=')
		flush64(d, piece);
	if (value < 0)
		return;
	d->bits = d->bits << 6 | (uint32_t)value;
	if (++d->have < 4)
		return;
	put(piece, (char)(d->bits >> 16));
	put(piece, (char)(d->bits >> 8));
	put(piece, (char)d->bits);
	d->have = 0;
	d->bits = 0;
}

static void
release_held(struct mime_decoder *d, struct piece *piece)
{
	for (size_t i = 0; i < d->held_len; i++)
		put(piece, d->held[i]);
	d->held_len = 0;
}

/*
 * "=" is held. Returns false when c does not go on with it: then "=" and what
 * followed were text after all, and c is still to be looked at.
 */
static bool
escape_goes_on(struct mime_decoder *d, struct piece *piece, char c)
{
	char last = d->held[d->held_len - 1];

	if (c == '\n' && (d->held_len == 1 || hex_digit(last) < 0)) {
		d->held_len = 0; /* soft line break */
		return true;
	}
	if (d->held_len == 2 && hex_digit(last) >= 0 && hex_digit(c) >= 0) {
		put(piece, (char)(hex_digit(last) << 4 | hex_digit(c)));
		d->held_len = 0;
		return true;
	}
	if ((d->held_len == 1 && hex_digit(c) >= 0) ||
	    ((is_wsp(c) || c == '\r') && (d->held_len == 1 || is_wsp(last)) &&
		d->held_len < MIME_HELD_MAX)) {
		d->held[d->held_len++] = c;
		return true;
	}
	release_held(d, piece);
	return false;
}

static void
decode_quoted(struct mime_decoder *d, struct piece *piece, char c)
{
	if (d->held_len > 0 && d->held[0] == '=') {
		if (escape_goes_on(d, piece, c))
			return;
	}
	if (c == '\r' || c == '\n')
		d->held_len = 0; /* blanks at the end of a line: rule (3) */
	if (d->held_len == MIME_HELD_MAX || (d->held_len > 0 && !is_wsp(c)))
		release_held(d, piece);
	if (c == '=' || is_wsp(c))
		d->held[d->held_len++] = c;
	else
		put(piece, c);
}

void
mime_decoder_init(struct mime_decoder *d, enum mime_encoding encoding)
{
	*d = (struct mime_decoder){ .encoding = encoding };
}

int
mime_decode(struct mime_decoder *d, struct buf *out, struct str in)
{
	struct piece piece;

	piece.out = out;
	piece.len = 0;
	if (d->encoding == MIME_BASE64) {
		for (size_t i = 0; i < in.len; i++)
			decode64(d, &piece, in.p[i]);
	} else if (d->encoding == MIME_QUOTED_PRINTABLE) {
		for (size_t i = 0; i < in.len; i++)
			decode_quoted(d, &piece, in.p[i]);
	} else {
		return buf_add_str(out, in);
	}
	piece_flush(&piece);
	return out->full ? -1 : 0;
}

int
mime_decode_end(struct mime_decoder *d, struct buf *out)
{
	struct piece piece;

	piece.out = out;
	piece.len = 0;
	if (d->encoding == MIME_BASE64)
		flush64(d, &piece);
	else if (d->held_len > 1 && hex_digit(d->held[1]) >= 0)
		release_held(d, &piece); /* half an escape; else blanks */
	piece_flush(&piece);
	mime_decoder_init(d, d->encoding);
	return out->full ? -1 : 0;
}

int
mime_decode_all(struct buf *out, enum mime_encoding encoding, struct str in)
{
	struct mime_decoder d;

	mime_decoder_init(&d, encoding);
	if (mime_decode(&d, out, in) < 0)
		return -1;
	return mime_decode_end(&d, out);
}

/* The bytes in held as one group of four digits. */
static void
encode_group(struct mime_encoder *e, struct piece *piece)
{
	unsigned char *h = e->held;
	uint32_t bits = (uint32_t)h[0] << 16 |
	    (e->have > 1 ? (uint32_t)h[1] << 8 : 0) | (e->have > 2 ? h[2] : 0u);

	put(piece, base64_alphabet[bits >> 18]);
	put(piece, base64_alphabet[bits >> 12 & 63]);
	put(piece, e->have > 1 ? base64_alphabet[bits >> 6 & 63] : '=');
	put(piece, e->have > 2 ? base64_alphabet[bits & 63] : '=');
	e->have = 0;
	e->column += 4;
	if (e->column == LINE_MAX_LEN) {
		put(piece, '\r');
		put(piece, '\n');
		e->column = 0;
	}
}

/*
 * One byte, as itself or as "=XX", behind a soft line break if need be. No line
 * begins with "--": it could be a boundary line of a multipart around this.
 */
static void
put_quoted(struct mime_encoder *e, struct piece *piece, unsigned char c,
    bool escape)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned len;

	escape |= c == '-' && e->column == 1 && e->dash;
	len = escape ? 3 : 1;
	if (e->column + len >= LINE_MAX_LEN) {
		put(piece, '=');
		put(piece, '\r');
		put(piece, '\n');
		e->column = 0;
	}
	e->dash = e->column == 0 && c == '-';
	e->column += len;
	if (!escape) {
		put(piece, (char)c);
		return;
	}
	put(piece, '=');
	put(piece, digits[c >> 4]);
	put(piece, digits[c & 15]);
}

/* held is a blank, a CR, or both in this order; at_end: a line ends here. */
static void
put_held(struct mime_encoder *e, struct piece *piece, bool at_end)
{
	for (unsigned i = 0; i < e->have; i++) {
		bool cr = e->held[i] == '\r';

		put_quoted(e, piece, e->held[i], cr || at_end);
	}
	e->have = 0;
}

static void
encode_quoted(struct mime_encoder *e, struct piece *piece, unsigned char c)
{
	bool cr = e->have > 0 && e->held[e->have - 1] == '\r';

	if (c == '\n' && cr) {
		e->have--;
		put_held(e, piece, true);
		put(piece, '\r');
		put(piece, '\n');
		e->column = 0;
	} else if (c == '\r' && !cr) {
		e->held[e->have++] = c;
	} else {
		put_held(e, piece, false);
		if (c == '\r' || is_wsp((char)c))
			e->held[e->have++] = c;
		else
			put_quoted(e, piece, c, c < 33 || c > 126 || c == '=');
	}
}

void
mime_encoder_init(struct mime_encoder *e, enum mime_encoding encoding)
{
	*e = (struct mime_encoder){ .encoding = encoding };
}

int
mime_encode(struct mime_encoder *e, struct buf *out, struct str in)
{
	struct piece piece;

	piece.out = out;
	piece.len = 0;
	if (e->encoding != MIME_BASE64 && e->encoding != MIME_QUOTED_PRINTABLE)
		return buf_add_str(out, in);
	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (e->encoding == MIME_QUOTED_PRINTABLE) {
			encode_quoted(e, &piece, c);
			continue;
		}
		e->held[e->have++] = c;
		if (e->have == 3)
			encode_group(e, &piece);
	}
	piece_flush(&piece);
	return out->full ? -1 : 0;
}

int
mime_encode_end(struct mime_encoder *e, struct buf *out)
{
	struct piece piece;

	piece.out = out;
	piece.len = 0;
	if (e->encoding == MIME_BASE64) {
		if (e->have > 0)
			encode_group(e, &piece);
		if (e->column > 0) {
			put(&piece, '\r');
			put(&piece, '\n');
		}
	} else if (e->encoding == MIME_QUOTED_PRINTABLE) {
		put_held(e, &piece, true);
	}
	piece_flush(&piece);
	mime_encoder_init(e, e->encoding);
	return out->full ? -1 : 0;
}

int
mime_encode_all(struct buf *out, enum mime_encoding encoding, struct str in)
{
	struct mime_encoder e;

	mime_encoder_init(&e, encoding);
	if (mime_encode(&e, out, in) < 0)
		return -1;
	return mime_encode_end(&e, out);
}
