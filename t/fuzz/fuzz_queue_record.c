/*
 * A record of the queue's log: head, table, prefix, body.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "queue/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_make(data, size), body;
	struct arena *arena = arena_new(8 << 20);
	struct queue_change *change;
	struct queue_record record;
	struct queue_id id;
	size_t count;
	struct err err;

	if (queue_record_parse(&record, &body, bytes, arena, &err) == 0 &&
	    record.prefix.len + body.len > size)
		panic("a record is longer than its bytes");
	if (queue_changes_parse(&change, &count, bytes, arena, &err) == 0 &&
	    count > QUEUE_CHANGES_MAX)
		panic("too many changes");
	(void)queue_id_parse(&id, bytes);
	(void)queue_id_parse_short(&id, 1, bytes);
	arena_free(arena);
	return 0;
}
