/*
 * The structure of a message: total, its parts inside their parents and the
 * limits kept; then every body is decoded and encoded, which must give the
 * same bytes back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mime/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_limits limits = { 5, 20, 10, 10 };

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static bool
is_inside(struct str inner, struct str outer)
{
	return inner.p >= outer.p && inner.p + inner.len <= outer.p + outer.len;
}

static void
check_round_trip(enum mime_encoding encoding, struct str body)
{
	struct buf coded, back;

	buf_init(&coded, 0);
	buf_init(&back, 0);
	check(mime_encode_all(&coded, encoding, body) == 0);
	check(mime_decode_all(&back, encoding, buf_str(&coded)) == 0);
	check(str_eq(buf_str(&back), body));
	buf_clear(&coded);
	buf_clear(&back);
}

static void
check_text(const struct mime_part *part)
{
	struct buf out;

	buf_init(&out, 0);
	check(mime_part_text(&out, part) == 0);
	buf_clear(&out);
	check_round_trip(MIME_BASE64, part->body);
	check_round_trip(MIME_QUOTED_PRINTABLE, part->body);
}

static unsigned
check_part(const struct mime_part *part, struct str outer, unsigned depth)
{
	unsigned count = 1;

	check(depth <= limits.max_depth);
	check(is_inside(part->body, outer));
	check(is_inside(part->header, outer));
	check(part->lines <= part->body.len);
	check(part->type.type.len > 0 && part->type.subtype.len > 0);
	check((part->child == NULL) == (part->kind == MIME_PART_LEAF));
	check((part->envelope == NULL) == (part->kind != MIME_PART_MESSAGE));
	if (part->kind == MIME_PART_LEAF)
		check_text(part);
	for (const struct mime_part *child = part->child; child != NULL;
	     child = child->next) {
		check(child->parent == part);
		count += check_part(child, outer, depth + 1);
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t section[] = { 1, 2, 1 };
	struct arena *arena = arena_new(0), *small = arena_new(3000);
	struct str message = str_make(data, size);
	struct mime_envelope envelope;
	struct mime_part *root;
	struct err err;

	check(mime_part_parse(&root, &envelope, arena, message, &limits,
		  &err) == 0);
	/* Empty children of empty multiparts do not count. */
	check(check_part(root, message, 0) <= 2 * (limits.max_parts + 1));
	(void)mime_part_find(root, section, 3);
	if (mime_part_parse(&root, NULL, small, message, &limits, &err) < 0)
		check(err.kind == ERR_LIMIT);
	arena_free(arena);
	arena_free(small);
	return 0;
}
