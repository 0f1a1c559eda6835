/*
 * request - one thing a client asks for, from its frame to its answer.
 *
 * A request owns an arena with a copy of the decoded message, for the frame's
 * bytes are gone when its handler returns while the batch comes later. Who
 * asks is settled when the request is made: who is the session's user,
 * is_trusted lets a request name any user (lmtpd for its appends, ctl).
 */
#ifndef STORED_REQUEST_H
#define STORED_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "ipc/codec.h"
#include "store/format.h"
#include "store/who.h"

struct change;
struct request;
struct store_uids;

/*
 * Does the request's work in the batch at hand: fills the answer or calls
 * request_refuse(), and returns 0. A refused request has changed nothing, or
 * what it changed is right by itself. -1: the batch cannot go on (disk, index
 * full or damaged).
 *
 * A big one may do STORE_SLICE rows, set is_unfinished and be run again in
 * the next batch.
 */
typedef int request_fn(struct change *change, struct request *request,
    struct err *err);

struct request {
	struct list link;
	struct arena *arena; /* owned; holds all of this struct's strings */
	request_fn *fn;
	const struct ipc_msg *msg;
	const void *in; /* of msg */
	/* The session's user; user 0 and no name where there is none. */
	struct store_who who; /* in arena */
	bool is_trusted;
	/* A hello: what its ticket says that the user may store. */
	bool has_quota;
	uint64_t quota, quota_messages;
	size_t cost;         /* bytes it brings to the batch, about */
	int fd;              /* a large body, owned; -1 */
	char large_name[32]; /* and its name in the folder "large" */

	/* the answer: one of these two */
	const struct ipc_msg *answer_msg;
	void *answer;   /* in arena */
	struct err err; /* kind is ERR_NONE unless refused */

	/* of a request in slices */
	bool is_unfinished;
	unsigned phase;
	uint32_t next_uid;
	unsigned begun_phase; /* as they were before the batch at hand */
	uint32_t begun_uid;
	uint32_t work_mailbox;
	void *progress;                           /* in arena */
	void (*cleanup)(struct request *request); /* of progress; or NULL */
	struct engine *tasks; /* whose task it has, see task.h; NULL: none */
	struct str task;      /* its key, in arena */

	/* for whoever answers */
	void *owner; /* borrowed */
	uint16_t tag;
	int lane;
};

/*
 * A request with a deep copy of in. NULL, with err set, when it is over
 * max bytes. The caller sets who, is_trusted and owner.
 */
struct request *request_new(request_fn *fn, const struct ipc_msg *msg,
    const void *in, size_t max, struct err *err);
void request_free(struct request *request); /* NULL is fine */

/*
 * What whoever asks may do with a mailbox. The operator, who is trusted and
 * nobody's session, may do everything.
 */
uint32_t request_rights(const struct request *request,
    const struct store_mbox *mbox);

/*
 * What goes on from slice to slice of a request about a set of UIDs: size
 * bytes that begin with a struct store_uids. The first slice takes the set
 * apart and finds all else zero. cleanup NULL: only the set is to be cleared.
 * NULL: refused.
 */
void *request_progress(struct request *request, struct str uids, size_t size,
    void (*cleanup)(struct request *request));

/*
 * UIDs for an answer, in its wire form and in the arena. False, and *out
 * empty, where they are more than an answer takes (STORE_MSG_UIDS_MAX).
 */
bool request_put_uids(struct request *request, const struct store_uids *uids,
    struct str *out) MUST_USE;

/* Answer with an error. Returns 0. */
int request_refuse(struct request *request, enum err_kind kind, const char *fmt,
    ...) PRINTFLIKE(3, 4);
/* Room for the answer, zeroed, in the arena. */
void *request_answer(struct request *request, const struct ipc_msg *msg);

#endif
