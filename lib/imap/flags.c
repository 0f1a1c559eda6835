#include "imap/flags.h"

#include "base/attr.h"
#include "imap/token.h"

static const struct {
	struct str name;
	unsigned bit;
} names[] = {
	{ { "\\Answered", 9 }, IMAP_ANSWERED },
	{ { "\\Flagged", 8 }, IMAP_FLAGGED },
	{ { "\\Deleted", 8 }, IMAP_DELETED },
	{ { "\\Seen", 5 }, IMAP_SEEN },
	{ { "\\Draft", 6 }, IMAP_DRAFT },
	{ { "\\Recent", 7 }, IMAP_RECENT },
};

int
imap_flags_parse_keyword(struct str *in, struct str *keyword, struct err *err)
{
	struct str start = *in;

	if (token_atom(in, keyword, err) < 0)
		return -1;
	if (keyword->len <= IMAP_KEYWORD_LEN)
		return 0;
	*in = start;
	return err_set(err, ERR_LIMIT, "keyword too long");
}

static int
add_keyword(struct imap_flags *flags, struct arena *arena, struct str keyword,
    struct err *err)
{
	for (size_t i = 0; i < flags->keywords; i++)
		if (str_ieq(flags->keyword[i], keyword))
			return 0;
	if (flags->keywords == IMAP_KEYWORDS_MAX)
		return err_set(err, ERR_LIMIT, "too many keywords");
	if (flags->keyword == NULL) {
		flags->keyword = arena_alloc(arena,
		    IMAP_KEYWORDS_MAX * sizeof(flags->keyword[0]));
		if (flags->keyword == NULL)
			return err_set(err, ERR_LIMIT, "command too large");
	}
	flags->keyword[flags->keywords++] = keyword;
	return 0;
}

/* flag = "\Answered" / ... / flag-keyword / flag-extension */
static int
parse_flag(struct arena *arena, struct str *in, struct imap_flags *flags,
    struct err *err)
{
	struct str start = *in, word;

	if (!str_take(in, '\\')) {
		if (imap_flags_parse_keyword(in, &word, err) < 0)
			return -1;
		return add_keyword(flags, arena, word, err);
	}
	if (token_atom(in, &word, err) < 0)
		return -1;
	word = str_make(start.p, word.len + 1);
	for (size_t i = 0; i < NELEMS(names); i++)
		if (str_ieq(word, names[i].name) &&
		    names[i].bit != IMAP_RECENT) {
			flags->bits |= names[i].bit;
			return 0;
		}
	*in = start;
	return err_set(err, ERR_SYNTAX, "no such system flag");
}

static int
parse_flags(struct arena *arena, struct str *in, struct imap_flags *flags,
    struct err *err)
{
	do {
		if (parse_flag(arena, in, flags, err) < 0)
			return -1;
	} while (str_take(in, ' '));
	return 0;
}

int
imap_flags_parse_list(struct arena *arena, struct str *in,
    struct imap_flags *flags, struct err *err)
{
	*flags = (struct imap_flags){ 0 };
	if (token_char(in, '(', err) < 0)
		return -1;
	if (str_take(in, ')'))
		return 0;
	if (parse_flags(arena, in, flags, err) < 0)
		return -1;
	return token_char(in, ')', err);
}

int
imap_flags_parse(struct arena *arena, struct str *in, struct imap_flags *flags,
    struct err *err)
{
	if (in->len > 0 && in->p[0] == '(')
		return imap_flags_parse_list(arena, in, flags, err);
	*flags = (struct imap_flags){ 0 };
	return parse_flags(arena, in, flags, err);
}

size_t
imap_flags_put(struct buf *out, unsigned bits)
{
	size_t count = 0;

	for (size_t i = 0; i < NELEMS(names); i++) {
		if ((bits & names[i].bit) == 0)
			continue;
		if (count++ > 0)
			(void)buf_addc(out, ' ');
		(void)buf_add_str(out, names[i].name);
	}
	return count;
}
