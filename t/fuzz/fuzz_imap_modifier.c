/* Modifiers of SELECT, FETCH and STORE: the sets keep their promises. */
#include <stdint.h>

#include "base/log.h"
#include "imap/modifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct str in = str_make(data, size);
	struct modifier_select select;
	struct modifier_fetch fetch;
	struct modifier_store store;
	struct err err;

	if (modifier_parse_select(arena, &in, &select, &err) == 0 &&
	    seqset_count(&select.resync.match_seq) !=
		seqset_count(&select.resync.match_uid))
		panic("more numbers than UIDs");
	in = str_make(data, size);
	if (modifier_parse_fetch(&in, &fetch, &err) == 0 && fetch.vanished &&
	    !fetch.changed)
		panic("VANISHED alone");
	in = str_make(data, size);
	if (modifier_parse_store(&in, &store, &err) == 0 &&
	    store.conditional != (store.since <= INT64_MAX))
		panic("no condition");
	arena_free(arena);
	return 0;
}
