#include "mime/surrogate.h"

#include "base/utf8.h"
#include "mime/downgrade.h"

enum { HEADER_MAX = 16 << 20 /* bytes of a header made anew */ };

/* message/global whose content we rewrite: it becomes message/rfc822. */
static bool
is_global(const struct mime_part *part)
{
	return part->kind == MIME_PART_MESSAGE &&
	    mime_part_is(part, "message", "global") &&
	    part->encoding <= MIME_BINARY;
}

static void
add(struct mime_surrogate *out, struct str piece)
{
	if (piece.len == 0)
		return;
	out->piece[out->count++] = piece;
	out->size += piece.len;
}

/* The header of part in ASCII, in the arena. */
static int
make_header(struct str *made, struct arena *arena, const struct mime_part *part,
    struct err *err)
{
	struct buf header;
	int ret;

	buf_init(&header, HEADER_MAX);
	ret = mime_downgrade_header(&header, arena, part->header,
	    is_global(part), err);
	if (ret == 0)
		*made = arena_str(arena, buf_str(&header));
	buf_clear(&header);
	if (ret == 0 && made->p == NULL)
		ret = err_set(err, ERR_LIMIT, "surrogate: no room");
	return ret;
}

int
mime_surrogate_make(struct mime_surrogate *out, struct arena *arena,
    struct str message, struct err *err)
{
	const struct mime_part *part;
	struct mime_part *root;
	struct str rest = message, made = { 0 };
	size_t parts = 0;
	bool is_wide;

	*out = (struct mime_surrogate){ 0 };
	if (mime_part_parse(&root, NULL, arena, message, &mime_default_limits,
		err) < 0)
		return -1;
	is_wide = mime_part_is_wide(root);
	for (part = root; part != NULL; part = mime_part_next(part)) {
		parts++;
		if (is_wide && mime_part_is_hidden(part))
			return err_set(err, ERR_LIMIT, "too deep a structure");
	}
	out->piece = arena_calloc(arena, 2 * parts + 1, sizeof(*out->piece));
	if (out->piece == NULL)
		return err_set(err, ERR_LIMIT, "surrogate: no room");
	out->header = root->header.len;
	part = is_wide ? root : NULL;
	for (; part != NULL; part = mime_part_next(part)) {
		if (utf8_is_ascii(part->header) && !is_global(part))
			continue;
		if (make_header(&made, arena, part, err) < 0)
			return -1;
		add(out, str_make(rest.p, (size_t)(part->header.p - rest.p)));
		add(out, made);
		if (part == root)
			out->header = made.len;
		str_skip(&rest,
		    (size_t)(part->header.p + part->header.len - rest.p));
	}
	add(out, rest);
	return 0;
}
