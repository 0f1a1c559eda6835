#include "base/str.h"

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
str_ieq(struct str a, struct str b)
{
	return a.len == b.len && str_icmp(a, b) == 0;
}

bool
str_eqz(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

bool
str_ieqz(struct str a, const char *b)
{
	return str_ieq(a, str_of(b));
}

static int
cmp_len(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

int
str_cmp(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int cmp = len == 0 ? 0 : memcmp(a.p, b.p, len);

	return cmp != 0 ? cmp : cmp_len(a.len, b.len);
}

int
str_icmp(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)lower(a.p[i]);
		unsigned char y = (unsigned char)lower(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return cmp_len(a.len, b.len);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_sub(s, 0, prefix.len), prefix);
}

bool
str_istarts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	    str_ieq(str_sub(s, 0, prefix.len), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    str_eq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

bool
str_iends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    str_ieq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t
str_chr(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memchr(s.p, c, s.len);

	return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
str_rchr(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memrchr(s.p, c, s.len);

	return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return -1;
	at = memmem(s.p, s.len, needle.p, needle.len);
	return at == NULL ? -1 : at - s.p;
}

struct str
str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.len)
		to = s.len;
	if (from > to)
		from = to;
	return (struct str){ from == 0 ? s.p : s.p + from, to - from };
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && is_space(s.p[0]))
		str_skip(&s, 1);
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
str_take_str(struct str *in, struct str word)
{
	if (!str_starts(*in, word))
		return false;
	str_skip(in, word.len);
	return true;
}

bool
str_itake_str(struct str *in, struct str word)
{
	if (!str_istarts(*in, word))
		return false;
	str_skip(in, word.len);
	return true;
}

static bool
is_between(char c)
{
	return is_space(c) || c == ',';
}

bool
str_take_word(struct str *in, struct str *word)
{
	while (in->len > 0 && is_between(in->p[0]))
		str_skip(in, 1);
	*word = str_make(in->p, 0);
	while (in->len > 0 && !is_between(in->p[0])) {
		word->len++;
		str_skip(in, 1);
	}
	return word->len > 0;
}

bool
str_list_has(struct str list, struct str word)
{
	struct str item;

	while (str_take_word(&list, &item)) {
		if (str_ieq(item, word))
			return true;
	}
	return false;
}

bool
str_split(struct str *in, char c, struct str *part)
{
	ptrdiff_t at;

	if (in->p == NULL)
		return false;
	at = str_chr(*in, c);
	if (at < 0) {
		*part = *in;
		*in = (struct str){ NULL, 0 };
		return true;
	}
	*part = str_sub(*in, 0, (size_t)at);
	str_skip(in, (size_t)at + 1);
	return true;
}

bool
str_eq_secret(struct str a, struct str b)
{
	unsigned char diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff |= (unsigned char)(a.p[i] ^ b.p[i]);
	return diff == 0;
}
