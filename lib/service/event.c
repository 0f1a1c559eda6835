#include <event2/event.h>

#include "base/log.h"
#include "service/impl.h"

/*
 * libevent asks the kernel for what it has; epoll is in every list of calls,
 * and the base is made before the jail as it opens no file later.
 */
static int
make_base(struct daemon *d, struct err *err)
{
	d->base = event_base_new();
	if (d->base == NULL)
		return err_set(err, ERR_TEMP, "event loop: no memory");
	return 0;
}

static void
free_base(struct daemon *d)
{
	if (d->base != NULL)
		event_base_free(d->base);
}

static void
leave_loop(struct daemon *d)
{
	if (d->base != NULL)
		(void)event_base_loopbreak(d->base);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	daemon_stop(arg);
}

static void
on_master(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (link_receive(d, NULL))
		return;
	log_info("master is gone, so we end");
	daemon_stop(d);
}

static int
serve(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct event *events[3] = { NULL };
	struct err err = { 0 };
	int ret = 0;

	for (size_t i = 0; i < NELEMS(signals); i++) {
		events[i] = evsignal_new(d->base, signals[i], on_signal, d);
		(void)event_add(events[i], NULL);
	}
	if (d->master_fd >= 0) {
		events[2] = event_new(d->base, d->master_fd,
		    EV_READ | EV_PERSIST, on_master, d);
		(void)event_add(events[2], NULL);
	}
	if (d->ops->start != NULL && d->ops->start(d, d->ctx, &err) < 0) {
		log_error("start: %s", err.text);
		ret = 1;
	} else {
		link_send(d, "up");
		if (!d->stopping)
			(void)event_base_dispatch(d->base);
	}
	if (d->ops->stop != NULL)
		d->ops->stop(d->ctx);
	for (size_t i = 0; i < NELEMS(events); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
	return ret;
}

const struct daemon_kind daemon_event = {
	.promise = "event",
	.open = make_base,
	.serve = serve,
	.wake = leave_loop,
	.close = free_base,
};
