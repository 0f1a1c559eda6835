/*
 * peers - the daemons smtpd asks: rewrite, dnsd, qmgr and authd; and what lies
 * outside.
 *
 * A session knows them by this table of functions; the daemon has the ones
 * of peers_ipc.c, tests have doubles. All answers live until the next
 * question to the same daemon, or in the arena given. Trouble on the way is
 * ERR_TEMP.
 */
#ifndef SMTPD_PEERS_H
#define SMTPD_PEERS_H

#include "ipc/auth_msg.h"
#include "ipc/dns_msg.h"
#include "ipc/queue_msg.h"
#include "ipc/rewrite_msg.h"
#include "queue/id.h"
#include "smtpd/outside.h"

struct peers_ops {
	int (*rcpt)(void *ctx, struct str address, struct str sender,
	    struct rewrite_rcpt_answer *answer, struct arena *arena,
	    struct err *err);
	int (*sender)(void *ctx, struct str user, struct str address,
	    bool *allowed, struct arena *arena, struct err *err);

	/* Trouble is an answer, too: dnsc/dnsc.h. */
	void (*dns)(void *ctx, struct str name, uint16_t type,
	    struct dns_answer *answer, struct arena *arena);

	/* A message begins; id is what logs and people will call it. */
	int (*begin)(void *ctx, char id[QUEUE_SHORT_SIZE], struct err *err);
	/* A file for a large body, the caller's to close. */
	int (*large)(void *ctx, uint64_t size_hint, int *fd, uint64_t *limit,
	    struct err *err);
	/*
	 * The promise: after 0 the message is on disk. ERR_LIMIT: no space.
	 * commit->id is theirs to set.
	 */
	int (*commit)(void *ctx, struct queue_commit *commit, struct err *err);

	/* A message of our own, in a transaction of its own. */
	int (*notice)(void *ctx, struct queue_commit *commit, struct err *err);
	/* A connection to a service that is none of our daemons. */
	int (*outside)(void *ctx, struct outside *o, const char *service,
	    int64_t deadline, struct err *err);

	/* One exchange at a time; start->id is theirs to set. */
	int (*auth_start)(void *ctx, struct auth_start *start,
	    struct auth_step *step, struct err *err);
	int (*auth_next)(void *ctx, struct str response, struct auth_step *step,
	    struct err *err);
	int (*auth_cancel)(void *ctx, struct auth_step *step, struct err *err);
	void (*auth_end)(void *ctx, struct str session, struct str user);
};

struct peers {
	const struct peers_ops *ops;
	void *ctx;
};

#endif
