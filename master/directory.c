#include "master/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/landlock.h"
#include "base/log.h"
#include "master/config.h"
#include "net/connect.h"

enum { FILES = 4096 }; /* rewrite, authd and ctl connect to it, few times */

bool
directory_is_wanted(const struct master *m)
{
	return m->conf.ldap_uri[0] == '\0' &&
	    access("directory/slapd.d", F_OK) == 0;
}

bool
directory_is_up(pid_t pid)
{
	struct err err;
	int fd = connect_unix("run/ctl/ldapi", &err);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (fd < 0)
		return false;
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	(void)close(fd);
	return peer.pid == pid;
}

/* Its own files, and of the system what any program needs to run. */
static int
restrict_paths(const char *command, struct err *err)
{
	const struct landlock_path paths[] = {
		{ ".", "rw" },
		{ "../run/rewrite", "rw" },
		{ "../run/authd", "rw" },
		{ "../run/ctl", "rw" },
		{ command, "rx" },
		{ "/usr/lib", "rx" },
		{ "/lib", "rx" },
		{ "/lib64", "rx" },
		{ "/usr/lib64", "rx" },
		{ "/etc/ld.so.cache", "r" },
		{ "/etc/ldap", "r" },
		{ "/etc/localtime", "r" },
		{ "/usr/share/zoneinfo", "r" },
		{ "/etc/passwd", "r" },
		{ "/etc/group", "r" },
		{ "/etc/nsswitch.conf", "r" },
		{ "/etc/hosts", "r" },
		{ "/etc/resolv.conf", "r" },
		{ "/etc/sasl2", "r" },
		{ "/dev/null", "rw" },
		{ "/dev/urandom", "r" },
		{ "/proc", "r" },
	};

	return landlock_paths(paths, NELEMS(paths), err);
}

/*
 * One slapd a directory. That of a master that was killed unlinks its sockets
 * before it ends, whoever has bound them meanwhile: ours waits for it. The lock
 * goes with the program, to its end.
 */
static int
take_lock(struct err *err)
{
	int fd = open("run/directory.lock", O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		return err_sys(err, "open run/directory.lock");
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return err_sys(err, "lock run/directory.lock");
	}
	return 0;
}

static int
become_user(struct master *m, struct err *err)
{
	uid_t uid;
	gid_t gid;

	if (!m->is_root)
		return 0;
	if (config_user(m, "dir", &uid, &gid) < 0)
		return err_set(err, ERR_NOENT, "system_users: no dir");
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return err_sys(err, "become user %u", uid);
	if (setuid(0) == 0)
		return err_set(err, ERR_DENIED, "root came back");
	return 0;
}

/* "ldapi://..%2Frun%2FCLIENT%2Fldapi" for each client. */
static void
add_urls(struct buf *urls)
{
	const char *const *clients = program_ldap_clients();

	for (; *clients != NULL; clients++)
		(void)buf_addf(urls, "%sldapi://..%%2Frun%%2F%s%%2Fldapi",
		    urls->len > 0 ? " " : "", *clients);
}

/* slapd makes tables for all descriptors it may have, 650 bytes for each. */
static int
limit_files(struct err *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(err, "getrlimit");
	if (files.rlim_max > FILES)
		files.rlim_max = FILES;
	if (files.rlim_cur > files.rlim_max)
		files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(err, "setrlimit");
	return 0;
}

static int
prepare(struct master *m, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, (long)SIGTERM) < 0)
		return err_sys(err, "prctl");
	if (take_lock(err) < 0 || limit_files(err) < 0)
		return -1;
	if (chdir("directory") < 0)
		return err_sys(err, "chdir to directory");
	if (become_user(m, err) < 0)
		return -1;
	/* After the change of user, which would forget it. */
	if (prctl(PR_SET_PDEATHSIG, (long)SIGTERM) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(err, "prctl");
	if (restrict_paths(m->conf.directory_command, err) < 0 &&
	    err->kind != ERR_NOENT) /* a kernel without Landlock */
		return -1;
	return 0;
}

void
directory_exec(struct master *m)
{
	const char *argv[] = { m->conf.directory_command, "-d", "0", "-F",
		"slapd.d", "-h", NULL, NULL };
	struct buf urls;
	struct err err;

	if (prepare(m, &err) < 0) {
		log_error("directory: %s", err.text);
		return;
	}
	buf_init(&urls, 0);
	add_urls(&urls);
	argv[6] = buf_cstr(&urls);
	(void)clearenv();
	/* Each thread would keep what its largest argon2 took, for ever. */
	(void)setenv("MALLOC_MMAP_THRESHOLD_", "1048576", 1);
	(void)execv(argv[0], (char **)(uintptr_t)argv);
	log_error("directory: exec %s: %s", argv[0], strerror(errno));
}
