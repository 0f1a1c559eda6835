#include "master/outside.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "conf/conf.h"
#include "master/edge.h"
#include "net/addr.h"
#include "net/fdpass.h"
#include "net/listen.h"

enum {
	WORD_MAX = 32,     /* a service's name */
	SAY_SECONDS = 10,  /* for the client to name it */
	BUSY_MS = 50,      /* pause when the service's queue is full */
	ACCEPT_BURST = 64, /* then others have their turn */
	LOG_SECONDS = 60,  /* the same trouble is logged once in that time */
};

/* A service outside. */
struct target {
	struct outside *outside;
	const struct outside_rule *rule;
	struct list waiting, open; /* struct client */
	size_t open_len;
	struct event *retry;
	int64_t
	    logged; /* time_mono() of the last line about trouble; 0: fine */
};

struct client {
	struct list link; /* in target's lists, or outside's unnamed */
	struct outside *outside;
	struct target *target; /* NULL: it has not said which */
	const char *role;
	bool is_open; /* has its descriptor */
	int fd;
	struct event *event;
};

struct door {
	struct outside *outside;
	const char *role;
	int fd;
	struct event *event;
};

struct outside {
	struct master *m;
	struct door doors[OUTSIDE_MAX];
	size_t doors_len;
	struct target targets[OUTSIDE_MAX];
	size_t targets_len;
	struct list unnamed;
	size_t clients;
};

/* "inet:192.0.2.1:3310" as Postfix writes it, or what addr_parse() takes. */
static int
parse_target(struct addr *addr, const struct outside_rule *rule,
    const char *text, struct err *err)
{
	struct str rest = str_of(text);

	(void)str_take_str(&rest, STR("inet:"));
	return addr_parse(addr, rest, rule->port, err);
}

void
outside_check(struct master *m, struct problems *problems)
{
	const struct outside_rule *rule;
	struct addr addr;
	struct err err;

	for (size_t i = 0; (rule = outside_rule_at(i)) != NULL; i++) {
		const char *text = m->conf.outside_socket[rule->setting];

		if (text[0] != '\0' &&
		    parse_target(&addr, rule, text, &err) < 0)
			conf_report(m->cf, rule->param, &err, problems);
	}
}

static void
drop(struct client *client)
{
	if (client->is_open)
		client->target->open_len--;
	list_remove(&client->link);
	event_free(client->event);
	(void)close(client->fd);
	client->outside->clients--;
	free(client);
}

static void
refuse(struct client *client, const char *text)
{
	char line[300];
	int len = snprintf(line, sizeof(line), "error %s\n", text);

	(void)send(client->fd, line, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	drop(client);
}

/* A socket that is connected or about to be; -1 with err, ERR_LIMIT: busy. */
static int
reach(const struct target *target, struct err *err)
{
	const struct settings *conf = &target->outside->m->conf;
	const char *text = conf->outside_socket[target->rule->setting];
	struct sockaddr_storage ss;
	struct addr addr;
	socklen_t len;
	int fd;

	if (text[0] == '\0')
		return err_set(err, ERR_NOENT, "%s is not set",
		    target->rule->param);
	if (parse_target(&addr, target->rule, text, err) < 0)
		return -1;
	len = addr_to_sockaddr(&ss, &addr);
	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	err_sys(err, "connect to %s", text);
	err->kind = errno == EAGAIN ? ERR_LIMIT : ERR_TEMP;
	(void)close(fd);
	return -1;
}

static void
log_trouble(struct target *target, const struct err *err)
{
	int64_t now = time_mono();

	if (target->logged != 0 &&
	    now - target->logged < LOG_SECONDS * (int64_t)TIME_SECOND)
		return;
	log_warn("warning: %s: %s", target->rule->name, err->text);
	target->logged = now;
}

static void
give(struct client *client, int fd)
{
	struct target *target = client->target;

	if (fdpass_send(client->fd, "ok\n", 3, &fd, 1) != 3) {
		drop(client);
		return;
	}
	list_remove(&client->link);
	list_push(&target->open, &client->link);
	client->is_open = true;
	target->open_len++;
}

/* As many of those who wait as there are places. */
static void
serve(struct target *target)
{
	const struct timeval pause = { 0, BUSY_MS * 1000L };
	const struct settings *conf = &target->outside->m->conf;
	size_t limit = (size_t)conf->outside_limit[target->rule->setting];
	struct err err;

	while (target->open_len < limit && !list_is_empty(&target->waiting)) {
		struct client *client =
		    LIST_ITEM(target->waiting.next, struct client, link);
		int fd = reach(target, &err);

		if (fd < 0 && err.kind == ERR_LIMIT) {
			(void)event_add(target->retry, &pause);
			return;
		}
		if (fd < 0) {
			log_trouble(target, &err);
			refuse(client, err.text);
			continue;
		}
		target->logged = 0;
		give(client, fd);
		(void)close(fd);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	serve(arg);
}

static struct target *
find_target(struct outside *outside, const char *role, struct str name)
{
	for (size_t i = 0; i < outside->targets_len; i++) {
		const struct outside_rule *rule = outside->targets[i].rule;

		if (strcmp(rule->client, role) == 0 &&
		    str_eqz(name, rule->name))
			return &outside->targets[i];
	}
	return NULL;
}

/* The client says what it wants, goes away, or says nothing for too long. */
static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	struct target *target = client->target;
	char word[WORD_MAX];
	ssize_t n;

	if (!(what & EV_READ)) {
		if (target == NULL)
			drop(client);
		return;
	}
	n = recv(fd, word, sizeof(word), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || target != NULL) {
		drop(client);
		if (target != NULL)
			serve(target);
		return;
	}
	target = find_target(client->outside, client->role,
	    str_make(word, word[n - 1] == '\n' ? (size_t)n - 1 : 0));
	if (target == NULL) {
		refuse(client, "no such service");
		return;
	}
	client->target = target;
	list_remove(&client->link);
	list_push(&target->waiting, &client->link);
	(void)event_add(client->event, NULL); /* no timeout any more */
	event_remove_timer(client->event);
	serve(target);
}

static void
take(struct door *door, int fd)
{
	const struct timeval patience = { SAY_SECONDS, 0 };
	struct outside *outside = door->outside;
	struct client *client = xcalloc(1, sizeof(*client));

	client->outside = outside;
	client->role = door->role;
	client->fd = fd;
	client->event = event_new(outside->m->base, fd, EV_READ | EV_PERSIST,
	    on_client, client);
	(void)event_add(client->event, &patience);
	list_push(&outside->unnamed, &client->link);
	outside->clients++;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		int client =
		    accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0) {
			if (listen_is_exhausted(errno))
				(void)event_del(door->event);
			return;
		}
		if (door->outside->clients >= OUTSIDE_CLIENTS_MAX)
			(void)close(client);
		else
			take(door, client);
	}
}

static bool
has_door(const struct outside *outside, const char *role)
{
	for (size_t i = 0; i < outside->doors_len; i++) {
		if (strcmp(outside->doors[i].role, role) == 0)
			return true;
	}
	return false;
}

static int
open_door(struct outside *outside, const char *role, struct err *err)
{
	struct door *door = &outside->doors[outside->doors_len];

	door->outside = outside;
	door->role = role;
	door->fd = edge_bind_outside(role, err);
	if (door->fd < 0)
		return -1;
	outside->doors_len++;
	door->event = event_new(outside->m->base, door->fd,
	    EV_READ | EV_PERSIST, on_accept, door);
	(void)event_add(door->event, NULL);
	return fs_set_nonblock(door->fd, true, err);
}

int
outside_open(struct master *m, struct err *err)
{
	struct outside *outside = xcalloc(1, sizeof(*outside));
	const struct outside_rule *rule;

	m->outside = outside;
	outside->m = m;
	list_init(&outside->unnamed);
	for (size_t i = 0; (rule = outside_rule_at(i)) != NULL; i++) {
		struct target *target =
		    &outside->targets[outside->targets_len++];

		target->outside = outside;
		target->rule = rule;
		list_init(&target->waiting);
		list_init(&target->open);
		target->retry = event_new(m->base, -1, 0, on_retry, target);
		if (!has_door(outside, rule->client) &&
		    open_door(outside, rule->client, err) < 0)
			return -1;
	}
	return 0;
}

void
outside_tick(struct master *m)
{
	struct outside *outside = m->outside;

	if (outside == NULL)
		return;
	for (size_t i = 0; i < outside->doors_len; i++)
		(void)event_add(outside->doors[i].event, NULL);
}

static void
drop_all(struct list *list)
{
	while (!list_is_empty(list))
		drop(LIST_ITEM(list->next, struct client, link));
}

void
outside_close(struct master *m)
{
	struct outside *outside = m->outside;

	if (outside == NULL)
		return;
	drop_all(&outside->unnamed);
	for (size_t i = 0; i < outside->targets_len; i++) {
		drop_all(&outside->targets[i].waiting);
		drop_all(&outside->targets[i].open);
		event_free(outside->targets[i].retry);
	}
	for (size_t i = 0; i < outside->doors_len; i++) {
		event_free(outside->doors[i].event);
		(void)close(outside->doors[i].fd);
	}
	free(outside);
	m->outside = NULL;
}
