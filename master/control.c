#include "master/control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "master/edge.h"
#include "master/process.h"
#include "master/reload.h"
#include "master/report.h"
#include "master/service.h"
#include "master/stop.h"
#include "net/fdpass.h"
#include "net/listen.h"
#include "verb/control.h"

enum { CLIENTS_MAX = 64, REQUEST_SECONDS = 10, GROUPS_MAX = 256 };

enum waiting {
	WAITING_NOT,
	WAITING_SETTLED, /* until nobody is pending */
	WAITING_STOP,
	WAITING_PROBE,
};

struct client {
	struct list link;
	struct master *m;
	struct bufferevent *io;
	enum waiting waiting;
	const struct service *service; /* WAITING_PROBE */
	int64_t deadline;              /* WAITING_SETTLED; time_mono() */
};

static void
client_free(struct client *client)
{
	list_remove(&client->link);
	bufferevent_free(client->io); /* closes */
	free(client);
}

static void say(struct client *client, const char *fmt, ...) PRINTFLIKE(2, 3);

static void
say(struct client *client, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)evbuffer_add_vprintf(bufferevent_get_output(client->io), fmt, ap);
	va_end(ap);
}

static void
on_written(struct bufferevent *io, void *arg)
{
	(void)io;
	client_free(arg);
}

/* Everything was said: close when it is written. */
static void
finish(struct client *client)
{
	client->waiting = WAITING_NOT;
	if (evbuffer_get_length(bufferevent_get_output(client->io)) == 0) {
		client_free(client);
		return;
	}
	bufferevent_setcb(client->io, NULL, on_written, NULL, client);
	(void)bufferevent_disable(client->io, EV_READ);
}

static void
refuse(struct client *client, const struct err *err)
{
	say(client, "error %s\n", err->text);
	finish(client);
}

static void
wait_until_settled(struct client *client)
{
	client->waiting = WAITING_SETTLED;
	client->deadline =
	    time_mono() + (int64_t)client->m->conf.start_timeout * TIME_SECOND;
	control_settled(client->m);
}

/* Requests: a word, and what stands behind it. */
static void
do_status(struct client *client, struct str rest)
{
	(void)rest;
	say(client, "ok\n");
	report_status(client->m, bufferevent_get_output(client->io));
	finish(client);
}

static void
do_stop(struct client *client, struct str rest)
{
	(void)rest;
	client->waiting = WAITING_STOP;
	stop_begin(client->m);
}

static void
do_reload(struct client *client, struct str rest)
{
	struct problems problems = { 0 };
	int ret;

	(void)rest;
	ret = reload(client->m, &problems);
	if (ret < 0) {
		say(client,
		    "error the configuration has %d errors: see "
		    "\"chancery check\"\n",
		    problems.errors);
	} else {
		say(client, "ok\n");
	}
	for (size_t i = 0; i < problems.len; i++)
		say(client, "%s\n", problems.list[i].text);
	problems_clear(&problems);
	if (ret == 0)
		wait_until_settled(client);
	else
		finish(client);
}

/* What of the files on disk would take a restart. */
static void
do_changes(struct client *client, struct str rest)
{
	struct problems problems = { 0 };

	(void)rest;
	(void)reload_compare(client->m, &problems);
	say(client, "ok\n");
	for (size_t i = 0; i < problems.len; i++)
		say(client, "%s\n", problems.list[i].text);
	problems_clear(&problems);
	finish(client);
}

static struct service *
find_service(struct client *client, struct str name)
{
	struct service *service = service_find(client->m, name);
	struct err err;

	if (service == NULL) {
		err_set(&err, ERR_NOENT, "no service of this name");
		refuse(client, &err);
	}
	return service;
}

static void
do_restart(struct client *client, struct str rest)
{
	struct service *service = find_service(client, rest);

	if (service == NULL)
		return;
	say(client, "ok\n");
	reload_restart(client->m, service);
	wait_until_settled(client);
}

/* The answer's first byte carries the descriptor. */
static void
do_connect(struct client *client, struct str rest)
{
	struct service *service = find_service(client, rest);
	struct err err;
	int fd;

	if (service == NULL)
		return;
	fd = edge_connect_ctl(service, &err);
	if (fd < 0) {
		refuse(client, &err);
		return;
	}
	(void)fdpass_send(bufferevent_getfd(client->io), "ok\n", 3, &fd, 1);
	(void)close(fd);
	client_free(client);
}

static void
do_probe(struct client *client, struct str rest)
{
	struct service *service;
	char words[64];
	struct str name;
	struct err err;

	if (!client->m->may_probe || !str_split(&rest, ' ', &name)) {
		err_set(&err, ERR_DENIED, "probing is for the jail test");
		refuse(client, &err);
		return;
	}
	service = find_service(client, name);
	if (service == NULL)
		return;
	if (service->process == NULL) {
		err_set(&err, ERR_TEMP, "not running");
		refuse(client, &err);
		return;
	}
	client->waiting = WAITING_PROBE;
	client->service = service;
	(void)snprintf(words, sizeof(words), "probe %" STR_F, STR_A(rest));
	process_send(service->process, words);
}

static void
handle(struct client *client, struct str line)
{
	static const struct {
		const char *word;
		void (*fn)(struct client *client, struct str rest);
	} requests[] = {
		{ "status", do_status },
		{ "stop", do_stop },
		{ "reload", do_reload },
		{ "changes", do_changes },
		{ "restart", do_restart },
		{ "connect", do_connect },
		{ "probe", do_probe },
	};
	struct str word = { "", 0 };
	struct err err;

	(void)str_split(&line, ' ', &word);
	for (size_t i = 0; i < NELEMS(requests); i++) {
		if (str_eqz(word, requests[i].word)) {
			requests[i].fn(client, line);
			return;
		}
	}
	err_set(&err, ERR_SYNTAX, "no such request");
	refuse(client, &err);
}

static void
on_read(struct bufferevent *io, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(io);
	struct client *client = arg;
	size_t len;
	char *line;

	if (client->waiting != WAITING_NOT)
		return;
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line != NULL)
		handle(client, str_make(line, len));
	else if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX)
		client_free(client);
	free(line);
}

/* End, error, or time is over. A client that waits may do so for long. */
static void
on_event(struct bufferevent *io, short what, void *arg)
{
	struct client *client = arg;

	(void)io;
	if (what & BEV_EVENT_TIMEOUT && client->waiting != WAITING_NOT)
		return;
	client_free(client);
}

static bool
is_member(int fd, gid_t wanted)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == wanted)
			return true;
	}
	return false;
}

/* root, the owner of DIR, and whoever is of the operators' group. */
static bool
may_operate(const struct master *m, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	uint64_t gid;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == m->owner)
		return true;
	if (!num_parse(str_of(m->conf.operator_group), UINT32_MAX - 1, &gid))
		return false;
	return peer.gid == gid || is_member(fd, (gid_t)gid);
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct timeval limit = { REQUEST_SECONDS, 0 };
	struct master *m = arg;
	struct client *client;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t count = 0;

	(void)what;
	if (fd < 0) {
		if (listen_is_exhausted(errno))
			(void)event_del(m->control); /* until the next tick */
		return;
	}
	LIST_FOREACH(at, &m->clients)
	count++;
	if (count >= CLIENTS_MAX || !may_operate(m, fd)) {
		(void)!write(fd, "error not allowed\n", 18);
		(void)close(fd);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->m = m;
	client->io = bufferevent_socket_new(m->base, fd, BEV_OPT_CLOSE_ON_FREE);
	list_push(&m->clients, &client->link);
	bufferevent_setcb(client->io, on_read, NULL, on_event, client);
	(void)bufferevent_set_timeouts(client->io, &limit, &limit);
	(void)bufferevent_enable(client->io, EV_READ | EV_WRITE);
}

int
control_open(struct master *m, struct err *err)
{
	m->control_fd = edge_bind_control(m, err);
	if (m->control_fd < 0 || fs_set_nonblock(m->control_fd, true, err) < 0)
		return -1;
	m->control = event_new(m->base, m->control_fd, EV_READ | EV_PERSIST,
	    on_connection, m);
	(void)event_add(m->control, NULL);
	return 0;
}

void
control_close(struct master *m)
{
	while (!list_is_empty(&m->clients))
		client_free(LIST_ITEM(m->clients.next, struct client, link));
	if (m->control != NULL)
		event_free(m->control);
	m->control = NULL;
	if (m->control_fd >= 0)
		(void)close(m->control_fd);
	m->control_fd = -1;
}

void
control_note(struct master *m, const struct service *service, struct str text)
{
	char escaped[200];

	(void)log_escape(escaped, sizeof(escaped), text);
	LIST_FOREACH(at, &m->clients)
	{
		struct client *client = LIST_ITEM(at, struct client, link);

		if (client->waiting == WAITING_SETTLED)
			say(client, "%s keeps its old settings: %s\n",
			    service->name, escaped);
	}
}

void
control_settled(struct master *m)
{
	if (!service_all_settled(m))
		return;
	LIST_FOREACH(at, &m->clients)
	{
		struct client *client = LIST_ITEM(at, struct client, link);

		if (client->waiting == WAITING_SETTLED)
			finish(client);
	}
}

void
control_tick(struct master *m)
{
	if (m->control != NULL)
		(void)event_add(m->control, NULL);
	LIST_FOREACH(at, &m->clients)
	{
		struct client *client = LIST_ITEM(at, struct client, link);

		if (client->waiting != WAITING_SETTLED ||
		    time_mono() < client->deadline)
			continue;
		say(client, "not every service is up: see \"status\"\n");
		finish(client);
	}
}

static void
answer_probe(struct master *m, const struct service *service, const char *text)
{
	LIST_FOREACH(at, &m->clients)
	{
		struct client *client = LIST_ITEM(at, struct client, link);

		if (client->waiting != WAITING_PROBE ||
		    client->service != service)
			continue;
		say(client, "ok\n%s", text);
		finish(client);
	}
}

void
control_probed(struct master *m, const struct service *service, struct str text)
{
	char escaped[64];

	answer_probe(m, service, log_escape(escaped, sizeof(escaped), text));
}

void
control_died(struct master *m, const struct service *service, int status)
{
	char text[64];

	if (WIFSIGNALED(status))
		(void)snprintf(text, sizeof(text), "killed by signal %d",
		    WTERMSIG(status));
	else
		(void)snprintf(text, sizeof(text), "ended with status %d",
		    WEXITSTATUS(status));
	answer_probe(m, service, text);
}

void
control_stopped(struct master *m)
{
	LIST_FOREACH(at, &m->clients)
	{
		struct client *client = LIST_ITEM(at, struct client, link);

		if (client->waiting == WAITING_STOP)
			(void)!write(bufferevent_getfd(client->io), "ok\n", 3);
	}
}
