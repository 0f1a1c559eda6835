/*
 * qmgr - the queue, whose sole writer this process is.
 *
 * Follow a message: intake.c takes it from smtpd, batch.c makes the promise,
 * job.c, dest.c and agent.c deliver it, result.c says what became of it, pool.c
 * writes that down. What waits is in schedule.c and defer.c; spool.c moves
 * what stays; bounce.c and notify.c tell the sender; settle.c tells stored
 * what it may forget; admin.c serves the operator.
 *
 * One struct for the whole daemon. Nothing here waits for a peer; only the
 * disk is waited for, in batch.c and pool.c.
 */
#ifndef QMGR_QMGR_H
#define QMGR_QMGR_H

#include <event2/event.h>

#include "base/hash.h"
#include "base/list.h"
#include "ipc/async.h"
#include "ipc/server.h"
#include "qmgr/pool.h"
#include "qmgr/schedule.h"
#include "qmgr/window.h"
#include "service/daemon.h"

struct kv;
struct settle;

struct qmgr_conf {
	const char *hostname;
	size_t inline_limit, segment_size, ring_size, minfree;
	size_t message_limit, bounce_limit;
	int spool_after; /* seconds, as all times here */
	int lifetime, bounce_lifetime, delay_warning;
	int quarantine_keep;       /* 0: for ever */
	const char *double_bounce; /* who is told of them; "": nobody */
	int min_backoff, max_backoff;
	int agent_limit, agent_timeout;
	const char *remote_transports;
	int dest_limit, initial_limit, rcpt_limit; /* of any transport */
	int lmtp_limit, lmtp_rcpt_limit, smtp_limit, smtp_rcpt_limit;
	const char *grow, *shrink; /* feedback: see window.h */
	int cohort_limit;
};

enum {
	QMGR_ACCEPTED,
	QMGR_BATCHES,
	QMGR_BATCH_TIME,
	QMGR_DELIVERED,
	QMGR_DEFERRED,
	QMGR_BOUNCED,
	QMGR_MESSAGES,
	QMGR_BYTES,
	QMGR_DEFERRED_MESSAGES,
	QMGR_HELD_MESSAGES,
	QMGR_AGENTS,
	QMGR_DELIVERY_TIME,
	QMGR_SPOOLED,
	QMGR_REFUSED_FULL,
};

/* Messages on their way to disk: see batch.h. */
struct batch {
	struct list waiting;
	struct list doubted; /* large bodies of failed batches */
	size_t bytes;
	struct event *soon;  /* the batch at hand */
	struct event *later; /* changes that wait for company */
	bool later_set;
};

struct qmgr {
	struct qmgr_conf conf;
	struct daemon *daemon;
	struct event_base *base;
	uint64_t identity;
	uint32_t epoch, counter;
	int lock_fd; /* -1: not open */
	struct pool ring, spool;
	struct hash *live;  /* struct message, by queue_id_key */
	struct list by_age; /* the same, the oldest id first */
	struct batch batch;
	size_t held;  /* messages on hold */
	size_t stale; /* messages with other recipients than on disk */
	struct schedule schedule;
	struct event *due, *tick;
	struct kv *kv;       /* of the schedule; NULL: in memory only */
	struct list unsaved; /* messages whose time is not in kv yet */
	struct hash *gone;   /* keys whose row kv still has */
	struct window_feedback grow, shrink;
	struct list transports;
	size_t transports_len;
	bool serving;      /* recovery is over */
	bool recovered;    /* a destination works again: see dest_tick */
	int64_t forgotten; /* mono, us: when old destinations were */
	struct ipc_async *rewrite, *stored;
	struct settle *settle;
	struct ipc_listener *from_smtpd, *from_ctl;
	int64_t free_checked; /* mono, us */
	int64_t quarantine_looked;
	int64_t skew; /* real clock less monotonic, a second ago; us */
	uint64_t free_bytes;
};

/*
 * Recover the queue in the current folder and serve it on the daemon's loop
 * and descriptors; conf is filled. qmgr_stop also after a start that failed.
 */
int qmgr_start(struct qmgr *q, struct daemon *d, struct err *err);
void qmgr_stop(struct qmgr *q);
/* conf has changed. -1: something in it is wrong; what was goes on. */
int qmgr_reload(struct qmgr *q, struct err *err);

/* An id that nobody had before. */
struct queue_id qmgr_new_id(struct qmgr *q);

struct message *qmgr_find(struct qmgr *q, const struct queue_id *id);
/* It lives from now on, and no more. */
void qmgr_add(struct qmgr *q, struct message *message);
void qmgr_remove(struct qmgr *q, struct message *message);
/* After recovery, which adds in any order. */
void qmgr_sort(struct qmgr *q);

/* On hold, or not any more; durable with the next batch. */
void qmgr_set_held(struct qmgr *q, struct message *message, bool held);

#endif
