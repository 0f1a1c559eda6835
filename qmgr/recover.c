#include "qmgr/recover.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "base/time.h"
#include "qmgr/batch.h"

/* The file "queue": who we are. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_IDENTITY = 8,
	AT_EPOCH = 16,
	AT_CHECKSUM = 24,
	IDENTITY_SIZE = 32,
	VERSION = 1,
};

enum { LOCK_PATIENCE = 60000 /* ms */ };

static const uint32_t magic = 0x43515545; /* "CQUE" */

struct reading {
	struct qmgr *q;
	struct pool *pool;
	struct arena *arena;
};

static int
read_identity(struct qmgr *q, struct str bytes, struct err *err)
{
	if (bytes.len != IDENTITY_SIZE ||
	    num_get_u32(bytes.p + AT_MAGIC) != magic ||
	    num_get_u64(bytes.p + AT_CHECKSUM) !=
		hash_checksum(0, bytes.p, AT_CHECKSUM))
		return err_set(err, ERR_CORRUPT,
		    "file \"queue\" is damaged; without it the queue does "
		    "not know itself");
	if (num_get_u16(bytes.p + AT_VERSION) != VERSION)
		return err_set(err, ERR_SYNTAX,
		    "file \"queue\" has version %u, which is not known",
		    num_get_u16(bytes.p + AT_VERSION));
	q->identity = num_get_u64(bytes.p + AT_IDENTITY);
	q->epoch = num_get_u32(bytes.p + AT_EPOCH);
	return 0;
}

/*
 * Who we are, and a new epoch, durable before the first id is given: ids are
 * never used again. The first start draws the identity.
 */
static int
begin_epoch(struct qmgr *q, struct err *err)
{
	char bytes[IDENTITY_SIZE] = { 0 };
	struct buf file;
	int ret;

	buf_init(&file, 4096);
	ret = fs_read_file(AT_FDCWD, "queue", &file, err);
	if (ret == 0)
		ret = read_identity(q, buf_str(&file), err);
	else if (err->kind == ERR_NOENT) {
		while (q->identity == 0)
			q->identity = rand_u64();
		ret = 0;
	}
	buf_clear(&file);
	if (ret < 0)
		return -1;
	if (q->epoch == UINT32_MAX)
		return err_set(err, ERR_LIMIT, "no epochs are left");
	q->epoch++;
	num_put_u32(bytes + AT_MAGIC, magic);
	num_put_u16(bytes + AT_VERSION, VERSION);
	num_put_u64(bytes + AT_IDENTITY, q->identity);
	num_put_u32(bytes + AT_EPOCH, q->epoch);
	num_put_u64(bytes + AT_CHECKSUM, hash_checksum(0, bytes, AT_CHECKSUM));
	return fs_write_file(AT_FDCWD, "queue", str_make(bytes, sizeof(bytes)),
	    0600, err);
}

/* Forget a message that recovery made. */
static void
drop(struct qmgr *q, struct message *message)
{
	qmgr_remove(q, message);
	pool_detach(message);
	message_free(message);
}

static int
take_message(struct reading *reading, const struct seglog_found *found,
    struct err *err)
{
	struct message *message = message_new(found->bytes, err), *old;
	struct qmgr *q = reading->q;

	if (message == NULL)
		return -1;
	if (message->id.queue != q->identity) {
		message_free(message);
		return err_set(err, ERR_CORRUPT,
		    "%s: a record of another "
		    "queue",
		    reading->pool->name);
	}
	old = qmgr_find(q, &message->id);
	if (old != NULL && old->pool != reading->pool) {
		/* the spool's copy is the younger */
		old->in_ring = true;
		message_free(message);
		return 0;
	}
	if (old != NULL)
		drop(q, old); /* compaction copied it: this one counts */
	qmgr_add(q, message);
	pool_attach(reading->pool, message, &found->place);
	return 0;
}

static void
apply(struct reading *reading, const struct queue_change *change)
{
	struct queue_id id = { change->queue, change->epoch, change->counter };
	struct message *message = qmgr_find(reading->q, &id);

	if (message == NULL)
		return; /* its record went with an older segment */
	if (change->number == QUEUE_WHOLE) {
		if (change->state == QUEUE_MOVED &&
		    message->pool != reading->pool)
			message->in_ring = false;
		else if (change->state == QUEUE_MOVED)
			drop(reading->q, message);
		else if (message->pool != reading->pool)
			return;
		else if (change->state == QUEUE_WARNED)
			message->record.warned = true;
		else
			message->record.held = change->state == QUEUE_HELD;
		return;
	}
	if (change->number < message->record.rcpts.count &&
	    change->state <= QUEUE_REMOVED &&
	    message_rcpt(message, change->number)->state == QUEUE_LIVE) {
		message_rcpt(message, change->number)->state = change->state;
		message->live--;
	}
}

static int
take_record(void *ctx, const struct seglog_found *found, struct err *err)
{
	struct reading *reading = ctx;
	struct queue_change *change;
	enum queue_kind kind;
	size_t count;

	if (queue_record_kind(found->bytes, &kind, err) < 0)
		return -1;
	if (kind == QUEUE_MESSAGE)
		return take_message(reading, found, err);
	arena_reset(reading->arena);
	if (queue_changes_parse(&change, &count, found->bytes, reading->arena,
		err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		apply(reading, &change[i]);
	return 0;
}

static int
read_pool(struct qmgr *q, struct pool *pool, const char *name, struct err *err)
{
	struct seglog_options options = {
		.segment_size = q->conf.segment_size,
		.recycle = true,
	};
	struct reading reading = { .q = q, .pool = pool };
	struct seglog_recovery recovery = {
		.record = take_record,
		.ctx = &reading,
	};
	int ret;

	reading.arena = arena_new(8 << 20);
	ret = pool_open(pool, name, &options, &recovery, err);
	arena_free(reading.arena);
	if (ret == 0 && recovery.damaged > 0)
		log_error("%s: %llu damaged parts were set aside", name,
		    (unsigned long long)recovery.damaged);
	return ret;
}

/* Large bodies that no message names: their sessions ended half-way. */
static void
sweep_large(struct qmgr *q)
{
	DIR *dir = opendir("large");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct message *message = NULL;
		struct queue_id id;
		char path[300];

		if (entry->d_name[0] == '.')
			continue;
		if (queue_id_parse_short(&id, q->identity,
			str_of(entry->d_name)))
			message = qmgr_find(q, &id);
		if (message != NULL && message->record.is_large)
			continue;
		(void)snprintf(path, sizeof(path), "large/%s", entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/*
 * What is over already is not kept; what was caught between the pools is
 * moved for good, as the spool's copy is what counts from now on.
 */
static int
tidy(struct qmgr *q, struct err *err)
{
	struct message **done = xcalloc(hash_len(q->live) + 1, sizeof(*done));
	size_t it = 0, count = 0;
	struct str key;
	void *value;

	while (hash_next(q->live, &it, &key, &value)) {
		struct message *message = value;

		if (message->in_ring)
			pool_change(&q->ring, &message->id, QUEUE_WHOLE,
			    QUEUE_MOVED);
		if (message->live == 0)
			done[count++] = message;
	}
	/* before anything in the spool can be released */
	if (batch_flush(q, err) < 0) {
		free(done);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		drop(q, done[i]);
	free(done);
	it = 0;
	while (hash_next(q->live, &it, &key, &value)) {
		const struct message *message = value;

		q->held += message->record.held;
	}
	return 0;
}

/* Our folders, whose names must be durable before what is put in them. */
static int
make_folders(struct err *err)
{
	static const char *const names[] = { "large", "ring", "spool",
		"schedule" };

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (fs_mkdir(AT_FDCWD, names[i], 0700, err) < 0)
			return -1;
	}
	return fs_sync_dir(AT_FDCWD, ".", err);
}

/*
 * One qmgr a queue: another, whose master was killed, may have a batch on its
 * way to a slow disk, whose messages it would say are taken.
 */
static int
take_lock(struct qmgr *q, struct err *err)
{
	q->lock_fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (q->lock_fd < 0)
		return err_sys(err, "open lock");
	if (fs_lock(q->lock_fd, LOCK_PATIENCE, err) < 0)
		return err_prefix(err, "lock");
	return 0;
}

int
recover_queue(struct qmgr *q, struct err *err)
{
	int64_t from = time_mono();

	if (take_lock(q, err) < 0 || make_folders(err) < 0 ||
	    begin_epoch(q, err) < 0 ||
	    read_pool(q, &q->spool, "spool", err) < 0 ||
	    read_pool(q, &q->ring, "ring", err) < 0 || tidy(q, err) < 0)
		return -1;
	qmgr_sort(q);
	pool_release(&q->ring);
	pool_release(&q->spool);
	sweep_large(q);
	log_info("queue: %zu messages, start %u, read in %lld ms",
	    hash_len(q->live), q->epoch,
	    (long long)((time_mono() - from) / 1000));
	return 0;
}
