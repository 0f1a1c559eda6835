#include "imap/utf7.h"

#include "base/utf8.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+,";

/* The characters that stand for themselves ("&" as "&-"). */
static bool
is_direct(uint32_t rune)
{
	return rune >= 0x20 && rune <= 0x7e;
}

static int
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

/* What of a base64 run has been read and not yet written. */
struct units {
	uint32_t bits; /* the lowest count of them count */
	int count;
	uint32_t high; /* a first surrogate that waits for its second, or 0 */
};

/* One UTF-16 code unit; false where it makes no allowed character. */
static bool
put_unit(struct buf *out, struct units *units, uint32_t unit)
{
	if (units->high != 0) {
		uint32_t high = units->high - 0xd800;

		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		units->high = 0;
		(void)utf8_put(out, 0x10000 + (high << 10) + (unit - 0xdc00));
		return true;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		units->high = unit;
		return true;
	}
	if (is_direct(unit) || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	(void)utf8_put(out, unit);
	return true;
}

/* The base64 after "&" up to and with "-"; in moves as far as it is right. */
static bool
take_shifted(struct buf *out, struct str *in)
{
	struct units units = { 0 };
	size_t digits = 0;
	int value;

	for (; in->len > 0 && in->p[0] != '-'; str_skip(in, 1), digits++) {
		if ((value = digit_value(in->p[0])) < 0)
			return false;
		units.bits = units.bits << 6 | (uint32_t)value;
		units.count += 6;
		if (units.count < 16)
			continue;
		units.count -= 16;
		if (!put_unit(out, &units, units.bits >> units.count & 0xffff))
			return false;
		units.bits &= (1u << units.count) - 1;
	}
	/* At least one unit, none cut short, no bit left over that is set. */
	return digits > 0 && in->len > 0 && units.high == 0 &&
	    units.count < 6 && units.bits == 0 && str_take(in, '-');
}

int
utf7_decode(struct buf *out, struct str name, struct err *err)
{
	size_t start = out->len;
	bool shifted = false; /* the last thing was base64 */

	while (name.len > 0) {
		char c = name.p[0];

		if (!is_direct((unsigned char)c))
			goto invalid;
		str_skip(&name, 1);
		if (c != '&') {
			(void)buf_addc(out, c);
			shifted = false;
		} else if (str_take(&name, '-')) {
			(void)buf_addc(out, '&');
			shifted = false;
		} else {
			if (shifted || !take_shifted(out, &name))
				goto invalid;
			shifted = true;
		}
	}
	if (!out->full)
		return 0;
	buf_truncate(out, start);
	return err_set(err, ERR_LIMIT, "mailbox name too long");

invalid:
	buf_truncate(out, start);
	return err_set(err, ERR_SYNTAX, "mailbox name is not modified UTF-7");
}

static void
put_digits(struct buf *out, struct units *units, uint32_t unit)
{
	units->bits = units->bits << 16 | unit;
	units->count += 16;
	while (units->count >= 6) {
		units->count -= 6;
		(void)buf_addc(out, alphabet[units->bits >> units->count & 63]);
	}
	units->bits &= (1u << units->count) - 1;
}

/* "&", base64 of the characters at the front that need it, "-". */
static bool
put_shifted(struct buf *out, struct str *name)
{
	struct units units = { 0 };
	uint32_t rune;

	(void)buf_addc(out, '&');
	while (name->len > 0 && !is_direct((unsigned char)name->p[0])) {
		if (!utf8_take(name, &rune))
			return false;
		if (rune >= 0x10000) {
			rune -= 0x10000;
			put_digits(out, &units, 0xd800 + (rune >> 10));
			rune = 0xdc00 + (rune & 0x3ff);
		}
		put_digits(out, &units, rune);
	}
	if (units.count > 0)
		(void)buf_addc(out,
		    alphabet[units.bits << (6 - units.count) & 63]);
	(void)buf_addc(out, '-');
	return true;
}

int
utf7_encode(struct buf *out, struct str name, struct err *err)
{
	size_t start = out->len;

	while (name.len > 0) {
		char c = name.p[0];

		if (is_direct((unsigned char)c)) {
			str_skip(&name, 1);
			(void)buf_addc(out, c);
			if (c == '&')
				(void)buf_addc(out, '-');
		} else if (!put_shifted(out, &name)) {
			buf_truncate(out, start);
			return err_set(err, ERR_SYNTAX,
			    "mailbox name is not UTF-8");
		}
	}
	if (!out->full)
		return 0;
	buf_truncate(out, start);
	return err_set(err, ERR_LIMIT, "mailbox name too long");
}
