/*
 * message - a message of the queue in memory: its envelope and its state.
 *
 * The body stays on disk. A message is owned by qmgr's table of what lives;
 * it stays there until its last recipient is durably retired.
 */
#ifndef QMGR_MESSAGE_H
#define QMGR_MESSAGE_H

#include "base/list.h"
#include "qmgr/schedule.h"
#include "queue/record.h"
#include "seglog/seglog.h"

struct pool;
struct pool_segment;
struct qmgr;

struct message {
	struct list link; /* of its pool's segment */
	struct list age;  /* of qmgr's by_age */
	struct list side; /* of qmgr's unsaved, or of its pool's dying */
	struct queue_id id;
	struct queue_record record; /* strings in envelope; rcpts owned */
	char *envelope;             /* owned: what the record points into */
	size_t envelope_len; /* of its record on disk: prefix and body follow */
	char **reason;       /* owned: per recipient, NULL until one */
	size_t live;         /* recipients that are not retired */
	struct schedule_item due;
	struct pool *pool;
	struct pool_segment *segment; /* NULL: not on disk yet */
	struct seglog_place place;
	uint32_t jobs;      /* deliveries queued or under way */
	struct list queued; /* of them, those in a lane: struct job */
	uint32_t attempts;  /* since the last start */
	int64_t active;     /* us, when it became ready this time */
	bool stale;         /* its recipients differ from the disk's */
	bool in_table;      /* of times: see defer.h */
	bool in_ring;       /* recovery: a copy in the ring is to be moved */
	bool dying;         /* all retired, in memory */
	bool removed;       /* by the operator: says so in the log */
};

/*
 * A message of a record's bytes (with or without the body behind it): what
 * is needed is copied. NULL, err set: ERR_CORRUPT, ERR_SYNTAX.
 */
struct message *message_new(struct str bytes, struct err *err);
void message_free(struct message *message);

struct queue_recipient *message_rcpt(const struct message *message, size_t i);

/* Bytes of the message as it is sent: prefix, header and body. */
uint64_t message_size(const struct message *message);

/* "large/50000001F" */
enum { MESSAGE_LARGE_SIZE = 32 };
void message_large_path(char out[MESSAGE_LARGE_SIZE],
    const struct queue_id *id);

/* Remember why a recipient waits: shown to the operator, sent in bounces. */
void message_set_reason(struct message *message, size_t rcpt, const char *text);
const char *message_reason(const struct message *message, size_t rcpt);

/*
 * Other recipients: what is needed is copied. The numbers of the old ones, and
 * why they wait, stay. ERR_LIMIT.
 */
int message_set_rcpts(struct message *message,
    const struct queue_recipient *rcpt, size_t count, struct err *err);

/*
 * The record anew, with the states of now, as head and envelope in out (the
 * prefix and body of the old one follow it unchanged).
 */
int message_encode(const struct message *message, struct buf *out,
    struct err *err);

#endif
