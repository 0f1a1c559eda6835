/*
 * A parked POP3 session. A maildrop that unpacks must pack to the same bytes,
 * unless they were longer than they need be.
 */
#include "base/log.h"
#include "pop3d/park_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct maildrop drop = { 0 };
	struct park_state state;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	if (park_state_decode(&state, str_make(data, size), arena, &err) == 0 &&
	    park_state_unpack(&drop, state.count, state.items, &err) == 0) {
		park_state_pack(&out, &drop);
		if (out.len > state.items.len)
			panic("a maildrop packs to more than it came from");
	}
	buf_clear(&out);
	maildrop_clear(&drop);
	arena_free(arena);
	return 0;
}
