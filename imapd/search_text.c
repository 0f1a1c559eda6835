#include "imapd/search_text.h"

#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/word.h"

enum {
	TEXT_MAX = 64 << 20, /* decoded bytes looked at in one part */
	SKIP_MAX = 255,
	LOOKS_MAX = 4, /* at each byte of a text, on the average */
};

void
search_room_init(struct search_room *room)
{
	buf_init(&room->decoded, TEXT_MAX);
	buf_init(&room->folded, 2 * TEXT_MAX);
	buf_init(&room->address, TEXT_MAX);
}

void
search_room_clear(struct search_room *room)
{
	buf_clear(&room->decoded);
	buf_clear(&room->folded);
	buf_clear(&room->address);
}

/*
 * skip[c]: how far the window may move when its last byte is c. Long needles
 * are skipped along by at most SKIP_MAX, which is right, only slower.
 */
static void
make_skips(struct search_needle *needle)
{
	size_t len = needle->folded.len;

	memset(needle->skip, len < SKIP_MAX ? (int)len : SKIP_MAX,
	    sizeof(needle->skip));
	for (size_t i = 0; i + 1 < len; i++) {
		size_t skip = len - 1 - i;

		needle->skip[(unsigned char)needle->folded.p[i]] =
		    (unsigned char)(skip < SKIP_MAX ? skip : SKIP_MAX);
	}
	/* What is looked at is folded when it is looked at. */
	for (int c = 'a'; c <= 'z'; c++)
		needle->skip[c] = needle->skip[c - 'a' + 'A'];
}

struct search_needle *
search_needle_new(struct arena *arena, struct str text)
{
	struct search_needle *needle = arena_alloc(arena, sizeof(*needle));
	struct buf folded;

	if (needle == NULL)
		return NULL;
	buf_init(&folded, 0);
	(void)mime_casefold(&folded, text);
	needle->folded = arena_str(arena, buf_str(&folded));
	buf_clear(&folded);
	if (needle->folded.p == NULL)
		return NULL;
	needle->ascii = utf8_is_ascii(needle->folded);
	make_skips(needle);
	return needle;
}

/*
 * Horspool's search for an ASCII needle, letters without case: 1 it is there,
 * 0 it is not. -1: needle and text repeat themselves, and this way would look
 * at needle times text bytes.
 */
static int
scan_ascii(const struct search_needle *needle, struct str text)
{
	const char *want = needle->folded.p;
	size_t len = needle->folded.len, at = 0, looks = 0;

	if (len == 0)
		return 1;
	while (at + len <= text.len) {
		const char *window = text.p + at;
		size_t i = len - 1;

		while (upper(window[i]) == want[i]) {
			if (i == 0)
				return 1;
			i--;
		}
		looks += len - i;
		if (looks / LOOKS_MAX > text.len)
			return -1;
		at += needle->skip[(unsigned char)window[len - 1]];
	}
	return 0;
}

/* The same by folding all of text, in linear time whatever it is. */
static bool
scan_folded(struct search_room *room, const struct search_needle *needle,
    struct str text)
{
	buf_reset(&room->folded);
	(void)mime_casefold(&room->folded, text);
	return str_find(buf_str(&room->folded), needle->folded) >= 0;
}

bool
search_utf8(struct search_room *room, const struct search_needle *needle,
    struct str text)
{
	int found = needle->ascii ? scan_ascii(needle, text) : 0;

	if (found > 0)
		return true;
	/* Other letters may fold to ASCII, so all of it must be folded. */
	if (found == 0 && utf8_is_ascii(text))
		return needle->folded.len == 0;
	return scan_folded(room, needle, text);
}

bool
search_value(struct search_room *room, const struct search_needle *needle,
    struct str value)
{
	/* Nothing to decode or to unfold: the usual case. */
	if (str_find(value, STR("=?")) < 0 && str_chr(value, '\n') < 0 &&
	    utf8_is_ascii(value))
		return search_utf8(room, needle, value);
	buf_reset(&room->decoded);
	(void)mime_word_decode(&room->decoded, value);
	return search_utf8(room, needle, buf_str(&room->decoded));
}

bool
search_header(struct search_room *room, const struct search_needle *needle,
    struct str header)
{
	bool plain = needle->ascii && str_find(header, STR("=?")) < 0 &&
	    utf8_is_ascii(header);
	struct mime_field field;
	int found = plain ? scan_ascii(needle, header) : -1;

	/* A needle without blanks cannot lie across a fold. */
	if (found > 0)
		return true;
	if (found == 0 && str_chr(needle->folded, ' ') < 0 &&
	    str_chr(needle->folded, '\t') < 0)
		return false;
	while (mime_header_next(&header, &field)) {
		if (search_utf8(room, needle, field.name) ||
		    search_value(room, needle, field.value))
			return true;
	}
	return false;
}

bool
search_field(struct search_room *room, const struct search_needle *needle,
    struct str header, struct str name)
{
	struct mime_field field;

	while (mime_header_next(&header, &field))
		if (field.name.len > 0 && str_ieq(field.name, name) &&
		    (needle->folded.len == 0 ||
			search_value(room, needle, field.value)))
			return true;
	return false;
}

/* Is ASCII in this charset just ASCII? Not so in ISO-2022-JP, or UTF-16. */
static bool
is_ascii_superset(const struct mime_part *part)
{
	static const struct str prefixes[] = {
		{ "us-ascii", 8 },
		{ "utf-8", 5 },
		{ "iso-8859-", 9 },
		{ "windows-125", 11 },
	};
	const struct mime_param *charset =
	    mime_param_find(part->type.params, "charset");

	if (charset == NULL)
		return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_istarts(charset->value, prefixes[i]))
			return true;
	return false;
}

static bool
search_part(struct search_room *room, const struct search_needle *needle,
    const struct mime_part *part)
{
	bool as_it_is = part->encoding != MIME_BASE64 &&
	    part->encoding != MIME_QUOTED_PRINTABLE;

	if (part->kind != MIME_PART_LEAF || part->opaque ||
	    !mime_part_is(part, "text", NULL))
		return false;
	if (as_it_is && is_ascii_superset(part) && utf8_is_ascii(part->body))
		return search_utf8(room, needle, part->body);
	buf_reset(&room->decoded);
	(void)mime_part_text(&room->decoded, part);
	return search_utf8(room, needle, buf_str(&room->decoded));
}

bool
search_parts(struct search_room *room, const struct search_needle *needle,
    const struct mime_part *root)
{
	for (const struct mime_part *part = root; part != NULL;
	     part = mime_part_next(part)) {
		if (search_part(room, needle, part))
			return true;
		if (part != root && search_header(room, needle, part->header))
			return true;
	}
	return false;
}
