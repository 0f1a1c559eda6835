/*
 * logd - takes the log lines of all daemons and writes them down.
 *
 * Lines come as datagrams on one socket that everybody holds the other end
 * of (base/log.h). logd runs in DIR/log and can write nowhere else.
 */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "base/time.h"
#include "logd/sink.h"
#include "service/daemon.h"

enum {
	BURST = 64,        /* lines in one turn of the loop */
	LAST_MAX = 100000, /* at the end, more than a socket's queue holds */
};

enum { LOGD_LINES, LOGD_LOST };

static const struct stats_item stats[] = {
	[LOGD_LINES] = { STATS_COUNTER, "lines" },
	[LOGD_LOST] = { STATS_COUNTER, "lost" },
	{ 0 },
};

struct logd {
	struct daemon *daemon;
	const char *file;   /* "": syslog */
	const char *syslog; /* its socket */
	struct sink *sink;
	struct event *event;
	int fd;
	int64_t complained; /* time_mono(): trouble is told once a minute */
};

static const struct conf_param params[] = {
	CONF(STR, logd, file, "log_file", "chancery.log", 0, 255),
	CONF(STR, logd, syslog, "syslog_socket", "/dev/log", 1, 107),
	{ 0 },
};

/*
 * A line that cannot be written is lost: a full disk must not stop the mail.
 * A syslog that was started anew needs a new connection, which only a
 * process outside the jail can make: end, and master starts us again.
 */
static void
lose(struct logd *logd, const struct err *err)
{
	daemon_count(logd->daemon, LOGD_LOST, 1);
	if (logd->complained == 0 ||
	    time_mono() - logd->complained > 60LL * TIME_SECOND) {
		logd->complained = time_mono();
		(void)fprintf(stderr, "logd: %s\n", err->text);
	}
	if (logd->file[0] == '\0')
		daemon_stop(logd->daemon);
}

/* Up to max lines that are here. */
static void
take_lines(struct logd *logd, int max)
{
	char line[LOG_LINE_MAX + 1];
	struct err err;
	ssize_t len;

	for (int i = 0; i < max; i++) {
		len = recv(logd->fd, line, LOG_LINE_MAX, MSG_DONTWAIT);
		if (len <= 0)
			return;
		daemon_count(logd->daemon, LOGD_LINES, 1);
		if (sink_write(logd->sink, time_real() / TIME_SECOND,
			str_make(line, (size_t)len), &err) < 0)
			lose(logd, &err);
	}
}

static void
on_lines(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	take_lines(arg, BURST);
}

/* syslog's socket is outside the jail; the file is inside. */
static int
open_sink(struct daemon *d, void *ctx, struct err *err)
{
	struct logd *logd = ctx;

	logd->daemon = d;
	logd->fd = daemon_fd(d, "logs");
	if (logd->fd < 0)
		return err_set(err, ERR_NOENT, "no socket to take lines from");
	if (logd->file[0] != '\0')
		return 0;
	logd->sink = sink_open_syslog(logd->syslog, err);
	return logd->sink == NULL ? -1 : 0;
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	struct logd *logd = ctx;
	struct utsname uts;
	char *dot;

	if (uname(&uts) < 0)
		return err_sys(err, "uname");
	dot = strchr(uts.nodename, '.');
	if (dot != NULL)
		*dot = '\0';
	if (logd->sink == NULL)
		logd->sink = sink_open_file(logd->file, uts.nodename, err);
	if (logd->sink == NULL)
		return -1;
	logd->event = event_new(daemon_base(d), logd->fd, EV_READ | EV_PERSIST,
	    on_lines, logd);
	(void)event_add(logd->event, NULL);
	return 0;
}

/* Also how a rotated file is let go. */
static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct logd *logd = ctx;

	(void)d;
	return sink_reopen(logd->sink, err);
}

static void
stop(void *ctx)
{
	struct logd *logd = ctx;

	if (logd->event != NULL) {
		take_lines(logd, LAST_MAX); /* the last words of the others */
		event_free(logd->event);
	}
	sink_close(logd->sink);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "logd",
		.kind = &daemon_event,
		.params = params,
		/* the file: made anew after a rotation */
		.promises = "stdio append",
		.stats = stats,
		.open = open_sink,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	struct logd logd = { .fd = -1 };

	return daemon_main(argc, argv, &ops, &logd);
}
