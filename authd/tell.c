#include "authd/tell.h"

#include <event2/event_struct.h>
#include <stdlib.h>

#include "auth/voids.h"
#include "base/alloc.h"
#include "base/time.h"
#include "ipc/store_msg.h"
#include "net/connect.h"

struct tell {
	struct authd *authd;
	struct ipc_peer *peer; /* NULL: not connected */
	struct event timer;
	struct voids *voids;
};

static void
send_one(void *ctx, struct str user, int64_t not_before, int64_t until)
{
	struct tell *tell = ctx;
	const struct store_void msg = { .user = user,
		.not_before = (uint64_t)not_before,
		.until = (uint64_t)until };

	ipc_peer_send(tell->peer, &store_void_msg, 0, &msg);
}

static void
again_in_a_second(struct tell *tell)
{
	const struct timeval second = { 1, 0 };

	(void)event_add(&tell->timer, &second);
}

static void
on_closed(struct ipc_peer *peer)
{
	struct tell *tell = ipc_peer_ctx(peer);

	if (tell->peer == NULL)
		return; /* we end */
	tell->peer = NULL;
	again_in_a_second(tell);
}

/* stored has nothing to say here. */
static const struct ipc_handler handlers[] = { { NULL, NULL } };

static void
connect_to_stored(struct tell *tell)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = on_closed,
	};
	struct err err;
	int fd = connect_unix_nonblock("stored", &err);

	if (fd < 0) {
		again_in_a_second(tell);
		return;
	}
	tell->peer = ipc_peer_new(daemon_base(tell->authd->daemon), fd,
	    "stored", &ops, tell);
	voids_each(tell->voids, send_one, tell);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	connect_to_stored(arg);
}

struct tell *
tell_new(struct authd *authd)
{
	struct tell *tell = xcalloc(1, sizeof(*tell));

	tell->authd = authd;
	tell->voids = voids_new(STORE_MSG_VOIDS_MAX);
	(void)event_assign(&tell->timer, daemon_base(authd->daemon), -1, 0,
	    on_timer, tell);
	connect_to_stored(tell);
	return tell;
}

void
tell_free(struct tell *tell)
{
	struct ipc_peer *peer;

	if (tell == NULL)
		return;
	(void)event_del(&tell->timer);
	peer = tell->peer;
	tell->peer = NULL;
	if (peer != NULL) {
		ipc_peer_close(peer);
		(void)event_base_loop(daemon_base(tell->authd->daemon),
		    EVLOOP_NONBLOCK);
	}
	voids_free(tell->voids);
	free(tell);
}

void
tell_void(struct tell *tell, struct str user, int64_t not_before)
{
	int64_t until, now = time_real() / TIME_SECOND;

	if (tell == NULL)
		return;
	until = not_before + tell->authd->conf.ticket_time + TICKET_SKEW;
	if (until <= now)
		return; /* no such ticket is good any more */
	voids_add(tell->voids, user, not_before, until, now);
	if (tell->peer != NULL)
		send_one(tell, user, not_before, until);
}

int64_t
tell_not_before(const struct tell *tell, struct str user)
{
	return tell == NULL ? 0 : voids_not_before(tell->voids, user);
}
