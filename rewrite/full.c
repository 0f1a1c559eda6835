#include "rewrite/full.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "ipc/async.h"
#include "ipc/store_msg.h"

enum { EVERY_SECONDS = 5, TIMEOUT_MS = 10000 };

struct full {
	struct ipc_async *stored;
	struct event *timer;
	struct hash *names; /* of the last answer */
	bool asked;
};

static void
on_answer(void *ctx, const void *answer, const struct err *err)
{
	const struct store_full_list *list = answer;
	struct full *full = ctx;
	const struct store_word *word;

	(void)err;
	full->asked = false;
	hash_free(full->names);
	full->names = hash_new();
	if (list == NULL)
		return;
	word = list->users.items;
	for (size_t i = 0; i < list->users.count; i++)
		(void)hash_put(full->names, word[i].word, full);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct store_full question = { 0 };
	struct full *full = arg;

	(void)fd;
	(void)what;
	if (full->asked)
		return;
	full->asked = true;
	(void)ipc_async_call(full->stored, &store_full_msg, &question,
	    &store_full_list_msg, on_answer, full);
}

struct full *
full_new(struct event_base *base)
{
	static const struct timeval every = { EVERY_SECONDS, 0 };
	struct full *full = xcalloc(1, sizeof(*full));

	full->stored = ipc_async_new(base, "stored", TIMEOUT_MS);
	full->names = hash_new();
	full->timer = event_new(base, -1, EV_PERSIST, on_timer, full);
	if (full->timer == NULL)
		panic("event_new");
	(void)event_add(full->timer, &every);
	return full;
}

void
full_free(struct full *full)
{
	if (full == NULL)
		return;
	event_free(full->timer);
	ipc_async_free(full->stored);
	hash_free(full->names);
	free(full);
}

bool
full_has(const struct full *full, struct str owner)
{
	return full != NULL && hash_get(full->names, owner) != NULL;
}
