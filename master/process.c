#include "master/process.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "master/control.h"
#include "master/reader.h"
#include "master/service.h"
#include "master/start.h"
#include "net/fdpass.h"

enum { WORDS_MAX = 256 };

static void
close_link(struct process *process)
{
	if (process->event != NULL)
		event_free(process->event);
	process->event = NULL;
	if (process->fd >= 0)
		(void)close(process->fd);
	process->fd = -1;
}

/*
 * Is it the one of its service that somebody waits for? What one says that was
 * replaced, or told to end, was on its way before that.
 */
static bool
is_current(const struct process *process)
{
	return process->service->process == process && process->kill_at == 0;
}

/* One datagram. What is none of the known words is not worth a line. */
static void
on_words(evutil_socket_t fd, short what, void *arg)
{
	struct process *process = arg;
	struct service *service = process->service;
	char text[WORDS_MAX + 1];
	struct str in;
	ssize_t len = recv(fd, text, WORDS_MAX, MSG_DONTWAIT);

	(void)what;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) { /* SIGCHLD will say the rest */
		close_link(process);
		return;
	}
	in = str_make(text, (size_t)len);
	if (str_eqz(in, "up")) {
		process->is_up = true;
		service->is_pending &= !is_current(process);
	} else if (str_eqz(in, "reloaded")) {
		service->is_pending &= !is_current(process);
	} else if (str_take_str(&in, STR("kept "))) {
		service->is_pending &= !is_current(process);
		control_note(service->master, service, in);
	} else if (str_take_str(&in, STR("reader "))) {
		reader_end(service->master, service, in);
	} else if (str_take_str(&in, STR("probed "))) {
		control_probed(service->master, service, in);
	}
	control_settled(service->master);
}

void
process_watch(struct master *m, struct process *process)
{
	process->event = event_new(m->base, process->fd, EV_READ | EV_PERSIST,
	    on_words, process);
	(void)event_add(process->event, NULL);
}

void
process_send_fds(struct process *process, const char *text, const int *fds,
    int count)
{
	if (process->fd >= 0)
		(void)fdpass_send(process->fd, text, strlen(text), fds, count);
}

void
process_send(struct process *process, const char *text)
{
	process_send_fds(process, text, NULL, 0);
}

bool
process_is_alive(const struct process *process)
{
	return !process->is_gone || kill(-process->pid, 0) == 0 ||
	    errno == EPERM;
}

static struct process *
find(struct master *m, pid_t pid)
{
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->pid == pid && !process->is_gone)
			return process;
	}
	return NULL;
}

void
process_reap(struct master *m)
{
	struct process *process;
	int status;
	pid_t pid;

	/* Also the orphans of parents that were replaced: see subreaper. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if ((process = find(m, pid)) == NULL)
			continue;
		process->is_gone = true;
		close_link(process);
		control_died(m, process->service, status);
		service_ended(m, process->service, process, status);
		if (!process->is_up)
			start_failed(m, "service %s did not start: see the log",
			    process->service->name);
		control_settled(m);
	}
	process_prune(m);
}

void
process_prune(struct master *m)
{
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->kill_at != 0 && time_mono() > process->kill_at)
			(void)kill(-process->pid, SIGKILL);
		if (process_is_alive(process))
			continue;
		close_link(process);
		list_remove(&process->link);
		free(process);
	}
}
