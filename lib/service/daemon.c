#include "service/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/syscalls.h"
#include "service/impl.h"

/* Takes the page master made, or one of our own. */
static int
open_stats(struct daemon *d, struct err *err)
{
	int fd = daemon_fd(d, "stats");

	d->stats = fd >= 0 ? stats_map(fd, err) : stats_private();
	if (d->stats == NULL)
		return -1;
	stats_name(d->stats, d->ops->stats);
	return 0;
}

static const char *
promises_of(const struct daemon *d, char *out, size_t size)
{
	(void)snprintf(out, size, "%s %s", d->ops->promises,
	    d->ops->kind->promise);
	return out;
}

static int
enter_jail(struct daemon *d, struct err *err)
{
	char promises[256];
	struct sandbox box = {
		.folder = d->folder,
		.uid = d->uid,
		.gid = d->gid,
		.promises = promises_of(d, promises, sizeof(promises)),
	};
	enum sandbox_level level;
	const char *missing;

	if (d->folder == NULL)
		return 0;
	if (sandbox_enter(&box, &level, &missing, err) < 0)
		return err_prefix(err, "jail");
	d->stats->jail =
	    level == SANDBOX_FULL ? STATS_JAIL_FULL : STATS_JAIL_REDUCED;
	if (level != SANDBOX_FULL)
		log_info("jail reduced: no %s", missing);
	return 0;
}

static int
open_all(struct daemon *d, struct err *err)
{
	const struct daemon_kind *kind = d->ops->kind;

	if (config_load(d, err) < 0 || open_stats(d, err) < 0 ||
	    (kind->open != NULL && kind->open(d, err) < 0))
		return -1;
	if (d->ops->open != NULL && d->ops->open(d, d->ctx, err) < 0)
		return -1;
	return enter_jail(d, err);
}

static int
serve(struct daemon *d)
{
	struct err err = { 0 };
	int ret = 1;

	if (daemon_fd(d, "log") >= 0)
		log_open_fd(daemon_fd(d, "log"));
	d->master_fd = daemon_fd(d, "master");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN); /* master tells us */
	if (open_all(d, &err) < 0)
		log_error("%s", err.text);
	else if (d->mode == MODE_STDIN)
		ret = d->ops->kind->serve_stdin(d);
	else
		ret = d->ops->kind->serve(d);
	if (d->ops->kind->close != NULL)
		d->ops->kind->close(d);
	fds_close(d, "");
	if (d->stats != NULL)
		stats_unmap(d->stats);
	config_free(d);
	return ret;
}

int
daemon_main(int argc, char **argv, const struct daemon_ops *ops, void *ctx)
{
	struct daemon d = {
		.ops = ops,
		.ctx = ctx,
		.max_processes = 100, /* as Postfix's default_process_limit */
		.master_fd = -1,
		.stop_pipe = { -1, -1 },
	};

	options_parse(&d, argc, argv);
	fds_take(&d);
	if (d.mode == MODE_STDIN && ops->kind->serve_stdin == NULL)
		fatal("-S: not a session daemon");
	if (d.mode == MODE_PARAMS) {
		config_print(&d);
		return 0;
	}
	if (d.mode == MODE_CALLS) {
		char promises[256];

		(void)promises_of(&d, promises, sizeof(promises));
		syscalls_print(promises);
		landlock_print(promises);
		return 0;
	}
	if (d.mode == MODE_CHECK) {
		int ret = config_check(&d);

		config_free(&d);
		return ret;
	}
	return serve(&d);
}

struct event_base *
daemon_base(struct daemon *d)
{
	return d->base;
}

bool
daemon_is_stdin(const struct daemon *d)
{
	return d->mode == MODE_STDIN;
}

bool
daemon_is_stopping(const struct daemon *d)
{
	return d->stopping;
}

int
daemon_stop_fd(const struct daemon *d)
{
	return d->stop_pipe[0];
}

void
daemon_stop(struct daemon *d)
{
	d->stopping = true;
	d->ops->kind->wake(d);
}

void
daemon_count(struct daemon *d, int item, int64_t n)
{
	stats_add(d->stats, item, n);
}

void
daemon_gauge(struct daemon *d, int item, int64_t value)
{
	stats_set(d->stats, item, value);
}

void
daemon_observe(struct daemon *d, int item, int64_t microseconds)
{
	stats_observe(d->stats, item, microseconds);
}
