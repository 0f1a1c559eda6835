#include "mime/charset.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/uclean.h>
#include <unicode/ucnv.h>
#include <unicode/udata.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/utf8.h"

/* RFC 2978 section 2.3 allows 40; aliases in the wild are a bit longer. */
enum { NAME_MAX_LEN = 60 };

/* UTF-16 units a step converts; more than any one character takes. */
enum { UNITS = 256 };

struct charset_name {
	char text[NAME_MAX_LEN + 1];
};

struct mime_charset {
	UConverter *converter; /* NULL: guess, byte by byte */
	char held[4];          /* guess: a character not yet whole */
	size_t held_len;
	UChar lead; /* a lead surrogate whose trail has not come; 0: none */
};

/* Windows-1252, 0x80 to 0x9f. */
static const uint16_t windows_c1[32] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd,
	0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e,
	0x0178 };

int
mime_charset_warm(struct err *err)
{
	static const char *const usual[] = { "utf-16", "utf-7", "iso-8859-2",
		"iso-8859-15", "windows-1250", "windows-1251", "windows-1256",
		"koi8-r", "shift_jis", "euc-jp", "iso-2022-jp", "euc-kr",
		"gb18030", "gbk", "big5" };
	UErrorCode code = U_ZERO_ERROR;

	udata_setFileAccess(UDATA_NO_FILES, &code);
	u_init(&code);
	(void)unorm2_getNFKDInstance(&code);
	if (U_FAILURE(code))
		return err_set(err, ERR_TEMP, "ICU: %s", u_errorName(code));
	for (size_t i = 0; i < NELEMS(usual); i++)
		mime_charset_close(mime_charset_open(str_of(usual[i])));
	return 0;
}

/* The name for ICU, if its alias table has it; else ICU looks for files. */
static bool
known_name(struct str name, struct charset_name *out)
{
	UErrorCode code = U_ZERO_ERROR;

	name = str_trim(name);
	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ',')
			return false;
	}
	memcpy(out->text, name.p, name.len);
	out->text[name.len] = '\0';
	return ucnv_countAliases(out->text, &code) > 0 && U_SUCCESS(code);
}

bool
mime_charset_is_known(struct str name)
{
	struct charset_name known;

	return known_name(name, &known);
}

/* Charsets whose name in a mail says little about its bytes. */
static bool
is_guessed(struct str name)
{
	static const char *const names[] = { "utf-8", "utf8", "us-ascii",
		"ascii", "iso-8859-1", "iso8859-1", "latin1" };

	name = str_trim(name);
	for (size_t i = 0; i < NELEMS(names); i++) {
		if (str_ieqz(name, names[i]))
			return true;
	}
	return false;
}

struct mime_charset *
mime_charset_open(struct str name)
{
	struct mime_charset *charset = xcalloc(1, sizeof(*charset));
	UErrorCode code = U_ZERO_ERROR;
	struct charset_name known;

	if (is_guessed(name) || !known_name(name, &known))
		return charset;
	charset->converter = ucnv_open(known.text, &code);
	if (U_FAILURE(code)) {
		ucnv_close(charset->converter);
		charset->converter = NULL;
	}
	return charset;
}

void
mime_charset_close(struct mime_charset *charset)
{
	if (charset == NULL)
		return;
	ucnv_close(charset->converter); /* NULL is fine */
	free(charset);
}

/* How many bytes the character that c begins has, if it is UTF-8 at all. */
static size_t
utf8_expected(unsigned char c)
{
	return c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
}

/* May more bytes still make a character of what is held? */
static bool
held_is_unfinished(const struct mime_charset *cs)
{
	for (size_t i = 1; i < cs->held_len; i++) {
		if (((unsigned char)cs->held[i] & 0xc0) != 0x80)
			return false;
	}
	return cs->held_len < utf8_expected((unsigned char)cs->held[0]);
}

static void
put_guessed_byte(struct buf *out, unsigned char c)
{
	(void)utf8_put(out, c >= 0x80 && c < 0xa0 ? windows_c1[c - 0x80] : c);
}

/* Write what is held, as far as it is decided what it is. */
static void
settle(struct mime_charset *cs, struct buf *out, bool last)
{
	while (cs->held_len > 0) {
		struct str held = { cs->held, cs->held_len };
		size_t len = utf8_char_len(held);

		if (len > 0)
			(void)buf_add(out, cs->held, len);
		else if (!last && held_is_unfinished(cs))
			return;
		else
			put_guessed_byte(out, (unsigned char)cs->held[0]);
		len = len == 0 ? 1 : len;
		cs->held_len -= len;
		memmove(cs->held, cs->held + len, cs->held_len);
	}
}

/* Each valid UTF-8 character is itself, any other byte Windows-1252. */
static void
guess(struct mime_charset *cs, struct buf *out, struct str in, bool last)
{
	while (in.len > 0) {
		size_t plain = 0;

		while (cs->held_len == 0 && plain < in.len &&
		    (unsigned char)in.p[plain] < 0x80)
			plain++;
		(void)buf_add(out, in.p, plain);
		str_skip(&in, plain);
		if (in.len == 0)
			break;
		cs->held[cs->held_len++] = in.p[0];
		str_skip(&in, 1);
		settle(cs, out, false);
	}
	if (last)
		settle(cs, out, true);
}

static void
put_units(struct mime_charset *cs, struct buf *out, const UChar *units,
    const UChar *end)
{
	for (; units < end; units++) {
		uint32_t rune = *units;

		if (U16_IS_TRAIL(rune) && cs->lead != 0)
			rune = (uint32_t)U16_GET_SUPPLEMENTARY(cs->lead, rune);
		else if (cs->lead != 0)
			(void)utf8_put(out, 0xfffd);
		cs->lead = 0;
		if (U16_IS_LEAD(rune))
			cs->lead = (UChar)rune;
		else /* ICU marks a bad single byte by SUB */
			(void)utf8_put(out, rune == 0x1a ? 0xfffd : rune);
	}
}

static void
convert(struct mime_charset *cs, struct buf *out, struct str in, bool last)
{
	const char *at = in.len == 0 ? "" : in.p, *end = at + in.len;
	UErrorCode code;

	do {
		UChar units[UNITS], *to = units;

		code = U_ZERO_ERROR;
		ucnv_toUnicode(cs->converter, &to, units + UNITS, &at, end,
		    NULL, last, &code);
		put_units(cs, out, units, to);
	} while (code == U_BUFFER_OVERFLOW_ERROR && !out->full);
	if (last && (cs->lead != 0 || code == U_TRUNCATED_CHAR_FOUND)) {
		(void)utf8_put(out, 0xfffd);
		cs->lead = 0;
	}
}

int
mime_charset_convert(struct mime_charset *charset, struct buf *out,
    struct str in, bool last)
{
	if (charset->converter == NULL)
		guess(charset, out, in, last);
	else
		convert(charset, out, in, last);
	return out->full ? -1 : 0;
}

int
mime_charset_to_utf8(struct buf *out, struct str name, struct str in)
{
	struct mime_charset *charset = mime_charset_open(name);
	int ret = mime_charset_convert(charset, out, in, true);

	mime_charset_close(charset);
	return ret;
}

/* RFC 5051 section 2, steps 2(a) and 2(b) for one character. */
static void
fold_rune(struct buf *out, const UNormalizer2 *nfkd, uint32_t rune)
{
	/* NFKD's longest mapping is 18 units: U+FDFA. */
	UChar units[32];
	UErrorCode code = U_ZERO_ERROR;
	UChar32 title = u_totitle((UChar32)rune);
	int32_t len = unorm2_getDecomposition(nfkd, title, units,
	    (int32_t)NELEMS(units), &code);
	int32_t i = 0;

	if (len < 0 || U_FAILURE(code)) {
		(void)utf8_put(out, (uint32_t)title);
		return;
	}
	while (i < len) {
		UChar32 part;

		U16_NEXT(units, i, len, part);
		(void)utf8_put(out, (uint32_t)part);
	}
}

/* Most of most text: take the ASCII at the front of *in. */
static void
fold_ascii(struct buf *out, struct str *in)
{
	size_t len = 0, at = out->len;

	while (len < in->len && (unsigned char)in->p[len] < 0x80)
		len++;
	if (buf_add(out, in->p, len) < 0)
		return;
	for (; at < out->len; at++)
		out->p[at] = upper(out->p[at]);
	str_skip(in, len);
}

int
mime_casefold(struct buf *out, struct str utf8)
{
	UErrorCode code = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&code);

	while (utf8.len > 0 && !out->full) {
		uint32_t rune;

		fold_ascii(out, &utf8);
		if (utf8.len == 0 || out->full)
			break;
		if (U_SUCCESS(code) && utf8_take(&utf8, &rune)) {
			fold_rune(out, nfkd, rune);
			continue;
		}
		(void)buf_addc(out, utf8.p[0]);
		str_skip(&utf8, 1);
	}
	return out->full ? -1 : 0;
}
