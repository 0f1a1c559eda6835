#include "master/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fsutil.h"
#include "base/hash.h"
#include "base/num.h"
#include "conf/common.h"
#include "conf/conf.h"
#include "master/outside.h"
#include "verb/run.h"

enum { REPORT_MAX = 1 << 20 };

static const struct conf_param params[] = {
	CONF(STR, settings, system_users, "system_users", "", 0, 0),
	CONF(STR, settings, operator_group, "operator_group", "", 0, 0),
	CONF(STR, settings, inet_interfaces, "inet_interfaces", "all", 1, 0),
	CONF(STR, settings, ldap_uri, "ldap_uri", "", 0, 0),
	CONF(STR, settings, directory_command, "directory_command",
	    "/usr/sbin/slapd", 1, 0),
	CONF(STR, settings, tls_cert_file, "tls_cert_file", "tls/cert.pem", 1,
	    0),
	CONF(STR, settings, tls_key_file, "tls_key_file", "tls/key.pem", 1, 0),
	CONF(INT, settings, port_base, "port_base", "0", 0, 64000),
	CONF(TIME, settings, stop_timeout, "service_stop_timeout", "5s", 1,
	    3600),
	CONF(TIME, settings, start_timeout, "service_start_timeout", "30s", 1,
	    3600),
	CONF(TIME, settings, throttle_time, "service_throttle_time", "60s", 1,
	    3600),
	CONF(STR, settings, outside_socket[0], "clamav_socket", "", 0, 200),
	CONF(INT, settings, outside_limit[0], "clamav_concurrency_limit", "10",
	    1, 1000),
	CONF(STR, settings, outside_socket[1], "spamd_socket", "", 0, 200),
	CONF(INT, settings, outside_limit[1], "spamd_concurrency_limit", "5", 1,
	    1000),
	{ 0 },
};

int
config_user(const struct master *m, const char *role, uid_t *uid, gid_t *gid)
{
	struct str rest = str_of(m->conf.system_users), word;
	uint64_t u, g;

	if (!m->is_root) {
		*uid = geteuid();
		*gid = getegid();
		return 0;
	}
	while (str_split(&rest, ' ', &word)) {
		if (!str_take_str(&word, str_of(role)) || !str_take(&word, '='))
			continue;
		if (!num_take(&word, UINT32_MAX - 1, &u) ||
		    !str_take(&word, ':') ||
		    !num_take(&word, UINT32_MAX - 1, &g) || word.len > 0 ||
		    u == 0 || g == 0)
			return -1;
		*uid = (uid_t)u;
		*gid = (gid_t)g;
		return 0;
	}
	return -1;
}

/* Lines "error TAB text" and "warning TAB text" of a daemon's -T. */
static void
take_report(struct str report, struct hash *said, struct hash *known,
    struct problems *problems)
{
	struct str line, level;

	while (str_split(&report, '\n', &line)) {
		if (!str_split(&line, '\t', &level) || line.p == NULL)
			continue;
		if (str_eqz(level, "known")) {
			(void)hash_put(known, line, problems);
			continue;
		}
		/* A line wrong for all is one problem. */
		if (hash_put(said, line, problems) != NULL)
			continue;
		if (str_eqz(level, "error"))
			problem_error(problems, NULL, 0, "%" STR_F,
			    STR_A(line));
		else if (str_eqz(level, "warning"))
			problem_warn(problems, NULL, 0, "%" STR_F, STR_A(line));
	}
}

/* Let the daemon of a line read main.cf with the line's options. */
static void
check_service(const struct master *m, const struct master_cf_entry *entry,
    struct hash *said, struct hash *known, struct problems *problems)
{
	const char *argv[2 * MASTER_CF_OPTIONS_MAX + 8];
	char path[sizeof(m->libexec) + 256];
	struct buf report;
	struct err err;
	size_t argc = 0;
	int status;

	(void)snprintf(path, sizeof(path), "%s/%s", m->libexec, entry->command);
	if (program_find(entry->command) == NULL || access(path, X_OK) < 0) {
		problem_error(problems, "etc/master.cf", entry->line,
		    "there is no program %s", entry->command);
		return;
	}
	argv[argc++] = path;
	argv[argc++] = "-T";
	argv[argc++] = "-C";
	argv[argc++] = "etc/main.cf";
	for (size_t i = 0; i < entry->options_len; i++) {
		argv[argc++] = "-o";
		argv[argc++] = entry->options[i];
	}
	argv[argc] = NULL;
	buf_init(&report, REPORT_MAX);
	status = run_program(argv, &report, &err);
	take_report(buf_str(&report), said, known, problems);
	if (status < 0)
		problem_error(problems, NULL, 0, "%s", err.text);
	else if (status > 1)
		problem_error(problems, "etc/master.cf", entry->line,
		    "%s: the check of its parameters failed", entry->command);
	buf_clear(&report);
}

static void
note_known(const struct conf_param *param, void *arg)
{
	(void)hash_put(arg, str_of(param->name), arg);
}

static void
check_unknown(const struct master *m, struct hash *known,
    struct problems *problems)
{
	conf_each(params, note_known, known);
	for (size_t i = 0; i < conf_common_len(); i++)
		(void)hash_put(known, str_of(conf_common_name(i)), known);
	for (size_t i = 0; i < main_cf_len(m->cf); i++) {
		const struct main_cf_entry *entry = main_cf_at(m->cf, i);

		if (hash_get(known, str_of(entry->name)) == NULL &&
		    !main_cf_is_used(m->cf, entry->name))
			problem_warn(problems, entry->file, entry->line,
			    "%s: no program knows this parameter", entry->name);
	}
}

static void
check_services(struct master *m, struct problems *problems)
{
	struct hash *said = hash_new(), *known = hash_new();

	/* What we found ourselves the daemons will say again. */
	for (size_t i = 0; i < problems->len; i++)
		(void)hash_put(said, str_of(problems->list[i].text), problems);
	for (size_t i = 0; i < m->services_cf.len; i++)
		check_service(m, &m->services_cf.list[i], said, known,
		    problems);
	check_unknown(m, known, problems);
	hash_free(said);
	hash_free(known);
}

static void
check_users(const struct master *m, struct problems *problems)
{
	const struct program *program;
	uid_t uid;
	gid_t gid;

	for (size_t i = 0; (program = program_at(i)) != NULL; i++) {
		if (config_user(m, program->role, &uid, &gid) < 0)
			problem_error(problems, "etc/main.cf", 0,
			    "system_users: no \"%s=UID:GID\", as started by "
			    "root needs",
			    program->role);
	}
}

/*
 * The daemons read what was checked, not what the file has become since: a
 * mistake saved while we run must not stop a service from coming back.
 */
static int
keep_text(struct str text, struct err *err)
{
	int fd = memfd_create("main.cf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_sys(err, "memfd main.cf");
	if (fs_write_all(fd, text.p, text.len, err) < 0 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
		err_sys(err, "memfd main.cf");
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
read_main_cf(struct master *m, struct problems *problems)
{
	struct buf text;
	struct err err;

	m->cf = main_cf_new();
	m->main_cf_fd = -1;
	buf_init(&text, MAIN_CF_MAX);
	if (fs_read_file(AT_FDCWD, "etc/main.cf", &text, &err) < 0 ||
	    (m->main_cf_fd = keep_text(buf_str(&text), &err)) < 0)
		problem_error(problems, NULL, 0, "%s", err.text);
	else
		main_cf_parse(m->cf, "etc/main.cf", buf_str(&text), problems);
	conf_common_defaults(m->cf);
	buf_clear(&text);
}

void
config_read(struct master *m, struct problems *problems)
{
	bool read;

	read_main_cf(m, problems);
	if (m->main_cf_fd < 0)
		return;
	read = problems->errors == 0;
	if (read)
		(void)conf_fill(m->cf, params, &m->conf, problems);
	else
		conf_check(m->cf, params, problems);
	master_cf_read(&m->services_cf, AT_FDCWD, "etc/master.cf", problems);
	if (read) {
		check_users(m, problems);
		outside_check(m, problems);
	}
	check_services(m, problems);
}

void
config_clear(struct master *m)
{
	master_cf_clear(&m->services_cf);
	main_cf_free(m->cf);
	m->cf = NULL;
	if (m->main_cf_fd >= 0)
		(void)close(m->main_cf_fd);
	m->main_cf_fd = -1;
}

static void
print_own(const struct conf_param *param, void *arg)
{
	(void)arg;
	(void)printf("%s\t%s\t%s\n", param->name, conf_kind_name(param->kind),
	    param->value);
}

int
config_print(const struct master *m)
{
	const struct program *program;
	char path[sizeof(m->libexec) + 64];
	struct err err;
	int ret = 0;

	conf_each(params, print_own, NULL);
	for (size_t i = 0; i < conf_common_len(); i++)
		(void)printf("%s\ttext\t%s\n", conf_common_name(i),
		    conf_common_value(i));
	(void)fflush(stdout);
	for (size_t i = 0; (program = program_at(i)) != NULL; i++) {
		const char *argv[] = { path, "-P", NULL };

		(void)snprintf(path, sizeof(path), "%s/%s", m->libexec,
		    program->name);
		if (access(path, X_OK) == 0 &&
		    run_program(argv, NULL, &err) != 0)
			ret = 1;
	}
	return ret;
}
