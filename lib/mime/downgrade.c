#include "mime/downgrade.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "mime/address.h"
#include "mime/cfws.h"
#include "mime/header.h"
#include "mime/line.h"
#include "mime/param.h"

enum {
	ADDRESSES_MAX = 100000,
	PARAMS_MAX = 1000,
	VALUE_MAX = 60, /* bytes of a parameter's value in one section */
};

struct work {
	struct buf *out;
	struct arena *arena;
	const struct mime_field *field;
	struct str value; /* of the field, on one line */
	struct mime_line line;
	bool is_global;
};

/* False: this way is not possible; what was written is taken back. */
typedef bool downgrade_fn(struct work *w);

static void
begin(struct work *w)
{
	mime_line_begin(&w->line, w->out, "", w->field->name);
}

static bool
is_word(struct str s, const char *odd)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) &&
		    (s.p[i] == '\0' || strchr(odd, s.p[i]) == NULL))
			return false;
	return s.len > 0;
}

/* RFC 6857 section 3.1.2 */
static bool
as_text(struct work *w)
{
	begin(w);
	mime_line_text(&w->line, w->value);
	return true;
}

/* RFC 6857 section 3.1.9: the last way, always possible */
static bool
encapsulated(struct work *w)
{
	mime_line_begin(&w->line, w->out, "Downgraded-",
	    w->field->name.len > 0 ? w->field->name : STR("Unknown"));
	mime_line_text(&w->line, w->value);
	return true;
}

static bool
only_encapsulated(struct work *w)
{
	(void)w;
	return false;
}

/* RFC 6857 section 3.1.4: comments; the rest must be ASCII. */
static bool
with_comments(struct work *w)
{
	struct str rest = w->value;

	begin(w);
	while (rest.len > 0) {
		struct str outside = { rest.p, 0 }, comment;

		while (outside.len < rest.len && rest.p[outside.len] != '(')
			outside.len++;
		if (!utf8_is_ascii(outside))
			return false;
		mime_line_text(&w->line, outside);
		str_skip(&rest, outside.len);
		if (rest.len == 0)
			break;
		comment = str_sub(rest, 0, mime_comment_len(rest));
		str_skip(&rest, comment.len);
		if (utf8_is_ascii(comment)) {
			mime_line_text(&w->line, comment);
			continue;
		}
		comment = str_sub(comment, 1, comment.len);
		if (str_ends(comment, STR(")")))
			comment.len--;
		mime_line_encode(&w->line, "(", comment, ")");
	}
	return true;
}

/* RFC 6857 section 3.1.1: without the FOR clause, if it is to blame. */
static bool
as_received(struct work *w)
{
	struct str rest = w->value, word, path, before, behind;
	char *text;

	while (str_split(&rest, ' ', &word)) {
		if (!str_ieqz(word, "for"))
			continue;
		if (!str_split(&rest, ' ', &path))
			break;
		before = str_make(w->value.p, (size_t)(word.p - w->value.p));
		behind = rest.p == NULL ? STR("") : rest;
		if (str_ends(path, STR(";")))
			behind = str_make(path.p + path.len - 1,
			    behind.len + (behind.len > 0 ? 2 : 1));
		if (utf8_is_ascii(path))
			break;
		text = arena_alloc(w->arena, before.len + behind.len);
		if (text == NULL)
			return false;
		memcpy(text, before.p, before.len);
		if (behind.len > 0)
			memcpy(text + before.len, behind.p, behind.len);
		w->value = str_make(text, before.len + behind.len);
		break;
	}
	return with_comments(w);
}

/* Keywords: phrase *("," phrase) */
static bool
as_phrases(struct work *w)
{
	struct str rest = w->value, phrase;
	bool first = true;

	begin(w);
	while (str_split(&rest, ',', &phrase)) {
		if (!first)
			mime_line_glue(&w->line, STR(","));
		first = false;
		mime_line_text(&w->line, str_trim(phrase));
	}
	return true;
}

/* display-name; one that holds encoded words keeps them */
static void
put_name(struct work *w, struct str name)
{
	struct buf quoted;

	if (name.len == 0)
		return;
	if (str_find(name, STR("=?")) >= 0 ||
	    is_word(name, " !#$%&'*+-/=?^_`{|}~")) {
		mime_line_text(&w->line, name);
	} else if (!utf8_is_ascii(name)) {
		mime_line_encode(&w->line, "", name, "");
	} else {
		buf_init(&quoted, 0);
		mime_quoted_write(&quoted, name);
		mime_line_put(&w->line, buf_str(&quoted));
		buf_clear(&quoted);
	}
}

/* U-labels to A-labels (RFC 5891); false: there are none for it. */
static bool
domain_to_ascii(struct work *w, struct str *host)
{
	char *text, *ascii = NULL;
	struct str made;

	if (utf8_is_ascii(*host))
		return true;
	text = utf8_is_valid(*host) ? arena_cstr(w->arena, *host) : NULL;
	if (text == NULL ||
	    idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	made = arena_str(w->arena, str_of(ascii));
	free(ascii);
	if (made.p == NULL)
		return false;
	*host = made;
	return true;
}

/* Can it be written as an address in ASCII? Its domain is made so. */
static bool
is_plain(struct work *w, struct mime_address *address)
{
	return utf8_is_ascii(address->mailbox) &&
	    domain_to_ascii(w, &address->host);
}

/* RFC 6857 section 3.1.8 */
static void
put_mailbox(struct work *w, struct mime_address *address)
{
	bool plain = is_plain(w, address);
	struct buf text;

	buf_init(&text, 0);
	put_name(w, address->name);
	if (plain && address->name.len > 0)
		(void)buf_addc(&text, '<');
	(void)mime_address_write(&text, address);
	if (plain && address->name.len > 0)
		(void)buf_addc(&text, '>');
	if (plain) {
		mime_line_put(&w->line, buf_str(&text));
	} else {
		mime_line_encode(&w->line, "", buf_str(&text), "");
		mime_line_put(&w->line, STR(":;"));
	}
	buf_clear(&text);
}

/*
 * RFC 6857 section 3.1.7: groups do not nest, so one with a member that has
 * no ASCII form is shown as its name and a text. Returns its end marker.
 */
static struct mime_address *
put_group(struct work *w, struct mime_address *group)
{
	struct mime_address *at, *end;
	bool plain = true;
	struct buf text;

	for (end = group->next;
	     end != NULL && end->kind == MIME_ADDRESS_MAILBOX; end = end->next)
		plain = is_plain(w, end) && plain;
	put_name(w, group->mailbox);
	if (plain)
		mime_line_glue(&w->line, STR(":"));
	buf_init(&text, 0);
	for (at = group->next; at != end; at = at->next) {
		if (at != group->next && plain)
			mime_line_glue(&w->line, STR(","));
		else if (at != group->next)
			(void)buf_addz(&text, ", ");
		if (plain) {
			put_mailbox(w, at);
			continue;
		}
		if (at->name.len > 0)
			(void)buf_addf(&text, "%" STR_F " ", STR_A(at->name));
		(void)buf_addc(&text, '<');
		(void)mime_address_write(&text, at);
		(void)buf_addc(&text, '>');
	}
	if (!plain) {
		mime_line_encode(&w->line, "", buf_str(&text), "");
		mime_line_put(&w->line, STR(":"));
	}
	mime_line_glue(&w->line, STR(";"));
	buf_clear(&text);
	return end;
}

static bool
as_addresses(struct work *w)
{
	struct mime_address_list list = { 0 };
	struct mime_address *at, *end;

	mime_address_parse(&list, w->arena, w->value, ADDRESSES_MAX);
	if (list.truncated || list.first == NULL)
		return false;
	begin(w);
	for (at = list.first; at != NULL; at = end == NULL ? NULL : end->next) {
		if (at != list.first)
			mime_line_glue(&w->line, STR(","));
		end = at;
		if (at->kind == MIME_ADDRESS_GROUP)
			end = put_group(w, at);
		else
			put_mailbox(w, at);
	}
	return true;
}

/* Digits of RFC 2231's attribute-char, or percent signs. */
static void
put_extended(struct work *w, const struct mime_param *param)
{
	static const char digits[] = "0123456789ABCDEF";
	bool is_utf8 = utf8_is_valid(param->value);
	const char *charset = is_utf8 ? "UTF-8''" : "unknown-8bit''";
	struct str value = param->value;
	unsigned section = 0;
	struct buf text;
	size_t start;

	buf_init(&text, 0);
	do {
		buf_reset(&text);
		(void)buf_addf(&text, "%" STR_F "*", STR_A(param->name));
		if (section > 0 || value.len > VALUE_MAX / 3)
			(void)buf_addf(&text, "%u*", section);
		(void)buf_addc(&text, '=');
		start = text.len;
		if (section == 0 && !param->extended)
			(void)buf_addz(&text, charset);
		for (; value.len > 0 && text.len < start + VALUE_MAX;
		     str_skip(&value, 1)) {
			unsigned char c = (unsigned char)value.p[0];

			if (is_word(str_make(value.p, 1), "-._~!#$&+^`{|}") ||
			    (param->extended && c > ' ' && c < 127))
				(void)buf_addc(&text, (char)c);
			else
				(void)buf_addf(&text, "%%%c%c", digits[c >> 4],
				    digits[c & 15]);
		}
		mime_line_glue(&w->line, STR(";"));
		mime_line_put(&w->line, buf_str(&text));
		section++;
	} while (value.len > 0);
	buf_clear(&text);
}

static bool
put_param(struct work *w, const struct mime_param *param)
{
	struct buf text;

	if (!is_word(param->name, "-._!#$&+^`{|}~"))
		return false;
	if (param->extended || !utf8_is_ascii(param->value)) {
		put_extended(w, param);
		return true;
	}
	buf_init(&text, 0);
	(void)buf_addf(&text, "%" STR_F "=", STR_A(param->name));
	if (is_word(param->value, "-._!#$&+^`{|}~"))
		(void)buf_add_str(&text, param->value);
	else
		mime_quoted_write(&text, param->value);
	mime_line_glue(&w->line, STR(";"));
	mime_line_put(&w->line, buf_str(&text));
	buf_clear(&text);
	return true;
}

/* RFC 6857 section 3.1.5 */
static bool
as_mime_value(struct work *w)
{
	bool has_subtype = mime_field_is(w->field, "Content-Type");
	const struct mime_param *param;
	struct mime_value value;
	int ret;

	ret = has_subtype ?
	    mime_content_type_parse(&value, w->arena, w->value, PARAMS_MAX) :
	    mime_disposition_parse(&value, w->arena, w->value, PARAMS_MAX);
	if (ret < 0 || !utf8_is_ascii(value.type) ||
	    !utf8_is_ascii(value.subtype))
		return false;
	begin(w);
	mime_line_put(&w->line, value.type);
	if (has_subtype) {
		mime_line_glue(&w->line, STR("/"));
		mime_line_glue(&w->line,
		    w->is_global ? STR("rfc822") : value.subtype);
	}
	for (param = value.params; param != NULL; param = param->next)
		if (!put_param(w, param))
			return false;
	return true;
}

/* RFC 6857 section 3.2; fields that are not here are text. */
static const struct {
	const char *name;
	downgrade_fn *fn;
} ways[] = {
	{ "From", as_addresses },
	{ "Sender", as_addresses },
	{ "Reply-To", as_addresses },
	{ "To", as_addresses },
	{ "Cc", as_addresses },
	{ "Bcc", as_addresses },
	{ "Resent-From", as_addresses },
	{ "Resent-Sender", as_addresses },
	{ "Resent-To", as_addresses },
	{ "Resent-Cc", as_addresses },
	{ "Resent-Bcc", as_addresses },
	{ "Resent-Reply-To", as_addresses },
	{ "Return-Path", as_addresses },
	{ "Disposition-Notification-To", as_addresses },
	{ "Date", with_comments },
	{ "Resent-Date", with_comments },
	{ "MIME-Version", with_comments },
	{ "Content-Transfer-Encoding", with_comments },
	{ "Content-Language", with_comments },
	{ "Accept-Language", with_comments },
	{ "Auto-Submitted", with_comments },
	{ "Message-ID", only_encapsulated },
	{ "Resent-Message-ID", only_encapsulated },
	{ "In-Reply-To", only_encapsulated },
	{ "References", only_encapsulated },
	{ "Content-ID", only_encapsulated },
	{ "Received", as_received },
	{ "Content-Type", as_mime_value },
	{ "Content-Disposition", as_mime_value },
	{ "Keywords", as_phrases },
};

static downgrade_fn *
way_of(const struct mime_field *field)
{
	if (field->name.len == 0)
		return only_encapsulated;
	for (size_t i = 0; i < NELEMS(ways); i++)
		if (mime_field_is(field, ways[i].name))
			return ways[i].fn;
	return as_text;
}

static void
downgrade(struct work *w)
{
	size_t before = w->out->len;

	if (!way_of(w->field)(w)) {
		buf_truncate(w->out, before);
		(void)encapsulated(w);
	}
	/* A header that a boundary ends has no line ending of its own. */
	if (str_ends(w->field->raw, STR("\n")))
		mime_line_end(&w->line);
}

/* A part whose boundary has 8 bits has lines that nobody may see. */
static bool
is_possible(struct work *w)
{
	const struct mime_param *boundary;
	struct mime_value value;

	if (!mime_field_is(w->field, "Content-Type") ||
	    mime_content_type_parse(&value, w->arena, w->value, PARAMS_MAX) < 0)
		return true;
	boundary = mime_param_find(value.params, "boundary");
	return boundary == NULL || utf8_is_ascii(boundary->value);
}

int
mime_downgrade_header(struct buf *out, struct arena *arena, struct str header,
    bool is_global, struct err *err)
{
	struct mime_field field;
	struct work w = { .out = out, .arena = arena, .field = &field };
	struct str rest = header, at = header;

	for (; mime_header_next(&rest, &field) && !out->full; at = rest) {
		w.is_global =
		    is_global && mime_field_is(&field, "Content-Type");
		if (utf8_is_ascii(field.raw) && !w.is_global) {
			(void)buf_add_str(out, field.raw);
			continue;
		}
		w.value = mime_header_unfold(arena, field.value);
		if (w.value.p == NULL || !is_possible(&w))
			return err_set(err, ERR_LIMIT,
			    "header field has no form in ASCII");
		downgrade(&w);
	}
	if (!out->full)
		(void)buf_add_str(out,
		    str_make(at.p, (size_t)(header.p + header.len - at.p)));
	return out->full ?
	    err_set(err, ERR_LIMIT, "header is too long to be rewritten") :
	    0;
}
