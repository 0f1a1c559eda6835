/*
 * Dates, and message ids by the same bytes: total, inside their ranges.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mime/date.h"
#include "mime/msgid.h"

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
	struct arena *arena = arena_new(0);
	struct str in = str_make(data, size), id;
	struct mime_date date;
	struct err err;

	if (mime_date_parse(in, &date, &err) == 0) {
		check(date.zone > -6000 && date.zone < 6000);
		check(date.seconds > -62167219200 - 86400 * 5);
		check(date.seconds < 253402300800 + 86400 * 5);
	} else {
		check(err.kind == ERR_SYNTAX);
	}
	while (mime_msgid_next(&in, &id)) {
		check(id.len > 0);
		check(mime_msgid_normal(arena, id).len <= id.len);
	}
	check(in.len == 0);
	arena_free(arena);
	return 0;
}
