#include "master/reload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "master/config.h"
#include "master/process.h"
#include "master/service.h"

/* Everything config_read() sets. */
struct config {
	struct settings conf;
	struct main_cf *cf;
	struct master_cf services_cf;
	int main_cf_fd;
};

static struct config
take_config(struct master *m)
{
	struct config config = { m->conf, m->cf, m->services_cf,
		m->main_cf_fd };

	m->cf = NULL;
	m->services_cf = (struct master_cf){ 0 };
	m->main_cf_fd = -1;
	return config;
}

static void
put_config(struct master *m, const struct config *config)
{
	m->conf = config->conf;
	m->cf = config->cf;
	m->services_cf = config->services_cf;
	m->main_cf_fd = config->main_cf_fd;
}

static const struct master_cf_entry *
find_entry(const struct master_cf *cf, const struct master_cf_entry *like)
{
	for (size_t i = 0; i < cf->len; i++) {
		if (cf->list[i].type == like->type &&
		    strcmp(cf->list[i].name, like->name) == 0)
			return &cf->list[i];
	}
	return NULL;
}

static bool
same_options(const struct master_cf_entry *a, const struct master_cf_entry *b)
{
	if (a->options_len != b->options_len || a->maxproc != b->maxproc)
		return false;
	for (size_t i = 0; i < a->options_len; i++) {
		if (strcmp(a->options[i], b->options[i]) != 0)
			return false;
	}
	return true;
}

/* What cannot change while we run: sockets, users, the set of services. */
static void
compare(struct master *m, const struct config *old, struct problems *problems)
{
	if (strcmp(m->conf.inet_interfaces, old->conf.inet_interfaces) != 0 ||
	    m->conf.port_base != old->conf.port_base)
		problem_warn(problems, "etc/main.cf", 0,
		    "inet_interfaces, port_base: take a restart");
	if (strcmp(m->conf.system_users, old->conf.system_users) != 0)
		problem_warn(problems, "etc/main.cf", 0,
		    "system_users: takes a restart");
	if (strcmp(m->conf.ldap_uri, old->conf.ldap_uri) != 0)
		problem_warn(problems, "etc/main.cf", 0,
		    "ldap_uri: takes a restart");
	for (size_t i = 0; i < m->services_cf.len; i++) {
		const struct master_cf_entry *entry = &m->services_cf.list[i];

		if (find_entry(&old->services_cf, entry) == NULL)
			problem_warn(problems, "etc/master.cf", entry->line,
			    "%s: a new service takes a restart", entry->name);
	}
	for (size_t i = 0; i < old->services_cf.len; i++) {
		const struct master_cf_entry *entry = &old->services_cf.list[i];
		const struct master_cf_entry *now =
		    find_entry(&m->services_cf, entry);

		if (now == NULL)
			problem_warn(problems, "etc/master.cf", 0,
			    "%s: taking a service away takes a restart",
			    entry->name);
		else if (strcmp(now->command, entry->command) != 0)
			problem_warn(problems, "etc/master.cf", now->line,
			    "%s: another command takes a restart", now->name);
		else if (!program_find(now->command)->is_session &&
		    !same_options(entry, now))
			problem_warn(problems, "etc/master.cf", now->line,
			    "%s: new options take \"chancery restart %s\"",
			    now->name, now->name);
	}
}

int
reload_compare(struct master *m, struct problems *problems)
{
	struct config old = take_config(m);
	int ret;

	config_read(m, problems);
	ret = problems->errors > 0 ? -1 : 0;
	if (ret == 0)
		compare(m, &old, problems);
	config_clear(m);
	put_config(m, &old);
	return ret;
}

/*
 * The service's line in the new file, if it may be used: its strings then
 * live in the new one. -1: it has none, so that the old must stay.
 */
static int
adopt(struct master *m, struct service *service)
{
	const struct master_cf_entry *now =
	    find_entry(&m->services_cf, service->entry);

	if (now == NULL || strcmp(now->command, service->program->name) != 0)
		return -1;
	service->entry = now;
	return 0;
}

/* Files only front may have: the key leaves it never. */
static void
send_reload(struct master *m, struct service *service)
{
	int fds[3] = { m->main_cf_fd, -1, -1 };
	int count = 1;

	if (service->process == NULL)
		return;
	service->is_pending = true;
	if (service->program->has_listeners) {
		fds[1] = open(m->conf.tls_cert_file, O_RDONLY | O_CLOEXEC);
		fds[2] = open(m->conf.tls_key_file, O_RDONLY | O_CLOEXEC);
		if (fds[1] >= 0 && fds[2] >= 0)
			count = 3;
	}
	process_send_fds(service->process,
	    count == 3 ? "reload main.cf tls_cert_file tls_key_file" :
			 "reload main.cf",
	    fds, count);
	for (int i = 1; i < 3; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
}

/*
 * Names of services and listeners, and lines that went away, are the old
 * file's: it stays until we end, a few KiB each reload.
 */
static void
keep(struct master *m, const struct config *old)
{
	m->old = xreallocarray(m->old, m->old_len + 1, sizeof(*m->old));
	m->old[m->old_len++] = (struct old_config){ old->cf, old->services_cf };
	(void)close(old->main_cf_fd);
}

void
reload_forget(struct master *m)
{
	for (size_t i = 0; i < m->old_len; i++) {
		master_cf_clear(&m->old[i].services_cf);
		main_cf_free(m->old[i].cf);
	}
	free(m->old);
}

int
reload(struct master *m, struct problems *problems)
{
	struct config old = take_config(m);

	config_read(m, problems);
	if (problems->errors > 0) {
		config_clear(m);
		put_config(m, &old);
		return -1;
	}
	compare(m, &old, problems);
	problems_log(problems);
	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		if (service->entry == NULL)
			continue;
		if (adopt(m, service) < 0)
			continue;
		if (service->program->is_session)
			service_replace(m, service);
		else
			send_reload(m, service);
	}
	keep(m, &old);
	log_info("reloaded");
	return 0;
}

void
reload_restart(struct master *m, struct service *service)
{
	if (service->program->is_session) {
		service_replace(m, service);
		return;
	}
	service->is_pending = true;
	service->failures = 0;
	if (service->process == NULL) {
		service_start(m, service);
		return;
	}
	/* An orderly end is followed by a start at once. */
	(void)kill(service->process->pid, SIGTERM);
	service->process->kill_at =
	    time_mono() + (int64_t)m->conf.stop_timeout * TIME_SECOND;
}
