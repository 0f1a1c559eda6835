#include "master/service.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "master/directory.h"
#include "master/edge.h"
#include "master/process.h"
#include "master/spawn.h"

enum {
	LONG_LIFE = 10,    /* seconds; who lived so long is started at once */
	SHORT_LIFE = 1,    /* ... also when ending well is all it does */
	PAUSE_FIRST = 100, /* milliseconds */
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;

	(void)fd;
	(void)what;
	service_start(service->master, service);
}

static struct service *
add(struct master *m, const char *name, const struct program *program,
    const struct master_cf_entry *entry)
{
	struct service *service = xcalloc(1, sizeof(*service));
	size_t size = strlen(name) + sizeof("/unix");

	service->master = m;
	service->socket = name;
	service->name = xmalloc(size);
	/* Lines of either type may share a name, as Postfix's "smtp" do. */
	(void)snprintf(service->name, size, "%s%s", name,
	    service_find(m, str_of(name)) == NULL ? "" :
		entry->type == MASTER_CF_UNIX     ? "/unix" :
						    "/inet");
	service->program = program;
	service->entry = entry;
	service->stats_fd = -1;
	service->timer = evtimer_new(m->base, on_timer, service);
	list_push(&m->services, &service->link);
	return service;
}

static int
prepare(struct master *m, struct service *service, struct err *err)
{
	if (edge_bind(m, service, err) < 0)
		return -1;
	service->stats_fd = stats_create(service->name, err);
	if (service->stats_fd < 0)
		return -1;
	service->stats = stats_map(service->stats_fd, err);
	return service->stats == NULL ? -1 : 0;
}

int
service_make_all(struct master *m, struct err *err)
{
	if (directory_is_wanted(m))
		(void)add(m, "directory", program_find("directory"), NULL);
	for (size_t i = 0; i < m->services_cf.len; i++) {
		const struct master_cf_entry *entry = &m->services_cf.list[i];

		if (prepare(m,
			add(m, entry->name, program_find(entry->command),
			    entry),
			err) < 0)
			return -1;
	}
	return 0;
}

void
service_clear_all(struct master *m)
{
	struct list *link;

	while ((link = list_pop(&m->services)) != NULL) {
		struct service *service = LIST_ITEM(link, struct service, link);

		edge_close(service);
		stats_unmap(service->stats);
		if (service->stats_fd >= 0)
			(void)close(service->stats_fd);
		event_free(service->timer);
		free(service->name);
		free(service);
	}
}

struct service *
service_find(struct master *m, struct str name)
{
	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		if (str_eqz(name, service->name))
			return service;
	}
	return NULL;
}

int
service_pause(int failures, int max_seconds)
{
	int64_t pause = PAUSE_FIRST;

	while (--failures > 0 && pause < (int64_t)max_seconds * 1000)
		pause *= 2;
	if (pause > (int64_t)max_seconds * 1000)
		pause = (int64_t)max_seconds * 1000;
	return (int)pause;
}

static void
start_later(struct master *m, struct service *service)
{
	int pause = service_pause(service->failures, m->conf.throttle_time);
	struct timeval wait = { pause / 1000, pause % 1000 * 1000 };

	log_warn("service %s: started again in %d ms", service->name, pause);
	(void)evtimer_add(service->timer, &wait);
}

void
service_start(struct master *m, struct service *service)
{
	struct err err;

	if (m->stage >= 0 || service->process != NULL)
		return;
	(void)evtimer_del(service->timer);
	service->process = spawn(m, service, &err);
	if (service->process == NULL) {
		log_error("service %s: %s", service->name, err.text);
		service->failures++;
		start_later(m, service);
		return;
	}
	process_watch(m, service->process);
	service->since = time_real();
	service->starts++;
}

void
service_start_all(struct master *m)
{
	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		service->is_pending = true;
		service_start(m, service);
	}
}

static void
say_how(const struct service *service, const struct process *process,
    int status)
{
	if (WIFSIGNALED(status))
		log_error("service %s: process %d killed by signal %d (%s)",
		    service->name, (int)process->pid, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_warn("service %s: process %d ended with status %d",
		    service->name, (int)process->pid, WEXITSTATUS(status));
}

void
service_ended(struct master *m, struct service *service,
    const struct process *process, int status)
{
	int64_t life = (time_mono() - process->began) / TIME_SECOND;
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (service->process != process) /* replaced before */
		return;
	service->process = NULL;
	if (m->stage >= 0)
		return;
	say_how(service, process, status);
	/*
	 * At once: what was told to end, what ended well (a parent renewed),
	 * and what lived for long until something killed it.
	 */
	if (process->kill_at != 0 || (well && life >= SHORT_LIFE) ||
	    life >= LONG_LIFE) {
		service->failures = 0;
		service_start(m, service);
		return;
	}
	service->failures++;
	start_later(m, service);
}

const char *
service_state(const struct service *service)
{
	if (service->process == NULL)
		return service->failures > 0 ? "throttled" : "down";
	return service->process->is_up ? "up" : "starting";
}

void
service_replace(struct master *m, struct service *service)
{
	struct process *old = service->process;

	if (old != NULL) {
		process_send(old, "drain");
		service->process = NULL;
	}
	service->failures = 0;
	service->is_pending = true;
	service_start(m, service);
}

bool
service_all_settled(const struct master *m)
{
	LIST_FOREACH(at, &m->services)
	{
		if (LIST_ITEM(at, struct service, link)->is_pending)
			return false;
	}
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->service->process != process && !process->is_gone)
			return false;
	}
	return true;
}
