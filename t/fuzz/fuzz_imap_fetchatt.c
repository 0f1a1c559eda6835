/* FETCH items: the names of the answer are items again. */
#include <stdint.h>

#include "base/log.h"
#include "imap/fetchatt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "BODY[...]<3>" of an answer becomes "BODY[...]<3.1>" of a question. */
static void
check_name(struct arena *arena, const struct fetchatt *item)
{
	struct fetchatt_list list;
	struct buf out;
	struct err err;
	struct str in;

	buf_init(&out, 0);
	(void)fetchatt_put_name(&out, item);
	if (item->partial) {
		buf_truncate(&out, out.len - 1);
		(void)buf_addz(&out, ".1>");
	}
	in = buf_str(&out);
	if (fetchatt_parse(arena, &in, &list, &err) < 0 || in.len > 0 ||
	    list.item[0].kind != item->kind)
		panic("name does not parse");
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20), *other = arena_new(0);
	struct str in = str_make(data, size);
	struct fetchatt_list list;
	struct err err;

	if (fetchatt_parse(arena, &in, &list, &err) == 0)
		for (size_t i = 0; i < list.len; i++)
			check_name(other, &list.item[i]);
	arena_free(arena);
	arena_free(other);
	return 0;
}
