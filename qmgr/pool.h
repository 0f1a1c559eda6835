/*
 * pool - one segment log of the queue, ring or spool, with what is known of
 * its segments and the changes that wait to be written to it.
 *
 * A segment is released once nothing in it lives, oldest first; changes to a
 * message are written to the pool where the message is, so what takes a
 * record back never goes before it.
 */
#ifndef QMGR_POOL_H
#define QMGR_POOL_H

#include "base/buf.h"
#include "qmgr/message.h"
#include "seglog/read.h"
#include "seglog/seglog.h"

struct pool_segment {
	struct list link;     /* of the pool, oldest first */
	struct list messages; /* that live in it */
	uint32_t number;
	size_t live;
	uint64_t bytes; /* of what lives */
	struct seglog_reader reader;
	bool readable; /* reader is open */
};

struct pool {
	const char *name; /* its folder too */
	struct seglog *log;
	struct list segments;
	struct queue_change *change; /* waiting to be written */
	size_t changes, changes_cap;
	struct list dying; /* messages whose last change is among them */
	size_t messages;
	uint64_t bytes; /* of the records that live */
};

int pool_open(struct pool *pool, const char *name,
    const struct seglog_options *options, struct seglog_recovery *recovery,
    struct err *err);
void pool_close(struct pool *pool);

/* The message's record is at place now. It leaves where it was before. */
void pool_attach(struct pool *pool, struct message *message,
    const struct seglog_place *place);
void pool_detach(struct message *message);

/* Its record, whole and checked, into out. ERR_CORRUPT, ERR_TEMP. */
int pool_read(struct message *message, struct buf *out, struct str *bytes,
    struct err *err);

/* Note a change; pool_commit writes it. */
void pool_change(struct pool *pool, const struct queue_id *id, uint32_t number,
    enum queue_state state);

/*
 * Write records (which may be none) and then all changes that wait, in as few
 * batches as they fit in, normally one. Of the records the first *written are
 * on disk, whatever is returned: all or none. The changes are on disk when 0
 * is returned, else they go on waiting.
 */
int pool_commit(struct pool *pool, struct seglog_record *record, size_t count,
    size_t *written, struct err *err);

/* Give back the oldest segments in which nothing lives. */
void pool_release(struct pool *pool);

size_t pool_segments(const struct pool *pool); /* on disk */

#endif
