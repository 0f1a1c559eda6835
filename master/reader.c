#include "master/reader.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "master/program.h"

enum { PID_MAX = 1 << 22, SLACK_MS = 100 /* the clock of /proc has ticks */ };

/* What /proc says of a process. */
struct facts {
	int group;
	int64_t age; /* ms */
};

/* Fields 5 and 22 of /proc/PID/stat; the name in it may hold anything. */
static bool
look(pid_t pid, struct facts *facts)
{
	unsigned long long began;
	struct timespec now;
	char path[40], text[1024], *at;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at,
		") %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
		"%*d %*d %*d %*d %*d %llu",
		&facts->group, &began) != 2 ||
	    clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return false;
	facts->age = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 -
	    (int64_t)(began * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
	return true;
}

/* May clients of this program be readers of a store? */
static bool
may_read(const struct program *program)
{
	const struct edge_rule *rule;

	if (!program->is_session)
		return false;
	for (size_t i = 0; (rule = edge_rule_at(i)) != NULL; i++)
		if (strcmp(rule->client, program->name) == 0 &&
		    strcmp(rule->server, "stored") == 0)
			return true;
	return false;
}

/* Whose worker is it? NULL: nobody's that we would end. */
static const struct service *
service_of(struct master *m, pid_t pid, int group)
{
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->pid == group && process->pid != pid &&
		    process->service->program != NULL &&
		    may_read(process->service->program))
			return process->service;
	}
	return NULL;
}

void
reader_end(struct master *m, const struct service *from, struct str words)
{
	const struct service *service;
	struct facts facts;
	uint64_t pid, age;
	struct str first;
	int fd;

	if (from->program == NULL || strcmp(from->program->name, "stored") != 0)
		return;
	if (!str_split(&words, ' ', &first) ||
	    !num_parse(first, PID_MAX, &pid) || pid < 2 ||
	    !num_parse(words, INT64_MAX, &age))
		return;
	/* Held by a descriptor, it cannot become another meanwhile. */
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (fd < 0)
		return;
	service = look((pid_t)pid, &facts) ?
	    service_of(m, (pid_t)pid, facts.group) :
	    NULL;
	if (service == NULL || facts.age + SLACK_MS < (int64_t)age)
		log_warn("%s wants process %d ended, which is no session that "
			 "reads a store",
		    from->name, (int)pid);
	else if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0)
		log_warn("service %s: process %d ended, it kept an old state "
			 "of the store",
		    service->name, (int)pid);
	(void)close(fd);
}
