#include "stored/upkeep.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "stored/compact.h"
#include "stored/prune.h"
#include "stored/snapshot.h"

enum {
	STEP = 256 << 10,    /* bytes of a snapshot at a time */
	FORCED_US = 1000,    /* between steps that somebody waits for */
	FIRST_SECONDS = 600, /* after the start, when nobody asks */
};

enum phase { IDLE, PRUNE, SNAPSHOT, RELEASE, COMPACT };

struct upkeep {
	struct stored *stored;
	struct event *event;
	enum phase phase;
	unsigned rounds; /* to be done after this one */
	struct snapshot *snapshot;
	struct compact_list packs;
	size_t next;             /* of them */
	struct request *request; /* in a lane, or at rest; NULL: none */
	bool is_at_rest;         /* between two slices */
	uint64_t seen;           /* bytes that were waited for */
	/* for the log, and for the operator */
	struct client *client;
	uint16_t tag;
	uint64_t moved;
	unsigned compacted, released;
	uint64_t lsn; /* of the last round's snapshot */
};

static void
wait_us(struct upkeep *upkeep, int64_t us)
{
	struct timeval tv = { us / 1000000, us % 1000000 };

	(void)event_add(upkeep->event, &tv);
}

/* Until this many bytes more may be written. */
static void
wait_bytes(struct upkeep *upkeep, uint64_t bytes)
{
	uint64_t rate = upkeep->stored->conf.upkeep_rate;
	uint64_t us = bytes * 1000000 / rate;

	if (upkeep->client != NULL || us < FORCED_US)
		us = FORCED_US;
	wait_us(upkeep, (int64_t)us);
}

static void
wait_round(struct upkeep *upkeep)
{
	wait_us(upkeep,
	    (int64_t)upkeep->stored->conf.upkeep_interval * 1000000);
}

static void
answer(struct upkeep *upkeep, const struct err *err)
{
	struct store_admin_done out = { .checked = upkeep->released };
	char text[200];

	if (upkeep->client == NULL)
		return;
	(void)snprintf(text, sizeof(text),
	    "%u packs were copied (%llu bytes), %u are gone\n",
	    upkeep->compacted, (unsigned long long)upkeep->moved,
	    upkeep->released);
	out.text = str_of(text);
	if (err != NULL)
		ipc_peer_error(upkeep->client->peer, upkeep->tag, err);
	else
		ipc_peer_send(upkeep->client->peer, &store_admin_done_msg,
		    upkeep->tag, &out);
	upkeep->client = NULL;
}

static void
end(struct upkeep *upkeep, const struct err *err)
{
	if (err != NULL)
		log_warn("upkeep: %s", err->text);
	else if (upkeep->compacted > 0 || upkeep->released > 0)
		log_info("upkeep: %u packs copied (%llu bytes), %u removed",
		    upkeep->compacted, (unsigned long long)upkeep->moved,
		    upkeep->released);
	answer(upkeep, err);
	snapshot_free(upkeep->snapshot);
	free(upkeep->packs.pack);
	upkeep->packs = (struct compact_list){ 0 };
	upkeep->snapshot = NULL;
	upkeep->phase = IDLE;
	upkeep->rounds = 0;
	wait_round(upkeep);
}

static void
submit(struct upkeep *upkeep, struct request *request)
{
	request->owner = NULL;
	upkeep->request = request;
	upkeep->seen = 0;
	serve_add(upkeep->stored, request, LANE_BULK);
}

static int
begin_snapshot(struct upkeep *upkeep, struct err *err)
{
	struct engine *engine = upkeep->stored->engine;

	/* An idle store has nothing to be written again. */
	if (engine->snapshot_live != NULL &&
	    engine->snapshot_lsn == engine->state.lsn) {
		upkeep->phase = RELEASE;
		return 0;
	}
	upkeep->phase = SNAPSHOT;
	return snapshot_begin(&upkeep->snapshot, engine, err);
}

static int
step_snapshot(struct upkeep *upkeep, struct err *err)
{
	bool more;

	if (snapshot_step(upkeep->snapshot, STEP, &more, err) < 0)
		return -1;
	if (!more) {
		snapshot_free(upkeep->snapshot);
		upkeep->snapshot = NULL;
		upkeep->phase = RELEASE;
	}
	return 0;
}

static int
release(struct upkeep *upkeep, struct err *err)
{
	struct stored *stored = upkeep->stored;
	unsigned count;

	if (compact_release(stored->engine, &count, err) < 0)
		return -1;
	upkeep->released += count;
	daemon_count(stored->daemon, STAT_PACKS_REMOVED, count);
	free(upkeep->packs.pack);
	compact_choose(stored->engine, (unsigned)stored->conf.compact_below,
	    &upkeep->packs);
	upkeep->next = 0;
	upkeep->phase = COMPACT;
	return 0;
}

/* The next pack. */
static int
compact(struct upkeep *upkeep, struct err *err)
{
	struct request *request;

	request = compact_new(upkeep->stored->engine,
	    upkeep->packs.pack[upkeep->next++], err);
	if (request == NULL)
		return -1;
	upkeep->compacted++;
	submit(upkeep, request);
	return 0;
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *upkeep = arg;
	struct err err;
	int ret = 0;

	(void)fd;
	(void)what;
	if (upkeep->is_at_rest) {
		upkeep->is_at_rest = false;
		serve_add(upkeep->stored, upkeep->request, LANE_BULK);
		return;
	}
	switch (upkeep->phase) {
	case IDLE:
		upkeep->moved = upkeep->compacted = upkeep->released = 0;
		upkeep->phase = PRUNE;
		submit(upkeep, prune_new());
		return;
	case PRUNE:
		ret = begin_snapshot(upkeep, &err);
		break;
	case SNAPSHOT:
		ret = step_snapshot(upkeep, &err);
		break;
	case RELEASE:
		ret = release(upkeep, &err);
		break;
	case COMPACT:
		if (upkeep->next < upkeep->packs.count) {
			ret = compact(upkeep, &err);
			if (ret == 0)
				return; /* upkeep_answer goes on */
		} else if (upkeep->rounds > 0) {
			upkeep->rounds--;
			ret = begin_snapshot(upkeep, &err);
		} else {
			end(upkeep, NULL);
			return;
		}
		break;
	}
	if (ret < 0)
		end(upkeep, &err);
	else
		wait_bytes(upkeep, upkeep->phase == SNAPSHOT ? STEP : 0);
}

bool
upkeep_owns(const struct stored *stored, const struct request *request)
{
	return stored->upkeep != NULL && stored->upkeep->request == request;
}

/* Between slices a request waits here and not in its lane: for the rate. */
void
upkeep_answer(struct stored *stored, struct request *request)
{
	struct upkeep *upkeep = stored->upkeep;
	uint64_t moved = upkeep->phase == COMPACT ? compact_moved(request) : 0;
	uint64_t more = moved - upkeep->seen;
	struct err err = request->err;

	upkeep->seen = moved;
	upkeep->moved += more;
	daemon_count(stored->daemon, STAT_BYTES_MOVED, (int64_t)more);
	upkeep->is_at_rest = request->is_unfinished && err.kind == ERR_NONE;
	if (!upkeep->is_at_rest) {
		upkeep->request = NULL;
		request_free(request);
	}
	if (err.kind != ERR_NONE)
		end(upkeep, &err);
	else
		wait_bytes(upkeep, more);
}

int
upkeep_force(struct stored *stored, struct client *client, uint16_t tag,
    struct err *err)
{
	struct upkeep *upkeep = stored->upkeep;

	if (upkeep->client != NULL)
		return err_set(err, ERR_TEMP, "somebody else has asked for it");
	upkeep->client = client;
	upkeep->tag = tag;
	upkeep->rounds = 1;
	if (upkeep->request == NULL)
		wait_us(upkeep, 0);
	return 0;
}

void
upkeep_forget(struct stored *stored, const struct client *client)
{
	if (stored->upkeep != NULL && stored->upkeep->client == client)
		stored->upkeep->client = NULL;
}

int
upkeep_start(struct stored *stored, struct err *err)
{
	struct upkeep *upkeep = xcalloc(1, sizeof(*upkeep));
	int interval = stored->conf.upkeep_interval;

	stored->upkeep = upkeep;
	upkeep->stored = stored;
	upkeep->event =
	    event_new(daemon_base(stored->daemon), -1, 0, on_step, upkeep);
	if (upkeep->event == NULL)
		return err_set(err, ERR_TEMP, "libevent: no timer");
	if (interval > FIRST_SECONDS)
		interval = FIRST_SECONDS;
	wait_us(upkeep, (int64_t)interval * 1000000);
	return 0;
}

void
upkeep_stop(struct stored *stored)
{
	struct upkeep *upkeep = stored->upkeep;

	if (upkeep == NULL)
		return;
	stored->upkeep = NULL;
	if (upkeep->is_at_rest)
		request_free(upkeep->request);
	snapshot_free(upkeep->snapshot);
	free(upkeep->packs.pack);
	if (upkeep->event != NULL)
		event_free(upkeep->event);
	free(upkeep);
}
