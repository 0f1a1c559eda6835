/*
 * str - a borrowed run of bytes: pointer and length, never owned, not
 * terminated, may hold any byte. Passed by value; parsers take a pointer and
 * move it past what they accepted.
 *
 * Letters compare without case in ASCII only, whatever the locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

#define STR(literal)                                                           \
	((struct str){                                                         \
	    (literal),                                                         \
	    sizeof("" literal "") - 1,                                         \
	})

/* For printf: log_info("%" STR_F, STR_A(name)). Escape peers' bytes first. */
#define STR_F    ".*s"
#define STR_A(s) (int)(s).len, (s).p

static inline struct str
str_of(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

static inline struct str
str_make(const void *p, size_t len)
{
	return (struct str){ p, len };
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* WSP of RFC 5234: what folds a line, and no line end. */
static inline bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b);
bool str_eqz(struct str a, const char *b);
bool str_ieqz(struct str a, const char *b);
int str_cmp(struct str a, struct str b); /* bytewise, as memcmp; <0, 0, >0 */
int str_icmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* Where c or needle first (last) stands in s; -1 if nowhere. Linear time. */
ptrdiff_t str_chr(struct str s, char c);
ptrdiff_t str_rchr(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);

/* The part from..to, both clipped to s. */
struct str str_sub(struct str s, size_t from, size_t to);
struct str str_trim(struct str s); /* without SP, TAB, CR, LF at both ends */

/* Parsers' steps. Each moves *in past what it accepted, else leaves it. */
static inline void
str_skip(struct str *in, size_t n)
{
	if (n == 0)
		return; /* p may be NULL, to which nothing can be added */
	in->p += n;
	in->len -= n;
}

static inline bool
str_take(struct str *in, char c)
{
	if (in->len == 0 || in->p[0] != c)
		return false;
	str_skip(in, 1);
	return true;
}

bool str_take_str(struct str *in, struct str word);
bool str_itake_str(struct str *in, struct str word);

/*
 * The next word of a list as main.cf has them, between blanks, commas and line
 * ends. False: there is no more.
 */
bool str_take_word(struct str *in, struct str *word);
/* Is word one of such a list, in either case? */
bool str_list_has(struct str list, struct str word);

/*
 * Everything before the first c (or all of *in), and move past c. Returns
 * false, with nothing taken, only when *in is empty and p is NULL: the usual
 * loop is "while (str_split(&rest, ',', &part))".
 */
bool str_split(struct str *in, char c, struct str *part);

/* Same length and bytes, in time that depends on the lengths only. */
bool str_eq_secret(struct str a, struct str b);

#endif
