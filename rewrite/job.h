/*
 * job - one question to rewrite, from its message to its answer.
 *
 * The work of a question is a function written as if records were at hand:
 * it asks job_look() for what it needs. When one is not in the cache the
 * function returns JOB_WAIT at once, and is called again from its start once
 * the record is here; the job keeps every record it has seen, so that second
 * runs go through, and see one consistent state. It must therefore change
 * nothing but its own state, and that only behind its last job_look().
 */
#ifndef REWRITE_JOB_H
#define REWRITE_JOB_H

#include "ipc/rewrite_msg.h"
#include "rewrite/rewrite.h"

enum job_result {
	JOB_DONE, /* the answer was sent */
	JOB_WAIT,
	JOB_FAIL /* err says why */
};

struct job;

typedef enum job_result job_fn(struct job *job, struct err *err);

struct job {
	struct list link; /* in rewrite->jobs */
	struct rewrite *rewrite;
	struct ipc_peer *peer; /* NULL: who asked is gone */
	uint16_t tag;
	int64_t began;
	job_fn *fn;
	struct arena *arena;
	void *state;            /* the function's own, in arena */
	struct job_memo *memos; /* records seen, with a reference each */
};

/* state is zeroed, of that size. Make the job, fill state, run it. */
struct job *job_new(struct rewrite *rewrite, struct ipc_peer *peer,
    uint16_t tag, job_fn *fn, size_t state_size);
void job_run(struct job *job);
/* The peer hung up: its jobs end unheard. */
void job_forget_peer(struct rewrite *rewrite, struct ipc_peer *peer);
void job_free_all(struct rewrite *rewrite);

/* JOB_DONE with *record borrowed from the job, or what to return. */
enum job_result job_look(struct job *job, enum source_kind kind,
    struct str name, const struct record **record, struct err *err);

/* Returns JOB_DONE. */
enum job_result job_answer(struct job *job, const struct ipc_msg *msg,
    const void *answer);

/* Says that the question had more to it than we take. */
enum job_result job_too_large(struct err *err);

/* The three questions: expand.c, user.c, sender.c. */
void expand_ask(struct ipc_peer *peer, uint16_t tag, const void *in);
void user_ask(struct ipc_peer *peer, uint16_t tag, const void *in);
void sender_ask(struct ipc_peer *peer, uint16_t tag, const void *in);

#endif
