#include "mime/header.h"

/* Take one line off the front of *in, its ending included. */
static struct str
take_line(struct str *in)
{
	ptrdiff_t at = str_chr(*in, '\n');
	struct str line = at < 0 ? *in : str_sub(*in, 0, (size_t)at + 1);

	str_skip(in, line.len);
	return line;
}

static bool
line_is_empty(struct str line)
{
	return str_eqz(line, "\r\n") || str_eqz(line, "\n");
}

/* ftext = %d33-57 / %d59-126 */
static bool
name_is_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c >= 0x7f || c == ':')
			return false;
	}
	return name.len > 0;
}

static struct str
without_line_end(struct str s)
{
	if (s.len > 0 && s.p[s.len - 1] == '\n') {
		s.len--;
		if (s.len > 0 && s.p[s.len - 1] == '\r')
			s.len--;
	}
	return s;
}

/* obs-optional = field-name *WSP ":" unstructured CRLF */
static void
split_field(struct mime_field *field, size_t first_line)
{
	struct str line = str_sub(field->raw, 0, first_line);
	ptrdiff_t colon = str_chr(line, ':');
	struct str name;

	field->name = str_sub(field->raw, 0, 0);
	field->value = without_line_end(field->raw);
	if (colon <= 0)
		return;
	name = str_sub(line, 0, (size_t)colon);
	while (name.len > 0 && is_wsp(name.p[name.len - 1]))
		name.len--;
	if (!name_is_valid(name))
		return;
	field->name = name;
	str_skip(&field->value, (size_t)colon + 1);
}

bool
mime_header_next(struct str *in, struct mime_field *field)
{
	struct str line;

	if (in->len == 0)
		return false;
	line = take_line(in);
	if (line_is_empty(line))
		return false;
	field->raw = line;
	while (in->len > 0 && is_wsp(in->p[0]))
		field->raw.len += take_line(in).len;
	split_field(field, line.len);
	return true;
}

size_t
mime_header_size(struct str message)
{
	struct str rest = message;

	while (rest.len > 0) {
		if (line_is_empty(take_line(&rest)))
			break;
	}
	return message.len - rest.len;
}

bool
mime_field_is(const struct mime_field *field, const char *name)
{
	return str_ieqz(field->name, name);
}

bool
mime_header_find(struct str message, const char *name, struct mime_field *field)
{
	while (mime_header_next(&message, field)) {
		if (mime_field_is(field, name))
			return true;
	}
	return false;
}

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

size_t
mime_unfold(char *out, struct str in)
{
	size_t len = 0, i = 0;

	while (i < in.len) {
		size_t from = len;
		bool folded = false;

		while (
		    i < in.len && (is_wsp(in.p[i]) || is_line_end(in.p[i]))) {
			folded = folded || is_line_end(in.p[i]);
			out[len++] = in.p[i++];
		}
		if (folded) {
			out[from] = ' ';
			len = from + 1;
		}
		if (i < in.len && in.p[i] != '\0')
			out[len++] = in.p[i];
		i++;
	}
	return len;
}

struct str
mime_header_unfold(struct arena *arena, struct str value)
{
	char *copy;

	value = str_trim(value);
	if (str_chr(value, '\r') < 0 && str_chr(value, '\n') < 0 &&
	    str_chr(value, '\0') < 0)
		return value;
	copy = arena_alloc(arena, value.len);
	if (copy == NULL)
		return (struct str){ NULL, 0 };
	return str_trim(str_make(copy, mime_unfold(copy, value)));
}
