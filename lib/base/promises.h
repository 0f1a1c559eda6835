/*
 * promises - the words of which a daemon's seccomp list is made, and the
 * calls behind each word. syscalls.c makes the filter of them.
 *
 * A call stands here because a daemon with that word was seen to make it in
 * the test that watches a whole instance (t/e2e/jail/calls_seen.py), or
 * because its row says why it may be needed all the same. What a daemon may
 * do is printed by its option -L.
 */
#ifndef BASE_PROMISES_H
#define BASE_PROMISES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* A condition on one argument: (argument & mask) == value. mask 0: none. */
struct call_condition {
	unsigned arg;
	uint64_t mask, value;
};

struct permitted_call {
	int call;
	struct call_condition when;
	const char *why; /* NULL: the test sees it in every such daemon */
};

struct promise {
	const char *word;
	const struct permitted_call *calls;
	size_t calls_len;
};

/* The row of a word, NULL if there is none. */
const struct promise *promise_find(struct str word);

#endif
