/*
 * echod - sends back each line it is sent: the smallest daemon there is.
 *
 * It has no parameters worth the name and no place in a default master.cf;
 * the tests of the skeleton and of the jail run it, as does whoever looks
 * for an example to copy.
 */
#include <unistd.h>

#include "net/stream.h"
#include "service/daemon.h"

enum { LINE_BUFFER = 4096, WAIT_STREAM = 1 };

enum { ECHOD_SESSIONS, ECHOD_BYTES };

static const struct stats_item stats[] = {
	[ECHOD_SESSIONS] = { STATS_COUNTER, "sessions" },
	[ECHOD_BYTES] = { STATS_COUNTER, "bytes" },
	{ 0 },
};

struct echod {
	int timeout;
};

static const struct conf_param params[] = {
	CONF(TIME, echod, timeout, "echod_timeout", "300s", 1, 0),
	{ 0 },
};

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct stream *stream = stream_new(conn->fd, LINE_BUFFER);
	struct echod *echod = ctx;

	daemon_count(d, ECHOD_SESSIONS, 1);
	stream_set_timeout(stream, echod->timeout * 1000);
	for (;;) {
		struct str in;

		/* Sends what waits, then hears the client or master. */
		if (stream_wait(stream, daemon_stop_fd(d),
			echod->timeout * 1000) != WAIT_STREAM ||
		    stream_fill(stream) < 0)
			break;
		in = stream_peek(stream);
		stream_put(stream, in);
		daemon_count(d, ECHOD_BYTES, (int64_t)in.len);
		stream_skip(stream, in.len);
	}
	stream_free(stream);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "echod",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio",
		.stats = stats,
		.max_use = 1,
		.session = session,
	};
	struct echod echod = { 0 };

	return daemon_main(argc, argv, &ops, &echod);
}
