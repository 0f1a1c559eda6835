/*
 * A parked IMAP session: the first byte is how many messages its mailbox has,
 * the rest the state. What unpacks must pack to a view that unpacks alike.
 */
#include "base/log.h"
#include "imapd/park_state.h"
#include "imapd/view_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
unpack(struct view *view, const struct park_state *state, struct err *err)
{
	if (view_unpack_expunged(view, state->expunged, err) < 0 ||
	    view_unpack_flags(view, state->flags, err) < 0)
		return -1;
	return view_unpack_recent(view, state->recent, err);
}

static void
check(const struct view *view, uint32_t rows)
{
	struct view again = { 0 };
	struct buf flags, recent, expunged;
	struct park_state state;
	struct err err;

	buf_init(&flags, 0);
	buf_init(&recent, 0);
	buf_init(&expunged, 0);
	view_pack_flags(&flags, view);
	view_pack_recent(&recent, view);
	view_pack_expunged(&expunged, view);
	state.flags = buf_str(&flags);
	state.recent = buf_str(&recent);
	state.expunged = buf_str(&expunged);
	for (uint32_t uid = 1; uid <= rows; uid++)
		(void)view_insert(&again, uid * 2, 0, 0, false);
	if (unpack(&again, &state, &err) < 0)
		panic("a view does not unpack: %s", err.text);
	if (view_checksum(&again) != view_checksum(view) ||
	    again.recent != view->recent || again.expunged != view->expunged)
		panic("a view unpacks to another");
	view_clear(&again);
	buf_clear(&flags);
	buf_clear(&recent);
	buf_clear(&expunged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct park_state state;
	struct view view = { 0 };
	struct err err;

	if (size > 0 &&
	    park_state_decode(&state, str_make(data + 1, size - 1), arena,
		&err) == 0) {
		for (uint32_t uid = 1; uid <= data[0]; uid++)
			(void)view_insert(&view, uid * 2, 0, 0, false);
		if (unpack(&view, &state, &err) == 0)
			check(&view, data[0]);
	}
	view_clear(&view);
	arena_free(arena);
	return 0;
}
