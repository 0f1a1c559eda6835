/* The arguments of SEARCH, SORT, THREAD: the tree keeps its bounds. */
#include <stdint.h>

#include "base/log.h"
#include "imap/searchkey.h"
#include "imap/sortkey.h"
#include "imap/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
count_keys(const struct searchkey *key, unsigned depth)
{
	unsigned count = 0;

	if (depth > SEARCHKEY_DEPTH + 2)
		panic("too deep");
	for (; key != NULL; key = key->next)
		count += 1 + count_keys(key->child, depth + 1);
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct searchkey_view view = { .seq = 7, .uid = 99 };
	struct arena *arena = arena_new(4 << 20);
	struct str in = str_make(data, size);
	struct searchkey_program program;
	struct sortkey_list sort;
	struct err err;

	if (searchkey_parse(arena, &in, &view, &program, &err) == 0 &&
	    count_keys(program.key, 0) > SEARCHKEY_MAX)
		panic("too many keys");
	in = str_make(data, size);
	if (sortkey_parse(&in, &sort, &err) == 0) {
		if (sort.len == 0 || sort.len > SORTKEY_MAX)
			panic("too many sort keys");
		if (token_sp(&in, &err) == 0)
			(void)searchkey_parse_criteria(arena, &in, &view,
			    &program, &err);
	}
	arena_free(arena);
	return 0;
}
