/* A sequence-set: what is written from it reads back as the same set. */
#include <stdint.h>

#include "base/log.h"
#include "imap/seqset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct str in = str_make(data, size);
	struct seqset set, again;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	if (seqset_parse(&set, arena, &in, 77, &err) == 0) {
		for (size_t i = 1; i < set.len; i++)
			if (set.range[i].lo <= set.range[i - 1].hi + 1)
				panic("ranges touch");
		(void)seqset_put(&out, &set);
		in = buf_str(&out);
		if (seqset_parse(&again, arena, &in, 77, &err) < 0 ||
		    seqset_count(&set) != seqset_count(&again))
			panic("set changed");
		if (!seqset_has(&set, seqset_highest(&set)))
			panic("highest is not inside");
	}
	buf_clear(&out);
	arena_free(arena);
	return 0;
}
