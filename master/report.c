#include "master/report.h"

#include <dirent.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "master/service.h"

/* A process of the system and its group. */
struct member {
	pid_t pid, group;
};

/* The fifth field of /proc/PID/stat; a name in it may hold anything. */
static pid_t
group_of(int proc, const char *pid)
{
	char path[300], text[1024];
	ssize_t len;
	char *at;
	int fd, group = -1;

	(void)snprintf(path, sizeof(path), "%s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (len <= 0)
		return -1;
	text[len] = '\0';
	at = strrchr(text, ')');
	if (at == NULL || sscanf(at, ") %*c %*d %d", &group) != 1)
		return -1;
	return group;
}

/* Every process of the system, as /proc is the one who knows. */
static struct member *
list_members(size_t *count)
{
	struct member *list = NULL;
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	size_t cap = 0;

	*count = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (!is_digit(entry->d_name[0]))
			continue;
		if (*count == cap) {
			cap = cap == 0 ? 256 : cap * 2;
			list = xreallocarray(list, cap, sizeof(*list));
		}
		list[*count] = (struct member){ atoi(entry->d_name),
			group_of(dirfd(dir), entry->d_name) };
		++*count;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return list;
}

/* The service's processes, the current parent first. */
static void
report_pids(struct master *m, const struct service *service,
    const struct member *list, size_t count, struct evbuffer *out)
{
	const char *comma = "";

	if (service->process != NULL) {
		(void)evbuffer_add_printf(out, "%d",
		    (int)service->process->pid);
		comma = ",";
	}
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->service != service)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (list[i].group != process->pid ||
			    (service->process != NULL &&
				list[i].pid == service->process->pid))
				continue;
			(void)evbuffer_add_printf(out, "%s%d", comma,
			    (int)list[i].pid);
			comma = ",";
		}
	}
}

static const char *
jail_of(const struct service *service)
{
	static const char *const names[] = {
		[STATS_JAIL_NONE] = "none",
		[STATS_JAIL_REDUCED] = "reduced",
		[STATS_JAIL_FULL] = "full",
	};
	uint32_t jail;

	if (service->entry == NULL)
		return "landlock";
	jail = __atomic_load_n(&service->stats->jail, __ATOMIC_RELAXED);
	return jail < NELEMS(names) ? names[jail] : "none";
}

static bool
is_plain_name(const char *name)
{
	size_t len = strnlen(name, STATS_NAME_MAX);

	if (len == 0 || len == STATS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alpha(name[i]) && !is_digit(name[i]) && name[i] != '_')
			return false;
	}
	return true;
}

/* The page is the daemon's to write: a copy, whose every field is looked at. */
static void
report_counter(const struct service *service, const struct stats_slot *shared,
    struct evbuffer *out)
{
	struct stats_slot slot;

	memcpy(&slot, shared, sizeof(slot));
	if (!is_plain_name(slot.name))
		return;
	(void)evbuffer_add_printf(out, "counter\t%s\t%s\t", service->name,
	    slot.name);
	if (slot.kind != STATS_HISTOGRAM) {
		(void)evbuffer_add_printf(out, "%s\t%lld\n",
		    slot.kind == STATS_GAUGE ? "gauge" : "counter",
		    (long long)slot.value);
		return;
	}
	(void)evbuffer_add_printf(out, "histogram\t%llu\t%llu\t",
	    (unsigned long long)slot.value, (unsigned long long)slot.sum);
	for (int i = 0; i < STATS_BUCKETS; i++)
		(void)evbuffer_add_printf(out, "%s%llu", i > 0 ? "," : "",
		    (unsigned long long)slot.bucket[i]);
	(void)evbuffer_add_printf(out, "\n");
}

static void
report_counters(const struct service *service, struct evbuffer *out)
{
	uint32_t len;

	if (service->stats == NULL)
		return;
	len = __atomic_load_n(&service->stats->len, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < len && i < STATS_ITEMS_MAX; i++)
		report_counter(service, &service->stats->slot[i], out);
}

void
report_status(struct master *m, struct evbuffer *out)
{
	struct member *list;
	size_t count;

	list = list_members(&count);
	(void)evbuffer_add_printf(out, "master\t%d\t%lld\n", (int)getpid(),
	    (long long)(m->began / TIME_SECOND));
	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		(void)evbuffer_add_printf(out, "service\t%s\t%s\t%s\t",
		    service->name,
		    service->entry == NULL ? "slapd" : service->program->name,
		    service_state(service));
		report_pids(m, service, list, count, out);
		(void)evbuffer_add_printf(out, "\t%lld\t%llu\t%s\n",
		    (long long)(service->since / TIME_SECOND),
		    (unsigned long long)service->starts, jail_of(service));
		report_counters(service, out);
	}
	free(list);
}
