#include "master/program.h"

#include <string.h>

#include "base/attr.h"

/* The directory server is no program of ours: see master/directory.c. */
static const struct program programs[] = {
	/* name, role, folder, stage, session, listeners */
	{ "front", "front", "run/front", 0, false, true },
	{ "smtpd", "smtp", "run/smtpd", 1, true, false },
	{ "imapd", "access", "run/imapd", 1, true, false },
	{ "pop3d", "access", "run/pop3d", 1, true, false },
	{ "echod", "access", "run/echod", 1, true, false },
	/* The queue is its working directory: edges and segments together. */
	{ "qmgr", "queue", "spool", 2, false, false },
	{ "lmtpd", "deliver", "run/lmtpd", 3, true, false },
	{ "smtp", "smtpout", "run/smtp", 3, true, false },
	{ "authd", "auth", "run/authd", 4, false, false },
	{ "rewrite", "rewrite", "run/rewrite", 4, false, false },
	{ "dnsd", "dns", "run/dnsd", 4, false, false },
	{ "stored", "store", "store/default", 4, false, false },
	{ "directory", "dir", "directory", 5, false, false },
	{ "logd", "log", "log", 6, false, false },
};

static const struct edge_rule edges[] = {
	{ "front", "authd" },
	{ "front", "smtpd" },
	{ "front", "imapd" },
	{ "front", "pop3d" },
	{ "front", "stored" },
	{ "smtpd", "qmgr" },
	{ "smtpd", "rewrite" },
	{ "smtpd", "authd" },
	{ "smtpd", "dnsd" },
	{ "qmgr", "lmtpd" },
	{ "qmgr", "smtp" },
	{ "qmgr", "rewrite" },
	{ "qmgr", "stored" },
	{ "lmtpd", "rewrite" },
	{ "lmtpd", "stored" },
	{ "smtp", "dnsd" },
	{ "rewrite", "stored" },
	{ "authd", "stored" },
	{ "imapd", "stored" },
	{ "pop3d", "stored" },
	{ "ctl", "qmgr" },
	{ "ctl", "stored" },
	{ "ctl", "rewrite" },
	{ "ctl", "dnsd" },
	{ "ctl", "authd" },
	{ "ctl", "echod" },
};

static const struct outside_rule outsides[OUTSIDE_MAX] = {
	{ "smtpd", "clamd", "clamav_socket", 3310, 0 },
	{ "smtpd", "spamd", "spamd_socket", 783, 1 },
};

static const char *const ldap_clients[] = { "rewrite", "authd", "ctl", NULL };

const struct program *
program_find(const char *name)
{
	for (size_t i = 0; i < NELEMS(programs); i++) {
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	}
	return NULL;
}

const struct program *
program_at(size_t i)
{
	return i < NELEMS(programs) ? &programs[i] : NULL;
}

const struct edge_rule *
edge_rule_at(size_t i)
{
	return i < NELEMS(edges) ? &edges[i] : NULL;
}

const struct outside_rule *
outside_rule_at(size_t i)
{
	return i < NELEMS(outsides) ? &outsides[i] : NULL;
}

const char *
edge_folder(const char *client)
{
	const struct program *program = program_find(client);

	return program == NULL ? "run/master" : program->folder;
}

const char *const *
program_ldap_clients(void)
{
	return ldap_clients;
}
