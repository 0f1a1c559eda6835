/*
 * Header fields: whatever the bytes, the fields and the empty line are the
 * whole header, in order and without a gap.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/attr.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_field(struct arena *arena, const struct mime_field *field)
{
	struct str text = mime_header_unfold(arena, field->value);

	check(field->raw.len > 0);
	check(field->name.len + field->value.len <= field->raw.len);
	check(str_chr(text, '\n') < 0 && str_chr(text, '\0') < 0);
	check(text.len <= field->value.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str message = str_make(data, size), rest = message;
	struct arena *arena = arena_new(0);
	const char *at = message.p;
	struct mime_field field;

	while (mime_header_next(&rest, &field)) {
		check(field.raw.p == at);
		check_field(arena, &field);
		at += field.raw.len;
		check(rest.p == at);
	}
	check(message.len - rest.len == mime_header_size(message));
	check(rest.p >= at && rest.p - at <= 2);
	(void)mime_header_find(message, "subject", &field);
	arena_free(arena);
	return 0;
}
