#include "front/kick.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "front/exchange.h"
#include "front/front.h"
#include "ipc/server.h"
#include "net/connect.h"

struct kick {
	struct front *front;
	struct ipc_peer *peer; /* NULL: not connected */
	struct event timer;
};

static void
on_void(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct kick *kick = ipc_peer_ctx(peer);
	const struct auth_void *msg = in;

	(void)tag;
	LIST_FOREACH(link, &kick->front->conns)
	{
		struct conn *conn = LIST_ITEM(link, struct conn, link);

		if (!exchange_is_void(conn, msg->user, msg->not_before))
			continue;
		log_info("session=<%s> ended: the user's logins are void",
		    conn->session);
		if (conn->state == CONN_PARKED)
			conn_bye(conn, "login is no longer good");
		else
			conn_free(conn);
	}
}

static const struct ipc_handler handlers[] = {
	{ &auth_void_msg, on_void },
	{ NULL, NULL },
};

static void
again_in_a_second(struct kick *kick)
{
	const struct timeval second = { 1, 0 };

	(void)event_add(&kick->timer, &second);
}

static void
on_closed(struct ipc_peer *peer)
{
	struct kick *kick = ipc_peer_ctx(peer);

	if (kick->peer == NULL)
		return; /* we end */
	kick->peer = NULL;
	again_in_a_second(kick);
}

static void
listen_to_authd(struct kick *kick)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = on_closed,
	};
	const struct auth_watch watch = { 0 };
	struct err err;
	int fd = connect_unix_nonblock("authd", &err);

	if (fd < 0) {
		again_in_a_second(kick);
		return;
	}
	kick->peer = ipc_peer_new(kick->front->base, fd, "authd", &ops, kick);
	ipc_peer_send(kick->peer, &auth_watch_msg, 0, &watch);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_to_authd(arg);
}

struct kick *
kick_new(struct front *front)
{
	struct kick *kick = xcalloc(1, sizeof(*kick));

	kick->front = front;
	(void)event_assign(&kick->timer, front->base, -1, 0, on_timer, kick);
	listen_to_authd(kick);
	return kick;
}

void
kick_free(struct kick *kick)
{
	struct ipc_peer *peer;

	if (kick == NULL)
		return;
	(void)event_del(&kick->timer);
	peer = kick->peer;
	kick->peer = NULL;
	if (peer != NULL) {
		ipc_peer_close(peer);
		(void)event_base_loop(kick->front->base, EVLOOP_NONBLOCK);
	}
	free(kick);
}
