#include "seglog/walk.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "seglog/batch.h"

int
seglog_walk_init(struct seglog_walk *walk, int fd, struct err *err)
{
	*walk = (struct seglog_walk){ .next = SUPERBLOCK_SIZE };
	if (seglog_reader_init(&walk->reader, fd, err) < 0)
		return -1;
	walk->area = xmalloc(batch_area(BATCH_COUNT_MAX));
	return 0;
}

void
seglog_walk_clear(struct seglog_walk *walk)
{
	free(walk->area);
	walk->area = NULL;
}

/* Header and table of the batch at walk->next. ERR_CORRUPT: none. */
static int
read_table(struct seglog_walk *walk, struct batch *batch, struct err *err)
{
	const struct superblock *super = &walk->reader.super;
	int fd = walk->reader.fd;
	size_t len;

	if (walk->next + BATCH_ALIGN > super->size)
		return err_set(err, ERR_CORRUPT, "end of the segment");
	if (fs_pread_all(fd, walk->area, BATCH_ALIGN, (off_t)walk->next, err) <
		0 ||
	    batch_parse(batch, str_make(walk->area, BATCH_ALIGN), super,
		walk->next, err) < 0)
		return -1;
	len = batch_area(batch->count);
	if (len > BATCH_ALIGN &&
	    fs_pread_all(fd, walk->area, len, (off_t)walk->next, err) < 0)
		return -1;
	return batch_check(batch, str_make(walk->area, len), super, err);
}

int
seglog_walk_next(struct seglog_walk *walk, struct seglog_place *place,
    struct err *err)
{
	struct batch_entry entry;
	struct batch batch;

	while (walk->at == walk->count) {
		if (read_table(walk, &batch, err) < 0)
			return err->kind == ERR_CORRUPT ? 0 : -1;
		walk->offset = walk->next;
		walk->next += batch.length;
		walk->at = 0;
		walk->count = batch.count;
	}
	batch_entry_get(&entry, str_make(walk->area, batch_area(walk->count)),
	    walk->at++);
	*place = (struct seglog_place){ walk->reader.super.number, entry.length,
		walk->offset + entry.at };
	return 1;
}
