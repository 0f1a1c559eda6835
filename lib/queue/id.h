/*
 * id - a queue id: which queue, which start of it, which message.
 *
 * Given when a transaction begins, kept in every copy of the message, never
 * used again: the queue's identity is drawn at random once for ever, the
 * epoch grows by one a start of qmgr, the counter by one an id.
 *
 * Written in full, "8f3a91c2d07b5e64.5.1f", it goes to agents and to the
 * store, which remembers deliveries by it. People and logs see the short
 * form, "5" and "0000001F" together, unique within one queue: upper-case
 * hexadecimal digits, as Postfix's are.
 */
#ifndef QUEUE_ID_H
#define QUEUE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
	QUEUE_ID_SIZE = 40,    /* a buffer for the full form */
	QUEUE_SHORT_SIZE = 20, /* and one for the short */
};

struct queue_id {
	uint64_t queue;
	uint32_t epoch;
	uint32_t counter;
};

const char *queue_id_format(char out[QUEUE_ID_SIZE], const struct queue_id *id);
const char *queue_id_short(char out[QUEUE_SHORT_SIZE],
    const struct queue_id *id);

/* Only what queue_id_format writes. */
bool queue_id_parse(struct queue_id *id, struct str text);
/* The short form, of that queue. Lower case is taken too. */
bool queue_id_parse_short(struct queue_id *id, uint64_t queue, struct str text);

/* The short form of a full id; of anything else, the text itself cut. */
const char *queue_id_shorten(char out[QUEUE_SHORT_SIZE], struct str full);

/* The key under which tables keep a message: 16 bytes in order of age. */
enum { QUEUE_KEY_SIZE = 16 };
void queue_id_key(char out[QUEUE_KEY_SIZE], const struct queue_id *id);

static inline bool
queue_id_eq(const struct queue_id *a, const struct queue_id *b)
{
	return a->queue == b->queue && a->epoch == b->epoch &&
	    a->counter == b->counter;
}

#endif
