#include "imap/listpat.h"

enum { BITS = 64, WORDS = (LISTPAT_MAX + 1 + BITS - 1) / BITS };

/* Bit i: text[0..i) can match what has been read of the name. */
struct positions {
	uint64_t word[WORDS];
};

static bool
is_wildcard(char c)
{
	return c == '*' || c == '%';
}

int
listpat_init(struct listpat *pat, struct str pattern, char delimiter,
    struct err *err)
{
	pat->len = 0;
	pat->delimiter = delimiter;
	for (size_t i = 0; i < pattern.len; i++) {
		char c = pattern.p[i];
		char *last = pat->len == 0 ? NULL : &pat->text[pat->len - 1];

		/* "%%" is "%"; "*" beside "%" or "*" is "*". */
		if (last != NULL && is_wildcard(c) && is_wildcard(*last)) {
			if (c == '*')
				*last = '*';
			continue;
		}
		if (pat->len == LISTPAT_MAX)
			return err_set(err, ERR_LIMIT, "pattern too long");
		pat->text[pat->len++] = c;
	}
	pat->fixed = 0;
	while (pat->fixed < pat->len && !is_wildcard(pat->text[pat->fixed]))
		pat->fixed++;
	return 0;
}

static bool
positions_has(const struct positions *set, size_t i)
{
	return set->word[i / BITS] >> i % BITS & 1;
}

/* Add i; a wildcard there may match nothing, so what is behind it too. */
static void
positions_add(const struct listpat *pat, struct positions *set, size_t i)
{
	set->word[i / BITS] |= (uint64_t)1 << i % BITS;
	if (i < pat->len && is_wildcard(pat->text[i]))
		positions_add(pat, set, i + 1);
}

static bool
same_byte(char a, char b, bool caseless)
{
	return caseless ? lower(a) == lower(b) : a == b;
}

/* The positions after one more byte of the name. False: none is left. */
static bool
step(const struct listpat *pat, const struct positions *from,
    struct positions *to, char c, bool caseless)
{
	bool any = false;

	*to = (struct positions){ 0 };
	for (size_t w = 0; w < WORDS; w++) {
		uint64_t bits = from->word[w];

		for (; bits != 0; bits &= bits - 1) {
			size_t i = w * BITS + (size_t)__builtin_ctzll(bits);

			if (i >= pat->len)
				continue;
			if (pat->text[i] == '*' ||
			    (pat->text[i] == '%' && c != pat->delimiter))
				positions_add(pat, to, i);
			else if (!is_wildcard(pat->text[i]) &&
			    same_byte(pat->text[i], c, caseless))
				positions_add(pat, to, i + 1);
			else
				continue;
			any = true;
		}
	}
	return any;
}

bool
listpat_match(const struct listpat *pat, struct str name, size_t caseless)
{
	struct positions set = { 0 }, next;

	if (name.len < pat->fixed)
		return false;
	for (size_t i = 0; i < pat->fixed; i++)
		if (!same_byte(pat->text[i], name.p[i], i < caseless))
			return false;
	positions_add(pat, &set, pat->fixed);
	for (size_t i = pat->fixed; i < name.len; i++) {
		if (!step(pat, &set, &next, name.p[i], i < caseless))
			return false;
		set = next;
	}
	return positions_has(&set, pat->len);
}
