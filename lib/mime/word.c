#include "mime/word.h"

#include <stdbool.h>

#include "base/hex.h"
#include "mime/charset.h"
#include "mime/encode.h"
#include "mime/header.h"

struct encoded_word {
	struct str charset;
	char encoding; /* 'b' or 'q' */
	struct str text;
};

struct decoder {
	struct buf *out;
	struct str charset; /* of what is in bytes */
	struct buf bytes;   /* words of one charset, decoded, not converted */
	bool behind_word;   /* nothing but blanks came since the last word */
};

/* token of RFC 2047 section 2; "?" is among its especials */
static bool
is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\"/[]?=", c) == NULL;
}

static struct str
take_token(struct str *in)
{
	struct str token = { in->p, 0 };

	while (token.len < in->len && is_token(in->p[token.len]))
		token.len++;
	str_skip(in, token.len);
	return token;
}

/*
 * encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
 * Blanks in the text are against the rules and common.
 */
static bool
take_encoded_word(struct str *in, struct encoded_word *word)
{
	struct str rest = *in, encoding;
	ptrdiff_t at;

	if (!str_take_str(&rest, STR("=?")))
		return false;
	word->charset = take_token(&rest);
	at = str_chr(word->charset, '*'); /* language: RFC 2231 section 5 */
	if (at >= 0)
		word->charset.len = (size_t)at;
	if (!str_take(&rest, '?'))
		return false;
	encoding = take_token(&rest);
	if (!str_take(&rest, '?') || word->charset.len == 0)
		return false;
	if (!str_ieqz(encoding, "q") && !str_ieqz(encoding, "b"))
		return false;
	word->encoding = lower(encoding.p[0]);
	at = str_chr(rest, '?');
	if (at < 0)
		return false;
	word->text = str_sub(rest, 0, (size_t)at);
	str_skip(&rest, (size_t)at + 1);
	if (!str_take(&rest, '='))
		return false;
	*in = rest;
	return true;
}

/* Convert to UTF-8, as one line. */
static void
put_text(struct buf *out, struct str charset, struct str text)
{
	size_t from = out->len;

	(void)mime_charset_to_utf8(out, charset, text);
	if (out->len > from)
		out->len = from +
		    mime_unfold(out->p + from,
			str_make(out->p + from, out->len - from));
}

static void
flush_words(struct decoder *d)
{
	if (d->bytes.len > 0)
		put_text(d->out, d->charset, buf_str(&d->bytes));
	buf_reset(&d->bytes);
}

static bool
is_blank_text(struct str s)
{
	return str_trim(s).len == 0;
}

static void
put_literal(struct decoder *d, struct str text, bool word_follows)
{
	if (text.len == 0 ||
	    (d->behind_word && word_follows && is_blank_text(text)))
		return;
	flush_words(d);
	put_text(d->out, STR(""), text);
	d->behind_word = false;
}

/* The "Q" encoding, RFC 2047 section 4.2 */
static void
decode_q(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '=' && i + 2 < text.len &&
		    hex_digit(text.p[i + 1]) >= 0 &&
		    hex_digit(text.p[i + 2]) >= 0) {
			c = (char)(hex_digit(text.p[i + 1]) << 4 |
			    hex_digit(text.p[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		(void)buf_addc(out, c);
	}
}

static void
put_word(struct decoder *d, const struct encoded_word *word)
{
	if (!str_ieq(d->charset, word->charset))
		flush_words(d);
	d->charset = word->charset;
	if (word->encoding == 'b')
		(void)mime_decode_all(&d->bytes, MIME_BASE64, word->text);
	else
		decode_q(&d->bytes, word->text);
	d->behind_word = true;
}

/*
 * A failed "=?" is looked at no further than the "?" that ends the next
 * field of it, and no byte belongs to more than four such looks: linear.
 */
int
mime_word_decode(struct buf *out, struct str text)
{
	struct decoder d = { .out = out };
	struct str literal, rest = text;
	struct encoded_word word;
	ptrdiff_t at;

	buf_init(&d.bytes, 0);
	literal = str_sub(rest, 0, 0);
	while ((at = str_find(rest, STR("=?"))) >= 0) {
		str_skip(&rest, (size_t)at);
		literal.len = (size_t)(rest.p - literal.p);
		if (!take_encoded_word(&rest, &word)) {
			str_skip(&rest, 2);
			continue;
		}
		put_literal(&d, literal, true);
		put_word(&d, &word);
		literal = str_sub(rest, 0, 0);
	}
	literal.len = (size_t)(rest.p - literal.p) + rest.len;
	put_literal(&d, literal, false);
	flush_words(&d);
	buf_clear(&d.bytes);
	return out->full ? -1 : 0;
}
