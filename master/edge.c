#include "master/edge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "master/config.h"
#include "net/connect.h"
#include "net/listen.h"

/* Who a folder belongs to: role names, "" for root. */
struct owner {
	const char *path, *user, *group;
	mode_t mode;
};

/* In the order in which they are made. run/CLIENT come from the programs. */
static const struct owner owners[] = {
	{ "run", "", "", 0711 },
	{ "run/ctl", "dir", "", 0750 },
	/* Where we connect for ctl: nobody else may put anything here. */
	{ "run/master", "", "", 0700 },
	{ "log", "log", "log", 0750 },
	{ "spool", "queue", "queue", 0700 },
	{ "store", "", "", 0711 },
	/* Sessions read the store: their user is of the access group. */
	{ "store/default", "store", "access", 0750 },
	{ "directory", "dir", "dir", 0700 },
};

static int
give(const struct master *m, const struct owner *owner, struct err *err)
{
	uid_t uid = 0, unused_uid;
	gid_t gid = 0, unused_gid;

	if (fs_mkdir(AT_FDCWD, owner->path, owner->mode, err) < 0)
		return -1;
	if (!m->is_root)
		return 0;
	/* A role that is not listed was reported when the file was read. */
	if (owner->user[0] != '\0')
		(void)config_user(m, owner->user, &uid, &unused_gid);
	if (owner->group[0] != '\0')
		(void)config_user(m, owner->group, &unused_uid, &gid);
	if (chown(owner->path, uid, gid) < 0 ||
	    chmod(owner->path, owner->mode) < 0)
		return err_sys(err, "chown %s", owner->path);
	return 0;
}

static bool
speaks_ldap(const char *name)
{
	const char *const *clients = program_ldap_clients();

	for (; *clients != NULL; clients++) {
		if (strcmp(*clients, name) == 0)
			return true;
	}
	return false;
}

int
edge_make_folders(const struct master *m, struct err *err)
{
	const struct program *program;

	for (size_t i = 0; i < NELEMS(owners); i++) {
		if (give(m, &owners[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; (program = program_at(i)) != NULL; i++) {
		struct owner owner = { program->folder, "", program->role,
			0750 };

		if (strncmp(program->folder, "run/", 4) != 0)
			continue;
		if (speaks_ldap(program->name))
			owner.user = "dir";
		if (give(m, &owner, err) < 0)
			return -1;
	}
	return 0;
}

/* listen_unix() replaces a dead socket of that name. */
static int
bind_in(const char *folder, const char *name, mode_t mode, struct err *err)
{
	int dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	char path[128];

	if (dirfd < 0)
		return err_sys(err, "open %s", folder);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	fd = listen_unix(path, mode, err);
	if (fd < 0)
		err_prefix(err, "%s/%s", folder, name);
	(void)close(dirfd);
	return fd;
}

int
edge_bind(const struct master *m, struct service *service, struct err *err)
{
	const struct edge_rule *rule;

	(void)m;
	for (size_t i = 0; (rule = edge_rule_at(i)) != NULL; i++) {
		struct edge *edge = &service->edges[service->edges_len];

		if (strcmp(rule->server, service->program->name) != 0)
			continue;
		if (service->edges_len == EDGES_MAX)
			return err_set(err, ERR_LIMIT, "%s: too many edges",
			    service->name);
		edge->role = rule->client;
		edge->fd = bind_in(edge_folder(rule->client), service->socket,
		    0666, err);
		if (edge->fd < 0)
			return -1;
		service->edges_len++;
	}
	return 0;
}

int
edge_bind_outside(const char *client, struct err *err)
{
	return bind_in(edge_folder(client), "outside", 0666, err);
}

void
edge_close(struct service *service)
{
	while (service->edges_len > 0)
		(void)close(service->edges[--service->edges_len].fd);
}

int
edge_connect_ctl(const struct service *service, struct err *err)
{
	char path[128];

	/* slapd binds its own socket, and knows us as who may do anything. */
	if (strcmp(service->program->name, "directory") == 0)
		return connect_unix("run/ctl/ldapi", err);
	for (size_t i = 0; i < service->edges_len; i++) {
		if (strcmp(service->edges[i].role, "ctl") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "run/master/%s",
		    service->socket);
		return connect_unix(path, err);
	}
	return err_set(err, ERR_NOENT, "%s does not talk to the operator",
	    service->name);
}

int
edge_bind_control(const struct master *m, struct err *err)
{
	(void)m;
	/* Who may use it is asked of the kernel at each connection. */
	return bind_in("run", "control", 0666, err);
}
