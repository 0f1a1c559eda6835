#include "imap/fetchatt.h"

#include "base/attr.h"
#include "imap/token.h"

/* The items that are one word. */
static const struct {
	struct str word;
	struct fetchatt item;
} words[] = {
	{ { "FLAGS", 5 }, { .kind = FETCHATT_FLAGS } },
	{ { "UID", 3 }, { .kind = FETCHATT_UID } },
	{ { "INTERNALDATE", 12 }, { .kind = FETCHATT_INTERNALDATE } },
	{ { "RFC822.SIZE", 11 }, { .kind = FETCHATT_SIZE } },
	{ { "MODSEQ", 6 }, { .kind = FETCHATT_MODSEQ } },
	{ { "EMAILID", 7 }, { .kind = FETCHATT_EMAILID } },
	{ { "THREADID", 8 }, { .kind = FETCHATT_THREADID } },
	{ { "SAVEDATE", 8 }, { .kind = FETCHATT_SAVEDATE } },
	{ { "ENVELOPE", 8 }, { .kind = FETCHATT_ENVELOPE } },
	{ { "BODY", 4 }, { .kind = FETCHATT_BODY } },
	{ { "BODYSTRUCTURE", 13 }, { .kind = FETCHATT_BODYSTRUCTURE } },
	{ { "RFC822", 6 },
	    { .kind = FETCHATT_SECTION, .name = FETCHATT_AS_RFC822 } },
	{ { "RFC822.HEADER", 13 },
	    { .kind = FETCHATT_SECTION,
		.name = FETCHATT_AS_RFC822_HEADER,
		.peek = true,
		.section.text = FETCHATT_HEADER } },
	{ { "RFC822.TEXT", 11 },
	    { .kind = FETCHATT_SECTION,
		.name = FETCHATT_AS_RFC822_TEXT,
		.section.text = FETCHATT_TEXT } },
};

static const struct {
	struct str word;
	size_t items;
	enum fetchatt_kind item[5];
} macros[] = {
	{ { "FAST", 4 }, 3,
	    { FETCHATT_FLAGS, FETCHATT_INTERNALDATE, FETCHATT_SIZE } },
	{ { "ALL", 3 }, 4,
	    { FETCHATT_FLAGS, FETCHATT_INTERNALDATE, FETCHATT_SIZE,
		FETCHATT_ENVELOPE } },
	{ { "FULL", 4 }, 5,
	    { FETCHATT_FLAGS, FETCHATT_INTERNALDATE, FETCHATT_SIZE,
		FETCHATT_ENVELOPE, FETCHATT_BODY } },
};

/* Longer words first, for one may begin with another. */
static const struct {
	struct str word;
	enum fetchatt_text text;
} texts[] = {
	{ { "HEADER.FIELDS.NOT", 17 }, FETCHATT_FIELDS_NOT },
	{ { "HEADER.FIELDS", 13 }, FETCHATT_FIELDS },
	{ { "HEADER", 6 }, FETCHATT_HEADER },
	{ { "TEXT", 4 }, FETCHATT_TEXT },
	{ { "MIME", 4 }, FETCHATT_MIME },
};

static int
too_large(struct err *err)
{
	return err_set(err, ERR_LIMIT, "command too large");
}

static struct fetchatt *
list_add(struct arena *arena, struct fetchatt_list *list, struct err *err)
{
	struct fetchatt *item;
	size_t cap;

	if (list->len == FETCHATT_MAX) {
		err_set(err, ERR_LIMIT, "too many items");
		return NULL;
	}
	if (list->len == list->cap) {
		cap = list->cap == 0 ? 8 : list->cap * 2;
		item = arena_alloc(arena, cap * sizeof(*item));
		if (item == NULL) {
			too_large(err);
			return NULL;
		}
		if (list->len > 0)
			memcpy(item, list->item, list->len * sizeof(*item));
		list->item = item;
		list->cap = cap;
	}
	item = &list->item[list->len++];
	*item = (struct fetchatt){ 0 };
	return item;
}

/* section-part = nz-number *("." nz-number); the "." behind it is left */
static int
parse_part(struct arena *arena, struct str *in,
    struct fetchatt_section *section, struct err *err)
{
	section->part =
	    arena_alloc(arena, FETCHATT_PARTS_MAX * sizeof(section->part[0]));
	if (section->part == NULL)
		return too_large(err);
	for (;;) {
		if (section->parts == FETCHATT_PARTS_MAX)
			return err_set(err, ERR_LIMIT, "section too deep");
		if (token_nz_number(in, &section->part[section->parts++], err) <
		    0)
			return -1;
		if (in->len < 2 || in->p[0] != '.' || !is_digit(in->p[1]))
			return 0;
		str_skip(in, 1);
	}
}

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static int
parse_fields(struct arena *arena, struct str *in,
    struct fetchatt_section *section, struct err *err)
{
	section->field =
	    arena_alloc(arena, FETCHATT_FIELDS_MAX * sizeof(section->field[0]));
	if (section->field == NULL)
		return too_large(err);
	if (token_sp(in, err) < 0 || token_char(in, '(', err) < 0)
		return -1;
	do {
		if (section->fields == FETCHATT_FIELDS_MAX)
			return err_set(err, ERR_LIMIT, "too many field names");
		if (token_astring(arena, in, &section->field[section->fields++],
			err) < 0)
			return -1;
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

/* section-msgtext / "MIME", the latter only behind a part number */
static int
parse_text(struct arena *arena, struct str *in,
    struct fetchatt_section *section, struct err *err)
{
	for (size_t i = 0; i < NELEMS(texts); i++) {
		if (texts[i].text == FETCHATT_MIME && section->parts == 0)
			break;
		if (!str_itake_str(in, texts[i].word))
			continue;
		section->text = texts[i].text;
		if (section->text == FETCHATT_FIELDS ||
		    section->text == FETCHATT_FIELDS_NOT)
			return parse_fields(arena, in, section, err);
		return 0;
	}
	return err_set(err, ERR_SYNTAX, "no such section");
}

/* section = "[" [section-spec] "]" */
static int
parse_section(struct arena *arena, struct str *in,
    struct fetchatt_section *section, struct err *err)
{
	if (token_char(in, '[', err) < 0)
		return -1;
	if (str_take(in, ']'))
		return 0;
	if (in->len > 0 && is_digit(in->p[0])) {
		if (parse_part(arena, in, section, err) < 0)
			return -1;
		if (str_take(in, '.') &&
		    parse_text(arena, in, section, err) < 0)
			return -1;
	} else if (parse_text(arena, in, section, err) < 0) {
		return -1;
	}
	return token_char(in, ']', err);
}

/* ["<" number "." nz-number ">"] */
static int
parse_partial(struct str *in, struct fetchatt *item, struct err *err)
{
	if (!str_take(in, '<'))
		return 0;
	item->partial = true;
	if (token_number(in, &item->offset, err) < 0 ||
	    token_char(in, '.', err) < 0 ||
	    token_nz_number(in, &item->length, err) < 0)
		return -1;
	return token_char(in, '>', err);
}

static bool
is_word_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '.';
}

static struct str
next_word(struct str in)
{
	size_t n = 0;

	while (n < in.len && is_word_char(in.p[n]))
		n++;
	return str_sub(in, 0, n);
}

/* section-binary = "[" [section-part] "]" */
static int
parse_section_binary(struct arena *arena, struct str *in,
    struct fetchatt_section *section, struct err *err)
{
	if (token_char(in, '[', err) < 0)
		return -1;
	if (in->len > 0 && in->p[0] != ']' &&
	    parse_part(arena, in, section, err) < 0)
		return -1;
	return token_char(in, ']', err);
}

/*
 * "BODY" [".PEEK"] section [partial] / "BINARY" [".PEEK"] section-binary
 * [partial] / "BINARY.SIZE" section-binary. False: it is none of them.
 */
static bool
take_section_word(struct str *in, struct str word, struct fetchatt *item)
{
	static const struct {
		const char *word;
		enum fetchatt_kind kind;
		bool peek;
	} sections[] = {
		{ "BODY", FETCHATT_SECTION, false },
		{ "BODY.PEEK", FETCHATT_SECTION, true },
		{ "BINARY", FETCHATT_BINARY, false },
		{ "BINARY.PEEK", FETCHATT_BINARY, true },
		{ "BINARY.SIZE", FETCHATT_BINARY_SIZE, true },
	};

	for (size_t i = 0; i < NELEMS(sections); i++) {
		if (!str_ieqz(word, sections[i].word))
			continue;
		/* BODY alone is the structure. */
		if (i == 0 && (in->len == word.len || in->p[word.len] != '['))
			return false;
		str_skip(in, word.len);
		item->kind = sections[i].kind;
		item->peek = sections[i].peek;
		item->name = FETCHATT_AS_BODY;
		return true;
	}
	return false;
}

static int
parse_item(struct arena *arena, struct str *in, struct fetchatt_list *list,
    struct err *err)
{
	struct str word = next_word(*in);
	struct fetchatt *item;

	if ((item = list_add(arena, list, err)) == NULL)
		return -1;
	if (take_section_word(in, word, item)) {
		if ((item->kind == FETCHATT_SECTION ?
			    parse_section(arena, in, &item->section, err) :
			    parse_section_binary(arena, in, &item->section,
				err)) < 0)
			return -1;
		return item->kind == FETCHATT_BINARY_SIZE ?
		    0 :
		    parse_partial(in, item, err);
	}
	for (size_t i = 0; i < NELEMS(words); i++)
		if (str_ieq(word, words[i].word)) {
			str_skip(in, word.len);
			*item = words[i].item;
			return 0;
		}
	return err_set(err, ERR_SYNTAX, "no such item");
}

static bool
parse_macro(struct arena *arena, struct str *in, struct fetchatt_list *list,
    int *ret, struct err *err)
{
	struct str word = next_word(*in);

	for (size_t i = 0; i < NELEMS(macros); i++) {
		if (!str_ieq(word, macros[i].word))
			continue;
		str_skip(in, word.len);
		*ret = 0;
		for (size_t j = 0; j < macros[i].items && *ret == 0; j++)
			*ret =
			    fetchatt_add(arena, list, macros[i].item[j], err);
		return true;
	}
	return false;
}

int
fetchatt_parse(struct arena *arena, struct str *in, struct fetchatt_list *list,
    struct err *err)
{
	int ret;

	*list = (struct fetchatt_list){ 0 };
	if (parse_macro(arena, in, list, &ret, err))
		return ret;
	if (!str_take(in, '('))
		return parse_item(arena, in, list, err);
	do {
		if (parse_item(arena, in, list, err) < 0)
			return -1;
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

bool
fetchatt_has(const struct fetchatt_list *list, enum fetchatt_kind kind)
{
	for (size_t i = 0; i < list->len; i++)
		if (list->item[i].kind == kind)
			return true;
	return false;
}

int
fetchatt_add(struct arena *arena, struct fetchatt_list *list,
    enum fetchatt_kind kind, struct err *err)
{
	struct fetchatt *item;

	if (fetchatt_has(list, kind))
		return 0;
	if ((item = list_add(arena, list, err)) == NULL)
		return -1;
	item->kind = kind;
	return 0;
}

static void
put_section(struct buf *out, const struct fetchatt *item)
{
	const struct fetchatt_section *section = &item->section;

	(void)buf_addz(out,
	    item->kind == FETCHATT_BINARY          ? "BINARY[" :
		item->kind == FETCHATT_BINARY_SIZE ? "BINARY.SIZE[" :
						     "BODY[");
	for (size_t i = 0; i < section->parts; i++)
		(void)buf_addf(out, i == 0 ? "%u" : ".%u", section->part[i]);
	if (section->parts > 0 && section->text != FETCHATT_WHOLE)
		(void)buf_addc(out, '.');
	for (size_t i = 0; i < NELEMS(texts); i++)
		if (texts[i].text == section->text)
			(void)buf_add_str(out, texts[i].word);
	for (size_t i = 0; i < section->fields; i++) {
		(void)buf_addz(out, i == 0 ? " (" : " ");
		(void)token_put_astring(out, section->field[i]);
	}
	(void)buf_addz(out, section->fields > 0 ? ")]" : "]");
	if (item->partial)
		(void)buf_addf(out, "<%u>", item->offset);
}

int
fetchatt_put_name(struct buf *out, const struct fetchatt *item)
{
	if (item->kind >= FETCHATT_SECTION && item->name == FETCHATT_AS_BODY) {
		put_section(out, item);
		return out->full ? -1 : 0;
	}
	for (size_t i = 0; i < NELEMS(words); i++)
		if (words[i].item.kind == item->kind &&
		    words[i].item.name == item->name)
			return buf_add_str(out, words[i].word);
	return 0;
}
