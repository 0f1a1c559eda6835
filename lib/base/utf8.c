#include "base/utf8.h"

static size_t
decode(struct str s, uint32_t *rune)
{
	/* The smallest rune each length may hold: below it, it is overlong. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c;
	uint32_t r;
	size_t len;

	if (s.len == 0)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80) {
		*rune = c;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0) {
		len = 2;
		r = c & 0x1fu;
	} else if (c >= 0xe0 && c < 0xf0) {
		len = 3;
		r = c & 0x0fu;
	} else if (c >= 0xf0 && c < 0xf5) {
		len = 4;
		r = c & 0x07u;
	} else {
		return 0;
	}
	if (s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		c = (unsigned char)s.p[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		r = r << 6 | (c & 0x3fu);
	}
	if (r < least[len] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return 0;
	*rune = r;
	return len;
}

size_t
utf8_char_len(struct str s)
{
	uint32_t rune;

	return decode(s, &rune);
}

bool
utf8_take(struct str *in, uint32_t *rune)
{
	size_t len = decode(*in, rune);

	if (len == 0)
		return false;
	str_skip(in, len);
	return true;
}

bool
utf8_is_valid(struct str s)
{
	uint32_t rune;

	while (s.len > 0) {
		if (!utf8_take(&s, &rune))
			return false;
	}
	return true;
}

bool
utf8_is_ascii(struct str s)
{
	const uint64_t high_bits = 0x8080808080808080u;

	/* Eight bytes at a time: whole bodies of messages come by here. */
	while (s.len >= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p, sizeof(word));
		if ((word & high_bits) != 0)
			return false;
		str_skip(&s, sizeof(word));
	}
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

int
utf8_put(struct buf *out, uint32_t rune)
{
	char bytes[4];

	if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		rune = 0xfffd;
	if (rune < 0x80)
		return buf_addc(out, (char)rune);
	if (rune < 0x800) {
		bytes[0] = (char)(0xc0 | rune >> 6);
		bytes[1] = (char)(0x80 | (rune & 0x3f));
		return buf_add(out, bytes, 2);
	}
	if (rune < 0x10000) {
		bytes[0] = (char)(0xe0 | rune >> 12);
		bytes[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (rune & 0x3f));
		return buf_add(out, bytes, 3);
	}
	bytes[0] = (char)(0xf0 | rune >> 18);
	bytes[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (rune & 0x3f));
	return buf_add(out, bytes, 4);
}
