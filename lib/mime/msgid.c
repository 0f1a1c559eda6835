#include "mime/msgid.h"

/*
 * The bytes up to what ends an id: its ">", a "<" (the id was cut short), or
 * the end. Inside a quoted local part brackets are bytes like others.
 */
static size_t
id_len(struct str in)
{
	bool quoted = in.len > 0 && in.p[0] == '"';
	size_t i;

	for (i = quoted ? 1 : 0; i < in.len; i++) {
		char c = in.p[i];

		if (quoted && c == '\\' && i + 1 < in.len)
			i++;
		else if (quoted && c == '"')
			quoted = false;
		else if (!quoted && (c == '<' || c == '>'))
			break;
	}
	return i;
}

bool
mime_msgid_next(struct str *in, struct str *id)
{
	ptrdiff_t at;

	while ((at = str_chr(*in, '<')) >= 0) {
		str_skip(in, (size_t)at + 1);
		*id = str_sub(*in, 0, id_len(*in));
		str_skip(in, id->len);
		if (str_take(in, '>') && str_trim(*id).len > 0)
			return true;
	}
	str_skip(in, in->len);
	return false;
}

static bool
is_dropped(char c)
{
	return c == '"' || c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
	    c == '\0';
}

struct str
mime_msgid_normal(struct arena *arena, struct str id)
{
	size_t clean = 0, len = 0;
	char *copy;

	while (clean < id.len && !is_dropped(id.p[clean]))
		clean++;
	if (clean == id.len)
		return id;
	copy = arena_alloc(arena, id.len);
	if (copy == NULL)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < id.len; i++) {
		char c = id.p[i];

		if (c == '\\' && i + 1 < id.len)
			copy[len++] = id.p[++i];
		else if (!is_dropped(c))
			copy[len++] = c;
	}
	return str_make(copy, len);
}
