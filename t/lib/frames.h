/*
 * frames - a peer that sends whatever it likes to an event daemon's handlers,
 * for tests: the bytes go in by a socket, the loop runs until nobody
 * has anything to do, and the answers come out again.
 */
#ifndef LIB_FRAMES_H
#define LIB_FRAMES_H

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/frame.h"
#include "ipc/server.h"
#include "service/impl.h"

/* As daemon_main() makes it; one for the whole process. */
static inline struct daemon *
frames_daemon(void)
{
	static struct daemon daemon;

	if (daemon.base != NULL)
		return &daemon;
	(void)signal(SIGPIPE, SIG_IGN); /* as every daemon does */
	log_init("fuzz", LOG_LEVEL_ERROR);
	daemon.stats = stats_private();
	daemon.base = event_base_new();
	if (daemon.stats == NULL || daemon.base == NULL)
		panic("no loop");
	return &daemon;
}

/* Our end of a new peer's connection, to be closed. */
static inline int
frames_connect(const char *role, const struct ipc_peer_ops *ops, void *ctx,
    struct ipc_peer **peer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) < 0)
		panic("socketpair");
	*peer = ipc_peer_new(frames_daemon()->base, pair[1], role, ops, ctx);
	return pair[0];
}

/* Everything that can be done without waiting. */
static inline void
frames_run(void)
{
	for (int i = 0; i < 64; i++)
		(void)event_base_loop(frames_daemon()->base, EVLOOP_NONBLOCK);
}

/* What came by now, appended to out. false: the connection was closed. */
static inline bool
frames_read(int fd, struct buf *out)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		(void)buf_add(out, bytes, (size_t)n);
	return n < 0;
}

/*
 * Send bytes, run the loop, read answers; false: the daemon has closed the
 * connection, which it may when what it got are no frames.
 */
static inline bool
frames_say(int fd, struct str bytes, struct buf *out)
{
	bool is_open = true;

	while (bytes.len > 0 && is_open) {
		ssize_t n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL);

		if (n > 0)
			str_skip(&bytes, (size_t)n);
		frames_run();
		is_open = frames_read(fd, out);
	}
	frames_run();
	return is_open && frames_read(fd, out);
}

#endif
