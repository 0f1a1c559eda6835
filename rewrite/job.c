#include "rewrite/job.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

enum { ARENA_MAX = 8 << 20 };

struct job_memo {
	struct job_memo *next;
	enum source_kind kind;
	struct str name;
	struct record *record;
};

struct job *
job_new(struct rewrite *rewrite, struct ipc_peer *peer, uint16_t tag,
    job_fn *fn, size_t state_size)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->rewrite = rewrite;
	job->peer = peer;
	job->tag = tag;
	job->fn = fn;
	job->began = time_mono();
	job->arena = arena_new(ARENA_MAX);
	job->state = arena_calloc(job->arena, 1, state_size);
	if (job->state == NULL)
		panic("job state of %zu bytes", state_size);
	list_push(&rewrite->jobs, &job->link);
	daemon_count(rewrite->daemon, STAT_QUESTIONS, 1);
	return job;
}

static void
job_free(struct job *job)
{
	for (struct job_memo *m = job->memos; m != NULL; m = m->next)
		record_unref(m->record);
	list_remove(&job->link);
	arena_free(job->arena);
	free(job);
}

void
job_forget_peer(struct rewrite *rewrite, struct ipc_peer *peer)
{
	LIST_FOREACH(link, &rewrite->jobs)
	{
		struct job *job = LIST_ITEM(link, struct job, link);

		if (job->peer == peer)
			job->peer = NULL;
	}
}

void
job_free_all(struct rewrite *rewrite)
{
	while (!list_is_empty(&rewrite->jobs))
		job_free(LIST_ITEM(rewrite->jobs.next, struct job, link));
}

void
job_run(struct job *job)
{
	struct rewrite *rewrite = job->rewrite;
	struct err err = { 0 };

	switch (job->fn(job, &err)) {
	case JOB_WAIT:
		return;
	case JOB_FAIL:
		daemon_count(rewrite->daemon, STAT_TROUBLE, 1);
		if (job->peer != NULL)
			ipc_peer_error(job->peer, job->tag, &err);
		break;
	case JOB_DONE:
		break;
	}
	daemon_observe(rewrite->daemon, STAT_TIME, time_mono() - job->began);
	job_free(job);
}

static bool
remember(struct job *job, enum source_kind kind, struct str name,
    struct record *record)
{
	struct job_memo *memo = arena_alloc(job->arena, sizeof(*memo));

	if (memo == NULL)
		return false;
	memo->kind = kind;
	memo->name = arena_str(job->arena, name);
	if (memo->name.p == NULL)
		return false;
	memo->record = record_ref(record);
	memo->next = job->memos;
	job->memos = memo;
	return true;
}

/* What a job waits for: it is in the job's arena until it came. */
struct wanted {
	struct job *job;
	enum source_kind kind;
	struct str name;
};

static void
on_record(void *ctx, struct record *record, const struct err *why)
{
	struct wanted *wanted = ctx;
	struct job *job = wanted->job;

	if (record != NULL &&
	    remember(job, wanted->kind, wanted->name, record)) {
		job_run(job);
		return;
	}
	daemon_count(job->rewrite->daemon, STAT_TROUBLE, 1);
	if (job->peer != NULL) {
		struct err err;

		(void)job_too_large(&err);
		ipc_peer_error(job->peer, job->tag, why != NULL ? why : &err);
	}
	job_free(job);
}

static enum job_result
fetch(struct job *job, enum source_kind kind, struct str name, struct err *err)
{
	struct wanted *wanted = arena_alloc(job->arena, sizeof(*wanted));

	if (wanted == NULL)
		return job_too_large(err);
	wanted->job = job;
	wanted->kind = kind;
	wanted->name = arena_str(job->arena, name);
	if (wanted->name.p == NULL)
		return job_too_large(err);
	daemon_count(job->rewrite->daemon, STAT_SEARCHES, 1);
	source_fetch(job->rewrite->source, kind, wanted->name, on_record,
	    wanted);
	return JOB_WAIT;
}

enum job_result
job_look(struct job *job, enum source_kind kind, struct str name,
    const struct record **out, struct err *err)
{
	struct record *record;

	for (struct job_memo *m = job->memos; m != NULL; m = m->next) {
		if (m->kind == kind && str_eq(m->name, name)) {
			*out = m->record;
			return JOB_DONE;
		}
	}
	record = source_get(job->rewrite->source, kind, name);
	if (record == NULL)
		return fetch(job, kind, name, err);
	daemon_count(job->rewrite->daemon, STAT_CACHED, 1);
	if (!remember(job, kind, name, record))
		return job_too_large(err);
	*out = record;
	return JOB_DONE;
}

enum job_result
job_answer(struct job *job, const struct ipc_msg *msg, const void *answer)
{
	if (job->peer != NULL)
		ipc_peer_send(job->peer, msg, job->tag, answer);
	return JOB_DONE;
}

enum job_result
job_too_large(struct err *err)
{
	(void)err_set(err, ERR_LIMIT, "expansion too large");
	return JOB_FAIL;
}
