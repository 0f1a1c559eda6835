#include "stored/admin.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "stored/check.h"
#include "stored/upkeep.h"

enum { TEXT_MAX = 60 << 10 };

/* One at a time; a step between batches. */
struct verify_job {
	struct stored *stored;
	struct client *client;
	uint16_t tag;
	struct store_verify *verify;
	struct buf text;
	struct event *event;
};

static void
problem(void *ctx, const char *text)
{
	struct verify_job *job = ctx;

	log_error("verify: %s", text);
	if (job->text.len + strlen(text) + 1 <= TEXT_MAX)
		(void)buf_addf(&job->text, "%s\n", text);
}

static int
body(void *ctx, uint64_t blob, const struct store_blob *row, struct err *err)
{
	const struct verify_job *job = ctx;

	return check_body(job->stored->engine, blob, row, err);
}

static void
free_job(struct verify_job *job)
{
	job->stored->verify = NULL;
	event_free(job->event);
	store_verify_free(job->verify);
	buf_clear(&job->text);
	free(job);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, 1000 };
	struct verify_job *job = arg;
	struct store_admin_done out;
	struct err err;
	bool more;

	(void)fd;
	(void)what;
	if (store_verify_step(job->verify, &more, &err) < 0) {
		ipc_peer_error(job->client->peer, job->tag, &err);
		free_job(job);
		return;
	}
	if (more) {
		(void)event_add(job->event, &soon);
		return;
	}
	out = (struct store_admin_done){
		.checked = store_verify_rows(job->verify),
		.problems = store_verify_problems(job->verify),
		.text = buf_str(&job->text),
	};
	ipc_peer_send(job->client->peer, &store_admin_done_msg, job->tag, &out);
	free_job(job);
}

static int
start_verify(struct client *client, uint16_t tag, struct err *err)
{
	static const struct timeval now = { 0, 0 };
	struct stored *stored = client->stored;
	struct verify_job *job;
	struct store_verify_ops ops = { .problem = problem, .body = body };

	if (stored->verify != NULL)
		return err_set(err, ERR_TEMP, "a verify is running");
	job = xcalloc(1, sizeof(*job));
	ops.ctx = job;
	job->stored = stored;
	job->client = client;
	job->tag = tag;
	buf_init(&job->text, TEXT_MAX);
	job->verify = store_verify_new(stored->engine->kv, &ops);
	job->event =
	    event_new(daemon_base(stored->daemon), -1, 0, on_step, job);
	if (job->event == NULL)
		panic("libevent: no timer");
	(void)event_add(job->event, &now);
	stored->verify = job;
	return 0;
}

void
admin_forget(struct stored *stored, const struct client *client)
{
	upkeep_forget(stored, client);
	if (stored->verify != NULL && stored->verify->client == client)
		free_job(stored->verify);
}

/* The mark is on disk when this is answered; the next start sees it. */
static int
start_rebuild(struct client *client, uint16_t tag, struct err *err)
{
	struct store_admin_done out = { .text = STR("") };

	if (engine_ask_rebuild(client->stored->engine, err) < 0)
		return -1;
	log_info("rebuild was asked for: starting anew");
	ipc_peer_send(client->peer, &store_admin_done_msg, tag, &out);
	daemon_stop(client->stored->daemon);
	return 0;
}

void
admin_start(struct client *client, uint16_t tag, const struct store_admin *in)
{
	struct err err;
	int ret;

	switch (in->op) {
	case STORE_ADMIN_VERIFY:
		ret = start_verify(client, tag, &err);
		break;
	case STORE_ADMIN_REBUILD:
		ret = start_rebuild(client, tag, &err);
		break;
	case STORE_ADMIN_COMPACT:
		ret = upkeep_force(client->stored, client, tag, &err);
		break;
	default:
		ret = err_set(&err, ERR_SYNTAX, "admin: op %u", in->op);
	}
	if (ret < 0)
		ipc_peer_error(client->peer, tag, &err);
}
