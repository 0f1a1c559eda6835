#include "imap/token.h"

#include "base/num.h"
#include "base/utf8.h"

/* Longer strings go as literals: cheaper to write and to read. */
enum { QUOTED_MAX = 1000 };

/*
 * ATOM-CHAR = <any CHAR except atom-specials>
 * atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards /
 *                 quoted-specials / resp-specials
 */
static bool
is_atom_char(char c)
{
	switch (c) {
	case '(':
	case ')':
	case '{':
	case '%':
	case '*':
	case '"':
	case '\\':
	case ']':
		return false;
	default:
		return c > ' ' && c < 0x7f;
	}
}

/* ASTRING-CHAR = ATOM-CHAR / resp-specials */
static bool
is_astring_char(char c)
{
	return c == ']' || is_atom_char(c);
}

/* list-char = ATOM-CHAR / list-wildcards / resp-specials */
static bool
is_list_char(char c)
{
	return c == '%' || c == '*' || is_astring_char(c);
}

static bool
is_tag_char(char c)
{
	return c != '+' && is_astring_char(c);
}

static int
take_run(struct str *in, bool (*is)(char), const char *what, struct str *out,
    struct err *err)
{
	size_t n = 0;

	while (n < in->len && is(in->p[n]))
		n++;
	if (n == 0)
		return err_set(err, ERR_SYNTAX, "%s expected", what);
	*out = str_sub(*in, 0, n);
	str_skip(in, n);
	return 0;
}

int
token_sp(struct str *in, struct err *err)
{
	if (!str_take(in, ' '))
		return err_set(err, ERR_SYNTAX,
		    in->len == 0 ? "argument missing" : "space expected");
	return 0;
}

int
token_char(struct str *in, char c, struct err *err)
{
	if (!str_take(in, c))
		return err_set(err, ERR_SYNTAX, "\"%c\" expected", c);
	return 0;
}

int
token_end(const struct str *in, struct err *err)
{
	if (in->len > 0)
		return err_set(err, ERR_SYNTAX, "end of command expected");
	return 0;
}

int
token_tag(struct str *in, struct str *out, struct err *err)
{
	return take_run(in, is_tag_char, "tag", out, err);
}

int
token_atom(struct str *in, struct str *out, struct err *err)
{
	return take_run(in, is_atom_char, "atom", out, err);
}

int
token_number(struct str *in, uint32_t *out, struct err *err)
{
	uint64_t n;

	if (in->len == 0 || !is_digit(in->p[0]))
		return err_set(err, ERR_SYNTAX, "number expected");
	if (!num_take(in, UINT32_MAX, &n))
		return err_set(err, ERR_SYNTAX, "number too large");
	*out = (uint32_t)n;
	return 0;
}

int
token_nz_number(struct str *in, uint32_t *out, struct err *err)
{
	if (in->len > 0 && in->p[0] == '0')
		return err_set(err, ERR_SYNTAX, "number above 0 expected");
	return token_number(in, out, err);
}

static int
arena_full(struct err *err)
{
	return err_set(err, ERR_LIMIT, "command too large");
}

/* The text between the quotes, without its backslashes, in the arena. */
static int
unquote(struct arena *arena, struct str raw, struct str *out, struct err *err)
{
	char *copy = arena_cstr(arena, raw);
	size_t len = 0;

	if (copy == NULL)
		return arena_full(err);
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.p[i] == '\\')
			i++;
		copy[len++] = raw.p[i];
	}
	*out = str_make(copy, len);
	return 0;
}

/*
 * Take one QUOTED-CHAR: TEXT-CHAR, "\" quoted-specials, or a whole UTF-8
 * character. False, *in unmoved, where there is none.
 */
static bool
take_quoted_char(struct str *in, bool *escaped)
{
	unsigned char c = (unsigned char)in->p[0];

	if (c == '\\') {
		if (in->len < 2 || (in->p[1] != '\\' && in->p[1] != '"'))
			return false;
		*escaped = true;
		str_skip(in, 2);
		return true;
	}
	if (c >= 0x80) {
		size_t len = utf8_char_len(*in);

		str_skip(in, len);
		return len > 0;
	}
	if (c == '\0' || c == '\r' || c == '\n')
		return false;
	str_skip(in, 1);
	return true;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE */
static int
take_quoted(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	bool escaped = false;
	const char *start;
	struct str raw;

	str_skip(in, 1);
	start = in->p;
	while (in->len > 0 && in->p[0] != '"')
		if (!take_quoted_char(in, &escaped))
			return err_set(err, ERR_SYNTAX,
			    "invalid byte in quoted string");
	raw = str_make(start, (size_t)(in->p - start));
	if (!str_take(in, '"'))
		return err_set(err, ERR_SYNTAX, "quoted string not closed");
	if (escaped)
		return unquote(arena, raw, out, err);
	*out = raw;
	return 0;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8 */
static int
take_literal(struct str *in, struct str *out, struct err *err)
{
	ptrdiff_t nul;
	uint32_t size;

	str_skip(in, 1);
	if (token_number(in, &size, err) < 0)
		return -1;
	(void)str_take(in, '+');
	if (!str_take_str(in, STR("}\r\n")) || in->len < size)
		return err_set(err, ERR_SYNTAX, "literal expected");
	nul = str_chr(str_sub(*in, 0, size), '\0');
	if (nul >= 0) {
		str_skip(in, (size_t)nul);
		return err_set(err, ERR_SYNTAX, "NUL in literal");
	}
	*out = str_sub(*in, 0, size);
	str_skip(in, size);
	return 0;
}

int
token_string(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	if (in->len > 0 && in->p[0] == '"')
		return take_quoted(arena, in, out, err);
	if (in->len > 0 && in->p[0] == '{')
		return take_literal(in, out, err);
	return err_set(err, ERR_SYNTAX, "string expected");
}

static bool
at_string(const struct str *in)
{
	return in->len > 0 && (in->p[0] == '"' || in->p[0] == '{');
}

int
token_astring(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	if (at_string(in))
		return token_string(arena, in, out, err);
	return take_run(in, is_astring_char, "string", out, err);
}

int
token_nstring(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	if (str_itake_str(in, STR("NIL"))) {
		*out = (struct str){ NULL, 0 };
		return 0;
	}
	return token_string(arena, in, out, err);
}

int
token_list_mailbox(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	if (at_string(in))
		return token_string(arena, in, out, err);
	return take_run(in, is_list_char, "mailbox pattern", out, err);
}

int
token_line_literal(struct str line, struct token_literal *out, struct err *err)
{
	size_t end = line.len, start;
	struct str digits;
	uint64_t size;

	if (end == 0 || line.p[--end] != '}')
		return 0;
	out->sync = true;
	if (end > 0 && line.p[end - 1] == '+') {
		out->sync = false;
		end--;
	}
	start = end;
	while (start > 0 && is_digit(line.p[start - 1]))
		start--;
	if (start == end || start == 0 || line.p[start - 1] != '{')
		return 0;
	digits = str_sub(line, start, end);
	if (!num_parse(digits, UINT32_MAX, &size))
		return err_set(err, ERR_LIMIT, "literal too large");
	out->size = (uint32_t)size;
	out->at = start - 1;
	out->binary = out->at > 0 && line.p[out->at - 1] == '~';
	out->at -= out->binary;
	return 1;
}

static bool
fits_quoted(struct str s, bool utf8)
{
	if (s.len > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 0x80 && !utf8) || c == '\0' || c == '\r' || c == '\n')
			return false;
	}
	return true;
}

static int
put_quoted(struct buf *out, struct str s)
{
	char *at = buf_reserve(out, s.len * 2 + 2), *start = at;

	if (at == NULL)
		return -1;
	*at++ = '"';
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			*at++ = '\\';
		*at++ = s.p[i];
	}
	*at++ = '"';
	out->len += (size_t)(at - start);
	return 0;
}

static int
put_literal(struct buf *out, struct str s)
{
	char *at;

	if (buf_addf(out, "{%zu}\r\n", s.len) < 0)
		return -1;
	if ((at = buf_reserve(out, s.len)) == NULL)
		return -1;
	for (size_t i = 0; i < s.len; i++)
		at[i] = s.p[i] == '\0' ? (char)0x80 : s.p[i];
	out->len += s.len;
	return 0;
}

int
token_put_string(struct buf *out, struct str s)
{
	return fits_quoted(s, false) ? put_quoted(out, s) : put_literal(out, s);
}

int
token_put_nstring(struct buf *out, struct str s)
{
	if (s.p == NULL)
		return buf_add(out, "NIL", 3);
	return token_put_string(out, s);
}

static bool
fits_atom(struct str s)
{
	size_t i = 0;

	while (i < s.len && is_astring_char(s.p[i]))
		i++;
	return i == s.len && s.len > 0 && s.len <= QUOTED_MAX &&
	    !str_ieq(s, STR("NIL"));
}

int
token_put_astring(struct buf *out, struct str s)
{
	return fits_atom(s) ? buf_add_str(out, s) : token_put_string(out, s);
}

int
token_put_utf8(struct buf *out, struct str s)
{
	if (fits_atom(s))
		return buf_add_str(out, s);
	return fits_quoted(s, true) ? put_quoted(out, s) : put_literal(out, s);
}
