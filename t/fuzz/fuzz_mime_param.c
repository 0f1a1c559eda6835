/*
 * Parameters: total, within the limit, each decodable to UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 20 };

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_params(const struct mime_param *param)
{
	size_t count = 0;
	struct buf out;

	buf_init(&out, 0);
	for (; param != NULL; param = param->next) {
		check(++count <= MAX);
		check(param->name.len > 0);
		check(str_chr(param->value, '\n') < 0);
		buf_reset(&out);
		check(mime_param_text(&out, param) == 0);
		check(utf8_is_valid(buf_str(&out)));
	}
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct arena *small = arena_new(300);
	struct str in = str_make(data, size);
	struct mime_value value;

	if (mime_content_type_parse(&value, arena, in, MAX) == 0)
		check(value.type.len > 0 && value.subtype.len > 0);
	check_params(value.params);
	(void)mime_disposition_parse(&value, arena, in, MAX);
	check_params(value.params);
	(void)mime_content_type_parse(&value, small, in, MAX);
	check_params(value.params);
	arena_free(arena);
	arena_free(small);
	return 0;
}
