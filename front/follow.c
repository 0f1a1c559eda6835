#include "front/follow.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "front/front.h"
#include "front/park.h"
#include "ipc/server.h"
#include "ipc/store_msg.h"
#include "net/connect.h"

enum { AT_ONCE = 64 }; /* sessions that notices may be starting */

struct follow {
	uint32_t mailbox;
	struct list followers;
};

struct follows {
	struct front *front;
	struct ipc_peer *peer; /* NULL: not connected */
	struct event retry;
	struct event go_on;
	struct hash *mailboxes; /* struct follow by number */
	struct list due;        /* followers to be woken */
	bool ends;
};

static struct follow *
find(struct follows *follows, uint32_t mailbox)
{
	return hash_get(follows->mailboxes,
	    str_make(&mailbox, sizeof(mailbox)));
}

static void
tell(struct follows *follows, uint32_t mailbox, bool on, uint64_t modseq)
{
	const struct store_follow msg = { mailbox, on, modseq };

	if (follows->peer != NULL)
		ipc_peer_send(follows->peer, &store_follow_msg, 0, &msg);
}

/* Nobody waits for this mailbox any more. */
static void
drop_if_empty(struct follows *follows, struct follow *follow)
{
	if (!list_is_empty(&follow->followers))
		return;
	tell(follows, follow->mailbox, false, 0);
	(void)hash_remove(follows->mailboxes,
	    str_make(&follow->mailbox, sizeof(follow->mailbox)));
	free(follow);
}

static void
on_notice(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct follows *follows = ipc_peer_ctx(peer);
	const struct store_notice *notice = in;
	struct follow *follow = find(follows, notice->mailbox);

	(void)tag;
	if (follow == NULL)
		return;
	LIST_FOREACH(link, &follow->followers)
	{
		struct follower *follower =
		    LIST_ITEM(link, struct follower, link);

		/* modseq 0: the mailbox has another name, or is gone */
		if (notice->modseq != 0 && notice->modseq <= follower->modseq)
			continue;
		list_remove(link);
		follower->follow = NULL;
		list_push(&follows->due, link);
	}
	drop_if_empty(follows, follow);
	follow_go_on(follows);
}

static const struct ipc_handler handlers[] = {
	{ &store_notice_msg, on_notice },
	{ NULL, NULL },
};

static void
again_soon(struct follows *follows)
{
	const struct timeval soon = { 0, 200000 };

	(void)event_add(&follows->retry, &soon);
}

static void
on_closed(struct ipc_peer *peer)
{
	struct follows *follows = ipc_peer_ctx(peer);

	follows->peer = NULL;
	if (!follows->ends && hash_len(follows->mailboxes) > 0)
		again_soon(follows);
}

/* stored says at once what we missed. */
static void
tell_all(struct follows *follows)
{
	struct str key;
	void *value;

	for (size_t it = 0; hash_next(follows->mailboxes, &it, &key, &value);) {
		struct follow *follow = value;

		LIST_FOREACH(link, &follow->followers)
		{
			tell(follows, follow->mailbox, true,
			    LIST_ITEM(link, struct follower, link)->modseq);
		}
	}
}

static void
connect_stored(struct follows *follows)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = on_closed,
	};
	struct err err;
	int fd;

	if (follows->peer != NULL)
		return;
	fd = connect_unix_nonblock("stored", &err);
	if (fd < 0) {
		again_soon(follows);
		return;
	}
	follows->peer =
	    ipc_peer_new(follows->front->base, fd, "stored", &ops, follows);
	tell_all(follows);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	connect_stored(arg);
}

static void
on_go_on(evutil_socket_t fd, short what, void *arg)
{
	struct follows *follows = arg;
	struct list *link;

	(void)fd;
	(void)what;
	while (follows->front->waking < AT_ONCE &&
	    (link = list_pop(&follows->due)) != NULL)
		park_wake(LIST_ITEM(link, struct follower, link)->conn);
}

void
follow_go_on(struct follows *follows)
{
	if (!list_is_empty(&follows->due))
		event_active(&follows->go_on, EV_TIMEOUT, 0);
}

struct follows *
follows_new(struct front *front)
{
	struct follows *follows = xcalloc(1, sizeof(*follows));

	follows->front = front;
	follows->mailboxes = hash_new();
	list_init(&follows->due);
	(void)event_assign(&follows->retry, front->base, -1, 0, on_retry,
	    follows);
	(void)event_assign(&follows->go_on, front->base, -1, 0, on_go_on,
	    follows);
	return follows;
}

void
follows_free(struct follows *follows)
{
	if (follows == NULL)
		return;
	follows->ends = true;
	(void)event_del(&follows->retry);
	(void)event_del(&follows->go_on);
	if (follows->peer != NULL) {
		ipc_peer_close(follows->peer);
		(void)event_base_loop(follows->front->base, EVLOOP_NONBLOCK);
	}
	hash_free(follows->mailboxes);
	free(follows);
}

void
follow_begin(struct follows *follows, struct follower *follower,
    struct conn *conn, uint32_t mailbox, uint64_t modseq)
{
	struct follow *follow = find(follows, mailbox);

	if (follow == NULL) {
		follow = xcalloc(1, sizeof(*follow));
		follow->mailbox = mailbox;
		list_init(&follow->followers);
		(void)hash_put(follows->mailboxes,
		    str_make(&follow->mailbox, sizeof(follow->mailbox)),
		    follow);
	}
	follower->follow = follow;
	follower->conn = conn;
	follower->modseq = modseq;
	list_push(&follow->followers, &follower->link);
	if (follows->peer == NULL)
		connect_stored(follows); /* tells of all */
	else
		tell(follows, mailbox, true, modseq);
}

void
follow_end(struct follows *follows, struct follower *follower)
{
	struct follow *follow = follower->follow;

	if (follower->conn == NULL)
		return;
	list_remove(&follower->link);
	follower->conn = NULL;
	follower->follow = NULL;
	if (follow != NULL)
		drop_if_empty(follows, follow);
}
