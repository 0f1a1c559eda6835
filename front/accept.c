/*
 * accept - the listening sockets of front.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "front/front.h"
#include "net/listen.h"

enum { ACCEPT_BURST = 64 }; /* then others have their turn */

static void
accept_all(struct front *front, bool yes)
{
	for (size_t i = 0; i < front->listeners; i++) {
		if (yes)
			(void)event_add(&front->listener[i].event, NULL);
		else
			(void)event_del(&front->listener[i].event);
	}
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	accept_all(arg, true);
}

/* Out of descriptors or memory: let connections end before taking more. */
static void
pause_a_second(struct front *front)
{
	const struct timeval second = { 1, 0 };

	log_error("accept: %s; pausing", strerror(errno));
	accept_all(front, false);
	(void)event_add(&front->resume, &second);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage ss;
	struct addr client, local;
	struct err err;

	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		socklen_t len = sizeof(ss);
		int conn = accept4(fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (conn < 0 && listen_is_exhausted(errno)) {
			pause_a_second(listener->front);
			return;
		}
		if (conn < 0 && errno == EAGAIN)
			return;
		if (conn < 0)
			continue; /* that one went away, says accept(2) */
		addr_from_sockaddr(&client, (struct sockaddr *)&ss, len);
		(void)addr_of_local(&local, conn, &err);
		conn_new(listener->front, &listener->service, conn, &client,
		    &local);
	}
}

static int
listen_on(struct front *front, int fd, struct str name, struct err *err)
{
	struct listener *listener = &front->listener[front->listeners];

	if (front->listeners == FRONT_LISTENERS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d listening sockets",
		    FRONT_LISTENERS_MAX);
	if (service_find(&listener->service, name, str_of(front->conf.services),
		err) < 0)
		return -1;
	listener->front = front;
	listener->fd = fd;
	(void)event_assign(&listener->event, front->base, fd,
	    EV_READ | EV_PERSIST, on_accept, listener);
	front->listeners++;
	return 0;
}

int
front_listen(struct front *front, struct err *err)
{
	const char *name;
	int fd;

	(void)event_assign(&front->resume, front->base, -1, 0, on_resume,
	    front);
	for (size_t i = 0;
	     (fd = daemon_fd_at(front->daemon, "listen:", i, &name)) >= 0;
	     i++) {
		if (listen_on(front, fd, str_of(name + strlen("listen:")),
			err) < 0)
			return -1;
	}
	accept_all(front, true);
	return 0;
}

void
front_unlisten(struct front *front)
{
	accept_all(front, false);
	if (front->listeners > 0)
		(void)event_del(&front->resume);
	front->listeners = 0;
}
