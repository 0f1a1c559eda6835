#include "ipc/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/list.h"
#include "base/log.h"
#include "net/fdpass.h"
#include "net/listen.h"

enum {
	READ_FIRST = 3072,    /* most frames are short, and most peers too */
	READ_ROOM = 65536,    /* for who filled that; never for secrets */
	DECODE_MAX = 8 << 20, /* lists of one message */
	ACCEPT_BURST = 64,
	ACCEPT_REST_MS = 100,
	PENDING_FDS_MAX = 64,
};

/* Descriptors wait for their frame's first byte to be written. */
struct pending_fds {
	struct list link;
	size_t at; /* that byte's place, counted from the peer's first */
	struct ipc_fds fds;
};

struct ipc_peer {
	struct list link; /* in the listener's, else alone */
	struct event_base *base;
	struct event *read_event, *write_event, *close_event;
	int fd;
	const char *role;
	const struct ipc_peer_ops *ops;
	void *ctx, *data;
	struct buf in, out;
	size_t out_done;  /* bytes of out already written */
	size_t out_start; /* the place of out's first byte */
	struct list pending;
	int fds[PENDING_FDS_MAX]; /* came, not taken yet */
	int fds_count;
	struct arena *arena;
	const struct ipc_msg *current; /* being handled */
	bool held, closing, writing;
	bool is_busy; /* reads fill their room */
};

struct ipc_listener {
	struct event *event;
	struct event *rest; /* until there may be descriptors again */
	bool told;          /* that there were none, and nobody let in since */
	struct event_base *base;
	const char *role;
	const struct ipc_peer_ops *ops;
	void *ctx;
	struct list peers;
};

static void
peer_free(struct ipc_peer *peer)
{
	struct list *link;

	if (peer->ops->closed != NULL)
		peer->ops->closed(peer);
	list_remove(&peer->link);
	event_free(peer->read_event);
	event_free(peer->write_event);
	event_free(peer->close_event);
	(void)close(peer->fd);
	while (peer->fds_count > 0)
		(void)close(peer->fds[--peer->fds_count]);
	while ((link = list_pop(&peer->pending)) != NULL) {
		struct pending_fds *pending =
		    LIST_ITEM(link, struct pending_fds, link);

		ipc_fds_close(&pending->fds);
		free(pending);
	}
	buf_clear(&peer->in);
	buf_clear(&peer->out);
	arena_free(peer->arena);
	free(peer);
}

static void
on_close(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peer_free(arg);
}

void
ipc_peer_close(struct ipc_peer *peer)
{
	if (peer->closing)
		return;
	peer->closing = true;
	(void)event_del(peer->read_event);
	(void)event_del(peer->write_event);
	event_active(peer->close_event, EV_TIMEOUT, 0);
}

static void
wrong(struct ipc_peer *peer, const struct err *err)
{
	log_warn("connection from %s closed: %s", peer->role, err->text);
	ipc_peer_close(peer);
}

static const struct ipc_handler *
find_handler(const struct ipc_peer *peer, uint16_t type)
{
	const struct ipc_handler *row = peer->ops->handlers;

	for (; row->msg != NULL; row++) {
		if (row->msg->type == type)
			return row;
	}
	return NULL;
}

/* Decode one frame and hand it on. -1 when the peer must go. */
static int
dispatch(struct ipc_peer *peer, const struct frame *frame, struct err *err)
{
	const struct ipc_handler *row = find_handler(peer, frame->type);
	struct ipc_fds fds = { .count = 0 };
	void *in;
	int ret;

	if (row == NULL)
		return err_set(err, ERR_CORRUPT, "message %u unknown here",
		    frame->type);
	if (frame->fds > peer->fds_count)
		return err_set(err, ERR_CORRUPT, "descriptors missing");
	fds.count = frame->fds;
	memcpy(fds.fd, peer->fds, (size_t)fds.count * sizeof(int));
	peer->fds_count -= fds.count;
	memmove(peer->fds, peer->fds + fds.count,
	    (size_t)peer->fds_count * sizeof(int));
	in = arena_alloc(peer->arena, row->msg->size);
	ret = ipc_decode(in, row->msg, frame->payload, &fds, peer->arena, err);
	ipc_fds_close(&fds);
	peer->current = row->msg;
	if (ret == 0)
		row->fn(peer, frame->tag, in);
	arena_reset(peer->arena);
	return ret;
}

static void
take_frames(struct ipc_peer *peer)
{
	struct str in = buf_str(&peer->in);
	struct frame frame;
	struct err err;

	while (!peer->held && !peer->closing) {
		int got = frame_take(&in, &frame, &err);

		if (got < 0 || (got > 0 && dispatch(peer, &frame, &err) < 0))
			wrong(peer, &err);
		if (got <= 0)
			break;
	}
	buf_consume(&peer->in, peer->in.len - in.len);
	if (peer->in.len == 0)
		buf_clear(&peer->in); /* thousands may be idle */
}

static void
keep_fds(struct ipc_peer *peer, const int *fds, int count)
{
	for (int i = 0; i < count; i++) {
		if (peer->fds_count < PENDING_FDS_MAX)
			peer->fds[peer->fds_count++] = fds[i];
		else
			(void)close(fds[i]);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_peer *peer = arg;
	size_t want = frame_size(buf_str(&peer->in));
	/* All of a secret one's is wiped, used or not. */
	size_t least =
	    peer->is_busy && !peer->in.secret ? READ_ROOM : READ_FIRST;
	int fds[FDPASS_MAX], count;
	char *room;
	ssize_t n;

	(void)what;
	want = want > peer->in.len ? want - peer->in.len : 0;
	if (want > FRAME_PAYLOAD_MAX)
		want = 0; /* take_frames will refuse it */
	if (want < least)
		want = least;
	room = buf_reserve(&peer->in, want);
	n = fdpass_recv(fd, room, want, fds, &count);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		take_frames(peer); /* what came before a hold ended */
		return;
	}
	if (n <= 0) {
		ipc_peer_close(peer);
		return;
	}
	if ((size_t)n == want)
		peer->is_busy = true;
	else if (n < READ_FIRST)
		peer->is_busy = false;
	peer->in.len += (size_t)n;
	keep_fds(peer, fds, count);
	take_frames(peer);
}

static void
write_more(struct ipc_peer *peer, bool yes)
{
	if (peer->writing == yes || peer->closing)
		return;
	peer->writing = yes;
	if (yes)
		(void)event_add(peer->write_event, NULL);
	else
		(void)event_del(peer->write_event);
}

/*
 * The run to write next: from out_done up to the next frame that has
 * descriptors of its own, with those that belong to its first byte.
 */
static size_t
next_run(struct ipc_peer *peer, struct pending_fds **with)
{
	size_t from = peer->out_start + peer->out_done;
	size_t end = peer->out_start + peer->out.len;

	*with = NULL;
	LIST_FOREACH(link, &peer->pending)
	{
		struct pending_fds *pending =
		    LIST_ITEM(link, struct pending_fds, link);

		if (pending->at == from) {
			*with = pending;
			continue;
		}
		end = pending->at;
		break;
	}
	return end - from;
}

static void
drain(struct ipc_peer *peer)
{
	static const struct ipc_fds none = { .count = 0 };

	while (peer->out_done < peer->out.len) {
		struct pending_fds *with;
		size_t len = next_run(peer, &with);
		const struct ipc_fds *fds = with != NULL ? &with->fds : &none;
		ssize_t n = fdpass_send(peer->fd, peer->out.p + peer->out_done,
		    len, fds->fd, fds->count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			ipc_peer_close(peer);
			return;
		}
		if (with != NULL) {
			list_remove(&with->link);
			ipc_fds_close(&with->fds);
			free(with);
		}
		peer->out_done += (size_t)n;
	}
	if (peer->out_done == peer->out.len || peer->out_done > READ_ROOM) {
		buf_consume(&peer->out, peer->out_done);
		peer->out_start += peer->out_done;
		peer->out_done = 0;
	}
	if (peer->out.len == 0)
		buf_clear(&peer->out);
	write_more(peer, peer->out_done < peer->out.len);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

/* fd does not block. */
static struct ipc_peer *
peer_new(struct event_base *base, int fd, const char *role,
    const struct ipc_peer_ops *ops, void *ctx)
{
	struct ipc_peer *peer = xcalloc(1, sizeof(*peer));

	list_init(&peer->link);
	list_init(&peer->pending);
	peer->base = base;
	peer->fd = fd;
	peer->role = role;
	peer->ops = ops;
	peer->ctx = ctx;
	buf_init(&peer->in, 0);
	buf_init(&peer->out, 0);
	peer->in.secret = peer->out.secret = ops->secret;
	peer->arena = arena_new(DECODE_MAX);
	peer->read_event =
	    event_new(base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->write_event =
	    event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, peer);
	peer->close_event = event_new(base, -1, 0, on_close, peer);
	if (peer->read_event == NULL || peer->write_event == NULL ||
	    peer->close_event == NULL)
		panic("libevent: no memory for a peer");
	(void)event_add(peer->read_event, NULL);
	if (ops->opened != NULL)
		ops->opened(peer, ctx);
	return peer;
}

struct ipc_peer *
ipc_peer_new(struct event_base *base, int fd, const char *role,
    const struct ipc_peer_ops *ops, void *ctx)
{
	struct err err;

	if (fs_set_nonblock(fd, true, &err) < 0)
		panic("%s", err.text);
	return peer_new(base, fd, role, ops, ctx);
}

/*
 * Somebody waits whom the system lets us not take in: the loop would turn for
 * nothing until it does.
 */
static void
rest(struct ipc_listener *listener, int error)
{
	static const struct timeval pause = { 0, ACCEPT_REST_MS * 1000 };

	if (!listen_is_exhausted(error))
		return;
	if (!listener->told)
		log_warn("accept from %s: %s", listener->role, strerror(error));
	listener->told = true;
	(void)event_del(listener->event);
	(void)evtimer_add(listener->rest, &pause);
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_listener *listener = arg;

	(void)fd;
	(void)what;
	(void)event_add(listener->event, NULL);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_listener *listener = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		int client =
		    accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ipc_peer *peer;

		if (client < 0) {
			rest(listener, errno);
			break;
		}
		listener->told = false;
		peer = peer_new(listener->base, client, listener->role,
		    listener->ops, listener->ctx);
		list_push(&listener->peers, &peer->link);
	}
}

struct ipc_listener *
ipc_listener_new(struct event_base *base, int fd, const char *role,
    const struct ipc_peer_ops *ops, void *ctx)
{
	struct ipc_listener *listener = xcalloc(1, sizeof(*listener));
	struct err err;

	if (fs_set_nonblock(fd, true, &err) < 0)
		panic("%s", err.text);
	listener->base = base;
	listener->role = role;
	listener->ops = ops;
	listener->ctx = ctx;
	list_init(&listener->peers);
	listener->event =
	    event_new(base, fd, EV_READ | EV_PERSIST, on_accept, listener);
	listener->rest = evtimer_new(base, on_rested, listener);
	if (listener->event == NULL || listener->rest == NULL)
		panic("libevent: no memory for a listener");
	(void)event_add(listener->event, NULL);
	return listener;
}

void
ipc_listener_free(struct ipc_listener *listener)
{
	if (listener == NULL)
		return;
	while (!list_is_empty(&listener->peers))
		peer_free(
		    LIST_ITEM(listener->peers.next, struct ipc_peer, link));
	event_free(listener->event);
	event_free(listener->rest);
	free(listener);
}

const char *
ipc_peer_role(const struct ipc_peer *peer)
{
	return peer->role;
}

int
ipc_peer_fd(const struct ipc_peer *peer)
{
	return peer->fd;
}

const struct ipc_msg *
ipc_peer_current(const struct ipc_peer *peer)
{
	return peer->current;
}

void *
ipc_peer_ctx(const struct ipc_peer *peer)
{
	return peer->ctx;
}

void *
ipc_peer_data(const struct ipc_peer *peer)
{
	return peer->data;
}

void
ipc_peer_set_data(struct ipc_peer *peer, void *data)
{
	peer->data = data;
}

/* Our own copies: the caller may close the originals at once. */
static void
queue_fds(struct ipc_peer *peer, size_t at, const struct ipc_fds *fds)
{
	struct pending_fds *pending;

	if (fds->count == 0)
		return;
	pending = xcalloc(1, sizeof(*pending));
	pending->at = at;
	for (int i = 0; i < fds->count; i++) {
		int copy = fcntl(fds->fd[i], F_DUPFD_CLOEXEC, 0);

		if (copy < 0)
			panic("dup: %s", strerror(errno));
		pending->fds.fd[pending->fds.count++] = copy;
	}
	list_push(&peer->pending, &pending->link);
}

void
ipc_peer_send(struct ipc_peer *peer, const struct ipc_msg *msg, uint16_t tag,
    const void *in)
{
	struct ipc_fds fds = { .count = 0 };
	size_t at = peer->out_start + peer->out.len;
	struct err err;

	if (peer->closing)
		return;
	if (frame_write(&peer->out, &fds, msg, tag, in, &err) < 0)
		panic("%s", err.text);
	queue_fds(peer, at, &fds);
	if (peer->out.len - peer->out_done > IPC_PEER_OUT_MAX) {
		log_warn("connection from %s closed: it does not read",
		    peer->role);
		ipc_peer_close(peer);
		return;
	}
	if (!peer->writing)
		drain(peer);
}

void
ipc_peer_error(struct ipc_peer *peer, uint16_t tag, const struct err *err)
{
	struct ipc_error error = {
		.kind = (uint8_t)err->kind,
		.cause = (uint8_t)err->cause,
		.text = str_of(err->text),
	};

	ipc_peer_send(peer, &ipc_error_msg, tag, &error);
}

void
ipc_peer_hold(struct ipc_peer *peer, bool hold)
{
	if (peer->held == hold || peer->closing)
		return;
	peer->held = hold;
	if (hold) {
		(void)event_del(peer->read_event);
	} else {
		(void)event_add(peer->read_event, NULL);
		/* Frames that are here already bring no event of their own. */
		event_active(peer->read_event, EV_READ, 0);
	}
}
