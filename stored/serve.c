/*
 * serve - when batches run, and what happens between them: epochs of the
 * readers' pins, zeros for the next pack.
 */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "stored/orphan.h"
#include "stored/prune.h"
#include "stored/stored.h"
#include "stored/task.h"
#include "stored/upkeep.h"
#include "stored/upload.h"
#include "stored/watch.h"

enum {
	STEP_US = 20000,          /* between epochs */
	CHECK_SECONDS = 5,        /* between looks for old pins */
	COMPLAIN_SECONDS = 60,    /* between tries to end one reader */
	BATCH_REQUESTS = 1000,    /* offered to the engine at once */
	PRUNE_SECONDS = 6 * 3600, /* between looks for old tombstones */
	IDLE_US = 50000,          /* after a batch, before work ahead begins */
};

static void
schedule(struct stored *stored)
{
	static const struct timeval now = { 0, 0 };

	if (stored->is_batch_due)
		return;
	stored->is_batch_due = true;
	(void)event_add(stored->batch_event, &now);
}

void
serve_add(struct stored *stored, struct request *request, int lane)
{
	request->lane = lane;
	list_push(&stored->lane[lane], &request->link);
	schedule(stored);
}

/* Interactive requests first, each lane in the order it came. */
static void
fill(struct stored *stored, struct list *batch)
{
	unsigned count = 0;

	list_init(batch);
	for (int lane = 0; lane < LANES; lane++) {
		while (count < BATCH_REQUESTS &&
		    !list_is_empty(&stored->lane[lane])) {
			list_push(batch, list_pop(&stored->lane[lane]));
			count++;
		}
	}
}

/* What the engine did not take goes back where it was. */
static void
put_back(struct stored *stored, struct list *batch)
{
	while (!list_is_empty(batch)) {
		struct list *link = batch->prev;
		struct request *request = LIST_ITEM(link, struct request, link);

		list_remove(link);
		list_push_front(&stored->lane[request->lane], link);
	}
}

/* Answer the first done ones; those in slices wait for their next turn. */
static void
answer(struct stored *stored, struct list *batch, size_t done)
{
	while (done-- > 0) {
		struct request *request =
		    LIST_ITEM(batch->next, struct request, link);

		list_remove(&request->link);
		if (upkeep_owns(stored, request))
			upkeep_answer(stored, request);
		else if (request->is_unfinished &&
		    request->err.kind == ERR_NONE)
			list_push(&stored->lane[request->lane], &request->link);
		else
			client_answer(stored, request);
	}
}

/* What a request began and did not end is ended by one of our own. */
static void
tend(struct stored *stored)
{
	struct request *request;
	struct err err;

	while (stored->engine->tasks_left) {
		if (task_next(stored->engine, &request, &err) < 0) {
			log_warn("operations that were cut off: %s", err.text);
			return;
		}
		if (request != NULL)
			serve_add(stored, request, LANE_BULK);
	}
}

/* An idle stored sleeps: epochs and work ahead follow batches only. */
static void
after_batch(struct stored *stored)
{
	static const struct timeval step = { 0, STEP_US };
	static const struct timeval idle = { 0, IDLE_US };

	if (!event_pending(stored->step_event, EV_TIMEOUT, NULL))
		(void)event_add(stored->step_event, &step);
	(void)event_add(stored->idle_event, &idle);
}

static void
on_batch(evutil_socket_t fd, short what, void *arg)
{
	struct stored *stored = arg;
	uint64_t failures = stored->engine->failures;
	int64_t begun = time_mono();
	struct list batch;
	size_t done;

	(void)fd;
	(void)what;
	stored->is_batch_due = false;
	fill(stored, &batch);
	engine_batch(stored->engine, &batch, &done);
	if (stored->engine->is_failed) {
		log_error("the index is not known to be committed: starting "
			  "anew");
		exit(1);
	}
	daemon_count(stored->daemon, STAT_BATCHES, 1);
	daemon_observe(stored->daemon, STAT_COMMIT_TIME, time_mono() - begun);
	answer(stored, &batch, done);
	put_back(stored, &batch);
	if (stored->engine->failures == failures)
		tend(stored); /* else the disk is ill: on_check tries again */
	watch_tell(stored);
	after_batch(stored);
	for (int lane = 0; lane < LANES; lane++)
		if (!list_is_empty(&stored->lane[lane]))
			schedule(stored);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval step = { 0, STEP_US };
	struct stored *stored = arg;
	struct err err;

	(void)fd;
	(void)what;
	if (kv_pins_step(stored->pins, time_mono(), &err) < 0)
		log_warn("epoch: %s", err.text);
	if (kv_pins_epochs(stored->pins) > 1)
		(void)event_add(stored->step_event, &step);
}

/*
 * End a process that has held on to old pages for too long. Its pin stays
 * until it is gone, so that it never reads torn ones; where it is another
 * user's, master ends it.
 */
static void
end_reader(void *ctx, int64_t age)
{
	static const int64_t pause = (int64_t)COMPLAIN_SECONDS * TIME_SECOND;
	struct client *client = ctx;
	int64_t now = time_mono();
	int fd = -1;

	if (client->complained != 0 && now - client->complained < pause)
		return;
	client->complained = now;
	if (client->pid > 0)
		fd = (int)syscall(SYS_pidfd_open, client->pid, 0);
	log_warn("%s[%d] reads an old state since %lld s: ending it",
	    ipc_peer_role(client->peer), (int)client->pid,
	    (long long)(age / TIME_SECOND));
	if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0)
		daemon_end_reader(client->stored->daemon, client->pid,
		    (now - client->connected) / 1000);
	if (fd >= 0)
		(void)close(fd);
}

static void
on_check(evutil_socket_t fd, short what, void *arg)
{
	struct stored *stored = arg;

	(void)fd;
	(void)what;
	(void)kv_pins_check(stored->pins, time_mono(),
	    (int64_t)stored->conf.pin_max_age * TIME_SECOND, end_reader);
	tend(stored);
	(void)malloc_trim(0); /* what a rush of sessions left behind */
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, 1000 };
	struct stored *stored = arg;
	bool more = false;

	(void)fd;
	(void)what;
	engine_prepare(stored->engine, &more);
	if (more)
		(void)event_add(stored->idle_event, &soon);
}

static void
on_prune(evutil_socket_t fd, short what, void *arg)
{
	struct stored *stored = arg;

	(void)fd;
	(void)what;
	serve_add(stored, upload_prune_new(false), LANE_BULK);
	serve_add(stored, prune_new(), LANE_BULK);
}

static struct event *
timer(struct stored *stored, short flags, event_callback_fn fn)
{
	return event_new(daemon_base(stored->daemon), -1, flags, fn, stored);
}

int
serve_start(struct stored *stored, struct err *err)
{
	static const struct timeval check = { CHECK_SECONDS, 0 };
	static const struct timeval prune = { PRUNE_SECONDS, 0 };

	stored->batch_event = timer(stored, 0, on_batch);
	stored->step_event = timer(stored, 0, on_step);
	stored->check_event = timer(stored, EV_PERSIST, on_check);
	stored->idle_event = timer(stored, 0, on_idle);
	stored->prune_event = timer(stored, EV_PERSIST, on_prune);
	if (stored->batch_event == NULL || stored->step_event == NULL ||
	    stored->check_event == NULL || stored->idle_event == NULL ||
	    stored->prune_event == NULL)
		return err_set(err, ERR_TEMP, "libevent: no timer");
	(void)event_add(stored->check_event, &check);
	(void)event_add(stored->prune_event, &prune);
	after_batch(stored);
	tend(stored);
	serve_add(stored, upload_prune_new(true), LANE_BULK);
	if (upkeep_start(stored, err) < 0)
		return -1;
	return orphan_start(stored, err);
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
serve_stop(struct stored *stored)
{
	for (int lane = 0; lane < LANES; lane++)
		while (!list_is_empty(&stored->lane[lane]))
			request_free(LIST_ITEM(stored->lane[lane].next,
			    struct request, link));
	upkeep_stop(stored);
	free_event(stored->batch_event);
	free_event(stored->step_event);
	free_event(stored->check_event);
	free_event(stored->idle_event);
	free_event(stored->prune_event);
}
