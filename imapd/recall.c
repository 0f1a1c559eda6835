#include "imapd/recall.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void
forget(struct recall_answer *answer)
{
	free(answer->memory);
	*answer = (struct recall_answer){ 0 };
}

/* Those before it move back, so that it is the first. */
static void
move_to_front(struct recall *recall, size_t at)
{
	struct recall_answer one = recall->answer[at];

	memmove(&recall->answer[1], &recall->answer[0],
	    at * sizeof(recall->answer[0]));
	recall->answer[0] = one;
}

const struct recall_answer *
recall_find(struct recall *recall, struct str name)
{
	for (size_t i = 0; i < RECALL_ANSWERS; i++) {
		if (recall->answer[i].memory == NULL ||
		    !str_eq(recall->answer[i].name, name))
			continue;
		move_to_front(recall, i);
		return &recall->answer[0];
	}
	return NULL;
}

static void
make(struct recall_answer *answer, struct str name, const uint32_t *uid,
    size_t len, struct str bytes)
{
	size_t uids = len * sizeof(*uid);
	char *memory = xmalloc(answer->size);

	answer->memory = memory;
	answer->len = len;
	answer->uid = answer->memory;
	if (len > 0)
		memcpy(memory, uid, uids);
	answer->bytes = str_make(memory + uids, bytes.len);
	if (bytes.len > 0)
		memcpy(memory + uids, bytes.p, bytes.len);
	answer->name = str_make(memory + uids + bytes.len, name.len);
	memcpy(memory + uids + bytes.len, name.p, name.len);
}

void
recall_keep(struct recall *recall, struct str name, const uint32_t *uid,
    size_t len, struct str bytes)
{
	struct recall_answer *answer = recall->answer;
	size_t sum, at = RECALL_ANSWERS - 1;

	if (recall_find(recall, name) != NULL)
		at = 0;
	forget(&answer[at]);
	/* Whoever has that many messages waits for each answer. */
	if (len > RECALL_BYTES / sizeof(*uid) || bytes.len > RECALL_BYTES ||
	    len * sizeof(*uid) + bytes.len + name.len > RECALL_BYTES)
		return;
	answer[at].size = len * sizeof(*uid) + bytes.len + name.len;
	make(&answer[at], name, uid, len, bytes);
	move_to_front(recall, at);
	sum = 0;
	for (size_t i = 0; i < RECALL_ANSWERS; i++) {
		sum += answer[i].size;
		if (sum > RECALL_BYTES)
			forget(&answer[i]);
	}
}

void
recall_clear(struct recall *recall)
{
	for (size_t i = 0; i < RECALL_ANSWERS; i++)
		forget(&recall->answer[i]);
}
