/*
 * Surrogates of any message: headers in ASCII in every part that the parser
 * finds, of the size that was said, and one of the surrogate is itself. What
 * is not UTF-8 may stay as it is.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/header.h"
#include "mime/surrogate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(8 << 20);
	struct arena *small = arena_new(2000);
	struct str in = str_make(data, size), made;
	struct mime_surrogate one, two;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	if (mime_surrogate_make(&one, arena, in, &err) == 0) {
		for (size_t i = 0; i < one.count; i++)
			(void)buf_add_str(&out, one.piece[i]);
		made = buf_str(&out);
		check(made.len == one.size && one.header <= made.len);
		if (utf8_is_valid(in) || !str_eq(made, in)) {
			check(utf8_is_ascii(str_sub(made, 0, one.header)));
			check(utf8_is_ascii(
			    str_sub(made, 0, mime_header_size(made))));
		}
		if (mime_surrogate_make(&two, arena, made, &err) == 0 &&
		    utf8_is_ascii(in))
			check(str_eq(made, in));
	} else {
		check(err.kind == ERR_LIMIT);
	}
	(void)mime_surrogate_make(&two, small, in, &err);
	buf_clear(&out);
	arena_free(arena);
	arena_free(small);
	return 0;
}
