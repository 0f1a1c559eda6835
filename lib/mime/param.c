#include "mime/param.h"

#include "base/hex.h"
#include "base/num.h"
#include "mime/cfws.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/word.h"

/* Sections are numbered from 0; more than this is nobody's file name. */
enum { SECTION_MAX = 9999 };

struct section {
	struct section *next;
	uint64_t number;
	struct str value;
	bool extended;
};

/* All that was said under one name. */
struct group {
	struct group *next;
	struct str name;
	bool has_plain, has_star;
	struct str plain, star;   /* name=, name*= */
	struct section *sections; /* name*N=, by number */
};

struct parser {
	struct arena *arena;
	struct str in;
	struct group *first, *last;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* token of RFC 2045 section 5.1 */
static struct str
take_token(struct str *in)
{
	struct str token = { in->p, 0 };

	while (token.len < in->len) {
		char c = token.p[token.len];

		if (c <= ' ' || c >= 0x7f || /* 8-bit: negative, or above */
		    strchr("()<>@,;:\\\"/[]?=", c) != NULL)
			break;
		token.len++;
	}
	str_skip(in, token.len);
	return token;
}

/* A parameter's name, as tolerant as possible: up to "=", ";" or a blank. */
static struct str
take_name(struct str *in)
{
	struct str name = { in->p, 0 };

	while (name.len < in->len && !is_blank(name.p[name.len]) &&
	    name.p[name.len] != '=' && name.p[name.len] != ';')
		name.len++;
	str_skip(in, name.len);
	return name;
}

/* As one line; a copy only when it is not yet. */
static struct str
one_line(struct arena *arena, struct str s)
{
	char *copy;

	if (str_chr(s, '\r') < 0 && str_chr(s, '\n') < 0 &&
	    str_chr(s, '\0') < 0)
		return s;
	copy = arena_alloc(arena, s.len);
	if (copy == NULL)
		return (struct str){ NULL, 0 };
	return str_make(copy, mime_unfold(copy, s));
}

/* The quoted-string at the front, its quotes and backslashes undone. */
static struct str
take_quoted(struct parser *p)
{
	size_t i, len = 0, max = 0;
	char *copy;

	str_skip(&p->in, 1);
	for (max = 0; max < p->in.len && p->in.p[max] != '"'; max++) {
		if (p->in.p[max] == '\\' && max + 1 < p->in.len)
			max++;
	}
	copy = arena_alloc(p->arena, max);
	for (i = 0; copy != NULL && i < max; i++) {
		if (p->in.p[i] == '\\' && i + 1 < max)
			i++;
		copy[len++] = p->in.p[i];
	}
	str_skip(&p->in, max);
	(void)str_take(&p->in, '"');
	return str_make(copy,
	    copy == NULL ? 0 : mime_unfold(copy, str_make(copy, len)));
}

/*
 * value = token / quoted-string. A token that is followed by more than
 * comments was meant to be quoted: then all up to the ";" is the value.
 */
static struct str
take_value(struct parser *p)
{
	struct str start, token;
	ptrdiff_t end;

	if (p->in.len > 0 && p->in.p[0] == '"')
		return take_quoted(p);
	start = p->in;
	token = (struct str){ start.p, 0 };
	while (token.len < start.len && !is_blank(token.p[token.len]) &&
	    token.p[token.len] != ';' && token.p[token.len] != '(')
		token.len++;
	str_skip(&p->in, token.len);
	mime_cfws_skip(&p->in);
	if (p->in.len == 0 || p->in.p[0] == ';')
		return one_line(p->arena, token);
	end = str_chr(p->in, ';');
	str_skip(&p->in, end < 0 ? p->in.len : (size_t)end);
	start.len -= p->in.len;
	return one_line(p->arena, str_trim(start));
}

static struct group *
group_of(struct parser *p, struct str name)
{
	struct group *group;

	for (group = p->first; group != NULL; group = group->next) {
		if (str_ieq(group->name, name))
			return group;
	}
	group = arena_calloc(p->arena, 1, sizeof(*group));
	if (group == NULL)
		return NULL;
	group->name = name;
	if (p->last == NULL)
		p->first = group;
	else
		p->last->next = group;
	p->last = group;
	return group;
}

/* In the order of numbers; of two with one number the first counts. */
static void
add_section(struct parser *p, struct group *group, uint64_t number,
    struct str value, bool extended)
{
	struct section **at = &group->sections, *section;

	while (*at != NULL && (*at)->number < number)
		at = &(*at)->next;
	if (*at != NULL && (*at)->number == number)
		return;
	section = arena_calloc(p->arena, 1, sizeof(*section));
	if (section == NULL)
		return;
	section->next = *at;
	section->number = number;
	section->value = value;
	section->extended = extended;
	*at = section;
}

/* name = attribute [ "*" section ] [ "*" ], RFC 2231 section 7 */
static void
add_param(struct parser *p, struct str name, struct str value)
{
	ptrdiff_t star = str_chr(name, '*');
	struct str suffix = str_sub(name, name.len, name.len);
	struct group *group;
	uint64_t number;
	bool extended;

	if (star > 0) {
		suffix = str_sub(name, (size_t)star + 1, name.len);
		name.len = (size_t)star;
	}
	extended =
	    star > 0 && (suffix.len == 0 || suffix.p[suffix.len - 1] == '*');
	group = group_of(p, name);
	if (group == NULL)
		return;
	if (num_take(&suffix, SECTION_MAX, &number)) {
		add_section(p, group, number, value, extended);
	} else if (extended && !group->has_star) {
		group->has_star = true;
		group->star = value;
	} else if (!extended && !group->has_plain) {
		group->has_plain = true;
		group->plain = value;
	}
}

/* Text that is not percent-encoded, to stand where percents are decoded. */
static char *
put_escaped(char *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		*to++ = s.p[i];
		if (s.p[i] == '%') {
			*to++ = '2';
			*to++ = '5';
		}
	}
	return to;
}

/* Join sections from the first on, as long as their numbers are in a row. */
static void
join_sections(struct arena *arena, const struct group *group,
    struct mime_param *param)
{
	const struct section *s;
	uint64_t next = group->sections->number;
	size_t max = 2;
	char *copy, *to;

	for (s = group->sections; s != NULL && s->number == next; s = s->next) {
		max += 3 * s->value.len;
		param->extended = param->extended || s->extended;
		next++;
	}
	copy = to = arena_alloc(arena, max);
	if (copy == NULL)
		return;
	if (param->extended && !group->sections->extended) {
		*to++ = '\''; /* no charset, no language */
		*to++ = '\'';
	}
	next = group->sections->number;
	for (s = group->sections; s != NULL && s->number == next; s = s->next) {
		if (param->extended && !s->extended) {
			to = put_escaped(to, s->value);
		} else if (s->value.len > 0) {
			memcpy(to, s->value.p, s->value.len);
			to += s->value.len;
		}
		next++;
	}
	param->value = str_make(copy, (size_t)(to - copy));
}

static struct mime_param *
finish_group(struct arena *arena, const struct group *group)
{
	struct mime_param *param = arena_calloc(arena, 1, sizeof(*param));

	if (param == NULL)
		return NULL;
	param->name = group->name;
	param->value = group->plain;
	if (group->has_star) {
		param->value = group->star;
		param->extended = true;
	} else if (group->sections != NULL && group->sections->number <= 1) {
		join_sections(arena, group, param);
	} else if (!group->has_plain) {
		return NULL;
	}
	return param;
}

static struct mime_param *
finish(struct parser *p)
{
	struct mime_param *first = NULL, **end = &first;

	for (struct group *group = p->first; group != NULL;
	     group = group->next) {
		*end = finish_group(p->arena, group);
		if (*end != NULL)
			end = &(*end)->next;
	}
	return first;
}

/* *(";" parameter); what is none is skipped up to the next ";" */
static struct mime_param *
parse_params(struct arena *arena, struct str in, size_t max)
{
	struct parser p = { .arena = arena, .in = in };

	for (size_t count = 0; count < max && p.in.len > 0;) {
		struct str name, value;

		mime_cfws_skip(&p.in);
		if (str_take(&p.in, ';'))
			continue;
		name = one_line(arena, take_name(&p.in));
		mime_cfws_skip(&p.in);
		if (!str_take(&p.in, '=') || name.len == 0) {
			ptrdiff_t end = str_chr(p.in, ';');

			str_skip(&p.in, end < 0 ? p.in.len : (size_t)end);
			continue;
		}
		mime_cfws_skip(&p.in);
		value = take_value(&p);
		add_param(&p, name, value);
		count++;
	}
	return finish(&p);
}

int
mime_content_type_parse(struct mime_value *out, struct arena *arena,
    struct str value, size_t max_params)
{
	*out = (struct mime_value){ 0 };
	mime_cfws_skip(&value);
	out->type = take_token(&value);
	mime_cfws_skip(&value);
	if (out->type.len == 0 || !str_take(&value, '/'))
		goto bad;
	mime_cfws_skip(&value);
	out->subtype = take_token(&value);
	if (out->subtype.len == 0)
		goto bad;
	out->params = parse_params(arena, value, max_params);
	return 0;
bad:
	*out = (struct mime_value){ 0 };
	return -1;
}

int
mime_disposition_parse(struct mime_value *out, struct arena *arena,
    struct str value, size_t max_params)
{
	*out = (struct mime_value){ 0 };
	mime_cfws_skip(&value);
	out->type = take_token(&value);
	if (out->type.len == 0)
		return -1;
	out->params = parse_params(arena, value, max_params);
	return 0;
}

const struct mime_param *
mime_param_find(const struct mime_param *params, const char *name)
{
	while (params != NULL && !str_ieqz(params->name, name))
		params = params->next;
	return params;
}

/* extended-initial-value = [charset] "'" [language] "'" *(percent / char) */
int
mime_param_text(struct buf *out, const struct mime_param *param)
{
	struct str rest = param->value, charset, language, text = rest;
	struct buf bytes;
	int ret;

	if (!param->extended)
		return mime_word_decode(out, param->value);
	if (!str_split(&rest, '\'', &charset) ||
	    !str_split(&rest, '\'', &language) || rest.p == NULL)
		charset = STR(""); /* not as it must be: all of it is text */
	else
		text = rest;
	buf_init(&bytes, 0);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '%' && i + 2 < text.len &&
		    hex_digit(text.p[i + 1]) >= 0 &&
		    hex_digit(text.p[i + 2]) >= 0) {
			c = (char)(hex_digit(text.p[i + 1]) << 4 |
			    hex_digit(text.p[i + 2]));
			i += 2;
		}
		(void)buf_addc(&bytes, c);
	}
	ret = mime_charset_to_utf8(out, charset, buf_str(&bytes));
	buf_clear(&bytes);
	return ret;
}
