/*
 * Frames as another process may send them: taken apart and decoded by the
 * table the first byte chooses, then encoded again, which must give the same
 * bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/auth_msg.h"
#include "ipc/dns_msg.h"
#include "ipc/frame.h"
#include "ipc/handover_msg.h"
#include "ipc/queue_msg.h"
#include "ipc/rewrite_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ipc_msg *const tables[] = {
	&ipc_error_msg,
	&handover_msg,
	&handover_tls_msg,
	&auth_start_msg,
	&auth_step_msg,
	&queue_commit_msg,
	&queue_large_open_msg,
	&rewrite_rcpt_answer_msg,
	&rewrite_user_answer_msg,
	&dns_query_msg,
	&dns_answer_msg,
};

static void
again(const struct ipc_msg *msg, const void *in, struct str payload)
{
	struct ipc_fds fds = { .count = 0 };
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	if (ipc_encode(&out, &fds, msg, in, &err) < 0 ||
	    !str_eq(buf_str(&out), payload))
		abort();
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union {
		struct queue_commit commit;
		struct handover handover;
		struct auth_start start;
		char room[1024];
	} out;
	struct ipc_fds fds = { .count = 0 };
	struct arena *arena;
	struct frame frame;
	struct str in;
	struct err err;

	if (size == 0)
		return 0;
	in = str_make(data + 1, size - 1);
	arena = arena_new(1 << 20);
	while (frame_take(&in, &frame, &err) == 1) {
		const struct ipc_msg *msg = tables[data[0] % NELEMS(tables)];

		if (ipc_decode(&out, msg, frame.payload, &fds, arena, &err) ==
		    0)
			again(msg, &out, frame.payload);
	}
	arena_free(arena);
	return 0;
}
