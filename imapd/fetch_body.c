#include "imapd/fetch_body.h"

#include "mime/encode.h"
#include "mime/header.h"

static struct fetch_bytes
one_piece(struct str s)
{
	return (struct fetch_bytes){ .exists = true, .piece = { s } };
}

static int
need_structure(struct fetch_source *source, struct err *err)
{
	if (source->root != NULL)
		return 0;
	return mime_part_parse(&source->root, NULL, source->arena, source->body,
	    &mime_default_limits, err);
}

static bool
is_wanted(const struct fetchatt_section *section, struct str name)
{
	bool listed = false;

	for (size_t i = 0; i < section->fields && !listed; i++)
		listed = name.len > 0 && str_ieq(section->field[i], name);
	return listed == (section->text == FETCHATT_FIELDS);
}

/* The fields that a list names, or does not name, one after the other. */
static void
add_fields(struct buf *out, const struct fetchatt_section *section,
    struct str header)
{
	struct mime_field field;

	while (mime_header_next(&header, &field))
		if (is_wanted(section, field.name))
			(void)buf_add_str(out, field.raw);
}

/*
 * HEADER.FIELDS and HEADER.FIELDS.NOT: the fields and the empty line. Two
 * runs of header, for that of a whole message has its prefix in front.
 */
static int
fields(struct fetch_source *source, const struct fetchatt_section *section,
    struct str prefix, struct str header, struct fetch_bytes *out,
    struct err *err)
{
	struct buf text;
	struct str copy;

	buf_init(&text, 0);
	add_fields(&text, section, prefix);
	add_fields(&text, section, header);
	(void)buf_addz(&text, "\r\n");
	copy = arena_str(source->arena, buf_str(&text));
	buf_clear(&text);
	if (copy.p == NULL)
		return err_set(err, ERR_LIMIT, "header too large");
	*out = one_piece(copy);
	return 0;
}

/* Sections without part numbers. */
static int
whole(struct fetch_source *source, const struct fetchatt_section *section,
    struct fetch_bytes *out, struct err *err)
{
	size_t header = mime_header_size(source->body);

	switch (section->text) {
	case FETCHATT_WHOLE:
		*out = (struct fetch_bytes){ true,
			{ source->prefix, source->body } };
		return 0;
	case FETCHATT_HEADER:
		*out = (struct fetch_bytes){ true,
			{ source->prefix, str_sub(source->body, 0, header) } };
		return 0;
	case FETCHATT_TEXT:
		*out =
		    one_piece(str_sub(source->body, header, source->body.len));
		return 0;
	default:
		return fields(source, section, source->prefix,
		    str_sub(source->body, 0, header), out, err);
	}
}

/* HEADER, TEXT and fields of a part speak of the message inside it. */
static int
inside(struct fetch_source *source, const struct fetchatt_section *section,
    const struct mime_part *part, struct fetch_bytes *out, struct err *err)
{
	if (part->kind != MIME_PART_MESSAGE || part->child == NULL)
		return 0;
	if (section->text == FETCHATT_HEADER)
		*out = one_piece(part->child->header);
	else if (section->text == FETCHATT_TEXT)
		*out = one_piece(part->child->body);
	else
		return fields(source, section, STR(""), part->child->header,
		    out, err);
	return 0;
}

static int
numbered(struct fetch_source *source, const struct fetchatt_section *section,
    struct fetch_bytes *out, struct err *err)
{
	const struct mime_part *part;

	if (need_structure(source, err) < 0)
		return -1;
	part = mime_part_find(source->root, section->part, section->parts);
	if (part == NULL)
		return 0;
	if (section->text == FETCHATT_WHOLE)
		*out = one_piece(part->body);
	else if (section->text == FETCHATT_MIME)
		*out = one_piece(part->header);
	else
		return inside(source, section, part, out, err);
	return 0;
}

/* <offset.length>, clipped to what there is. */
static void
clip(struct fetch_bytes *out, uint64_t offset, uint64_t length)
{
	for (size_t i = 0; i < 2; i++) {
		struct str *piece = &out->piece[i];
		size_t skip = offset < piece->len ? (size_t)offset : piece->len;

		offset -= skip;
		str_skip(piece, skip);
		if (piece->len > length)
			piece->len = (size_t)length;
		length -= piece->len;
	}
}

/* A part's body, decoded into the arena where it is encoded. */
static int
decoded(struct fetch_source *source, const struct mime_part *part,
    struct fetch_bytes *out, struct err *err)
{
	struct buf bytes;
	struct str copy;

	if (part->encoding == MIME_ENCODING_UNKNOWN)
		return err_set(err, ERR_SYNTAX, "unknown transfer encoding");
	if (part->encoding != MIME_BASE64 &&
	    part->encoding != MIME_QUOTED_PRINTABLE) {
		*out = one_piece(part->body);
		return 0;
	}
	buf_init(&bytes, 0);
	(void)mime_decode_all(&bytes, part->encoding, part->body);
	copy = bytes.len == 0 ? STR("") :
				arena_str(source->arena, buf_str(&bytes));
	buf_clear(&bytes);
	if (copy.p == NULL)
		return err_set(err, ERR_LIMIT, "part too large to decode");
	*out = one_piece(copy);
	return 0;
}

int
fetch_body(struct fetch_source *source, const struct fetchatt *item,
    struct fetch_bytes *out, struct err *err)
{
	int ret;

	*out = (struct fetch_bytes){ 0 };
	if (item->section.parts == 0)
		ret = whole(source, &item->section, out, err);
	else
		ret = numbered(source, &item->section, out, err);
	if (ret == 0 && item->partial)
		clip(out, item->offset, item->length);
	return ret;
}

int
fetch_binary(struct fetch_source *source, const struct fetchatt *item,
    struct fetch_bytes *out, struct err *err)
{
	const struct mime_part *part;
	int ret = 0;

	*out = (struct fetch_bytes){ 0 };
	if (item->section.parts == 0)
		return fetch_body(source, item, out, err);
	if (need_structure(source, err) < 0)
		return -1;
	part = mime_part_find(source->root, item->section.part,
	    item->section.parts);
	if (part != NULL)
		ret = decoded(source, part, out, err);
	if (ret == 0 && item->partial)
		clip(out, item->offset, item->length);
	return ret;
}
