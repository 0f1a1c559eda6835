#include "conf/expand.h"

enum {
	DEPTH_MAX = 20,    /* of names inside names */
	STEPS_MAX = 10000, /* names in all: empty ones cost no bytes */
};

struct expansion {
	struct buf *out;
	expand_lookup_fn *lookup;
	const void *ctx;
	int depth, steps;
};

static int expand_text(struct expansion *x, struct str text, struct err *err);

static bool
is_name_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_';
}

/* Where the brace or parenthesis that opened before s closes; -1: nowhere. */
static ptrdiff_t
find_close(struct str s, char open, char close)
{
	int depth = 1;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == open)
			depth++;
		else if (s.p[i] == close && --depth == 0)
			return (ptrdiff_t)i;
	}
	return -1;
}

/* text or "{" text "}", to the end of in or to the closing brace. */
static int
take_branch(struct str *in, struct str *text, struct err *err)
{
	struct str rest = str_trim(*in);
	ptrdiff_t at;

	if (!str_take(&rest, '{')) {
		*text = *in;
		*in = str_sub(*in, in->len, in->len);
		return 0;
	}
	at = find_close(rest, '{', '}');
	if (at < 0)
		return err_set(err, ERR_SYNTAX, "a closing brace is missing");
	*text = str_sub(rest, 0, (size_t)at);
	*in = str_trim(str_sub(rest, (size_t)at + 1, rest.len));
	return 0;
}

static int
expand_name(struct expansion *x, struct str name, struct err *err)
{
	const char *value = x->lookup(x->ctx, name);
	int ret;

	if (value == NULL)
		return 0;
	if (x->depth == DEPTH_MAX || x->steps == STEPS_MAX)
		return err_set(err, ERR_LIMIT,
		    "$%.60s: expands into itself, or too deep",
		    name.len > 60 ? "(name)" : name.p);
	x->depth++;
	x->steps++;
	ret = expand_text(x, str_of(value), err);
	x->depth--;
	return ret;
}

/* Whether name has a value that is not empty. */
static int
is_set(struct expansion *x, struct str name, bool *out, struct err *err)
{
	struct buf *saved = x->out, scratch;
	int ret;

	buf_init(&scratch, saved->max);
	x->out = &scratch;
	ret = expand_name(x, name, err);
	x->out = saved;
	*out = scratch.len > 0;
	buf_clear(&scratch);
	return ret;
}

/* What stands between the braces. */
static int
expand_braced(struct expansion *x, struct str inner, struct err *err)
{
	struct str name = inner, yes = { 0 }, no = { 0 };
	bool set;

	for (name.len = 0; name.len < inner.len; name.len++) {
		if (inner.p[name.len] == '?' || inner.p[name.len] == ':')
			break;
	}
	str_skip(&inner, name.len);
	name = str_trim(name);
	if (name.len == 0)
		return err_set(err, ERR_SYNTAX, "\"${\" without a name");
	if (inner.len == 0)
		return expand_name(x, name, err);
	if (str_take(&inner, '?') && take_branch(&inner, &yes, err) < 0)
		return -1;
	if (str_take(&inner, ':') && take_branch(&inner, &no, err) < 0)
		return -1;
	if (inner.len > 0)
		return err_set(err, ERR_SYNTAX, "text behind a closing brace");
	if (is_set(x, name, &set, err) < 0)
		return -1;
	if (++x->depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "braces nested too deep");
	if (expand_text(x, set ? yes : no, err) < 0)
		return -1;
	x->depth--;
	return 0;
}

/* What stands behind a dollar; moves *in past it. */
static int
expand_dollar(struct expansion *x, struct str *in, struct err *err)
{
	struct str name;
	char open = in->len > 0 ? in->p[0] : '\0';
	ptrdiff_t at;

	if (open == '{' || open == '(') {
		str_skip(in, 1);
		at = find_close(*in, open, open == '{' ? '}' : ')');
		if (at < 0)
			return err_set(err, ERR_SYNTAX,
			    "\"$%c\" is never closed", open);
		name = str_sub(*in, 0, (size_t)at);
		str_skip(in, (size_t)at + 1);
		return expand_braced(x, name, err);
	}
	for (name = (struct str){ in->p, 0 };
	     name.len < in->len && is_name_char(in->p[name.len]);)
		name.len++;
	if (name.len == 0)
		return err_set(err, ERR_SYNTAX,
		    "\"$\" before no name; write $$ for a dollar");
	str_skip(in, name.len);
	return expand_name(x, name, err);
}

static int
expand_text(struct expansion *x, struct str text, struct err *err)
{
	while (text.len > 0) {
		ptrdiff_t at = str_chr(text, '$');
		size_t plain = at < 0 ? text.len : (size_t)at;

		(void)buf_add(x->out, text.p, plain);
		str_skip(&text, plain);
		if (!str_take(&text, '$'))
			break;
		if (str_take(&text, '$'))
			(void)buf_addc(x->out, '$');
		else if (expand_dollar(x, &text, err) < 0)
			return -1;
	}
	if (x->out->full)
		return err_set(err, ERR_LIMIT, "the value is too long");
	return 0;
}

int
expand(struct buf *out, struct str text, expand_lookup_fn *lookup,
    const void *ctx, struct err *err)
{
	struct expansion x = { .out = out, .lookup = lookup, .ctx = ctx };

	return expand_text(&x, text, err);
}

bool
expand_mentions(struct str text, struct str name)
{
	ptrdiff_t at;

	while ((at = str_chr(text, '$')) >= 0) {
		str_skip(&text, (size_t)at + 1);
		if (str_take(&text, '$'))
			continue;
		if (!str_take(&text, '{'))
			(void)str_take(&text, '(');
		if (str_starts(text, name) &&
		    (text.len == name.len || !is_name_char(text.p[name.len])))
			return true;
	}
	return false;
}
