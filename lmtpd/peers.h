/*
 * peers - the daemons lmtpd asks, behind a table of functions: a test puts
 * its own in their place.
 */
#ifndef LMTPD_PEERS_H
#define LMTPD_PEERS_H

#include "base/arena.h"
#include "base/err.h"
#include "ipc/rewrite_msg.h"
#include "ipc/store_msg.h"

/* Answers lie in the arena. ERR_TEMP: the peer, or what it needs, is away. */
struct peers_ops {
	int (*user)(void *ctx, struct str address,
	    struct rewrite_user_answer *answer, struct arena *arena,
	    struct err *err);
	/* 0: each target has its result. What is delivered is on disk. */
	int (*append)(void *ctx, const struct store_append *req,
	    struct arena *arena, struct store_appended *answer,
	    struct err *err);
};

struct peers {
	const struct peers_ops *ops;
	void *ctx;
};

#endif
